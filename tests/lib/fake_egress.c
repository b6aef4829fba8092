// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_egress.h.
#include "tests/lib/fake_egress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/egress_link.h"
#include "tests/lib/test.h"

struct fake_egress fake_egress;

void fake_egress_reset(void)
{
	fake_egress = (struct fake_egress){0};
	for (int i = 0; i < FAKE_EGRESS_LINKS; i++)
		fake_egress.links[i].fd = -EBADF;
}

/* The agent closes a link by its descriptor alone. */
static bool is_open(const struct fake_link *link)
{
	return link->fd >= 0 && fcntl(link->fd, F_GETFD) >= 0;
}

unsigned fake_egress_links(void)
{
	unsigned n = 0;

	for (int i = 0; i < FAKE_EGRESS_LINKS; i++)
		n += is_open(&fake_egress.links[i]);
	return n;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

uint64_t fake_egress_inode(int dir_fd, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(dir_fd, path, &st, 0), 0);
	return st.st_ino;
}

uint32_t fake_egress_mark(int dir_fd, const char *path)
{
	uint64_t inode = fake_egress_inode(dir_fd, path);
	const struct fake_link *found = NULL;

	for (int i = 0; i < FAKE_EGRESS_LINKS; i++) {
		const struct fake_link *link = &fake_egress.links[i];

		if (!is_open(link) || link->inode != inode)
			continue;
		assert_null(found);
		found = link;
	}
	assert_non_null(found);
	return (uint32_t)found->code[2].imm;
}

static int new_fd(void)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

int egress_link_load(const struct bpf_insn *code, size_t n, const char *name)
{
	if (fake_egress.load_error < 0)
		return fake_egress.load_error;
	assert_int_equal(n, NET_HOST_CODE);
	memcpy(fake_egress.loaded, code, sizeof(fake_egress.loaded));
	(void)snprintf(fake_egress.name, sizeof(fake_egress.name), "%s", name);
	fake_egress.n_loaded++;
	return new_fd();
}

int egress_link_new(int cgroup_fd, int program_fd)
{
	if (fake_egress.new_error < 0)
		return fake_egress.new_error;
	assert_true(fcntl(program_fd, F_GETFD) >= 0);
	for (int i = 0; i < FAKE_EGRESS_LINKS; i++) {
		struct fake_link *link = &fake_egress.links[i];

		if (is_open(link))
			continue;
		*link = (struct fake_link){.fd = new_fd(), .inode = inode_of(cgroup_fd)};
		memcpy(link->code, fake_egress.loaded, sizeof(link->code));
		fake_egress.n_made++;
		return link->fd;
	}
	return -E2BIG;
}

static struct fake_link *link_of(int fd)
{
	for (int i = 0; i < FAKE_EGRESS_LINKS; i++)
		if (fake_egress.links[i].fd == fd && is_open(&fake_egress.links[i]))
			return &fake_egress.links[i];
	fail_msg("no link has descriptor %d", fd);
	return NULL;
}

int egress_link_change(int link_fd, int program_fd)
{
	struct fake_link *link = link_of(link_fd);

	if (fake_egress.change_error < 0)
		return fake_egress.change_error;
	if (link->cut)
		return -ENOLINK;
	assert_true(fcntl(program_fd, F_GETFD) >= 0);
	memcpy(link->code, fake_egress.loaded, sizeof(link->code));
	fake_egress.n_changed++;
	return 0;
}

int egress_link_stands(int link_fd)
{
	const struct fake_link *link = link_of(link_fd);

	return fake_egress.look_error < 0 ? fake_egress.look_error : !link->cut;
}

int egress_link_is_alone(int cgroup_fd)
{
	if (fake_egress.query_error < 0)
		return fake_egress.query_error;
	return fake_egress.alone != 0 && inode_of(cgroup_fd) == fake_egress.alone;
}
