// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_host.h.
#include "agent/apply/net_host.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/egress_link.h"
#include "agent/base/fs.h"

#define PATH_SIZE 1024

void net_host_code(uint32_t mark, uint32_t mask, struct bpf_insn ret[NET_HOST_CODE])
{
	const int16_t at = offsetof(struct __sk_buff, mark);
	const struct bpf_insn code[NET_HOST_CODE] = {
		{.code = BPF_LDX | BPF_MEM | BPF_W,
		 .dst_reg = BPF_REG_2,
		 .src_reg = BPF_REG_1,
		 .off = at},
		{.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = BPF_REG_2, .imm = (int32_t)~mask},
		{.code = BPF_ALU | BPF_OR | BPF_K,
		 .dst_reg = BPF_REG_2,
		 .imm = (int32_t)(mark & mask)},
		{.code = BPF_STX | BPF_MEM | BPF_W,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_REG_2,
		 .off = at},
		/* 1: it may pass. */
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	memcpy(ret, code, sizeof(code));
}

enum net_host_do net_host_plan(const struct net_host *found, bool wanted, uint32_t mark,
			       uint32_t mask)
{
	bool there = found->link_fd >= 0;

	if (!wanted || mask == 0)
		return there ? NET_HOST_REMOVE : NET_HOST_KEEP;
	if (!there)
		return NET_HOST_ADD;
	return found->mark == mark && found->mask == mask ? NET_HOST_KEEP : NET_HOST_CHANGE;
}

enum net_refusal net_host_refusal(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return NET_HOST_DENIED;
	case -EBUSY:
		return NET_FOREIGN_PROGRAM;
	/* The cgroup is none: of another mount, or of a kernel that has no programs there. */
	case -EBADF:
	case -EINVAL:
	case -ENOSYS:
	case -EOPNOTSUPP:
		return NET_HOST_NETWORK;
	default:
		return NET_FINE;
	}
}

bool net_host_look(struct net_host *at)
{
	int r = at->link_fd >= 0 ? egress_link_stands(at->link_fd) : 0;

	if (r == 0)
		cleanup_close(&at->link_fd);
	return r > 0;
}

int net_host_is_taken(int cgroup_fd, const char *path)
{
	char above[PATH_SIZE];
	size_t len = strlen(path);
	int r = egress_link_is_alone(cgroup_fd);

	if (len >= sizeof(above))
		return -ENAMETOOLONG;
	/* From the top: "a", "a/b", "a/b/c". */
	for (size_t i = 1; r == 0 && i <= len; i++) {
		_cleanup_close_ int fd = -EBADF;

		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(above, path, i);
		above[i] = '\0';
		r = fs_open_dir(cgroup_fd, above, &fd);
		if (r == 0)
			r = egress_link_is_alone(fd);
	}
	return r;
}

static int add(struct net_host *at, int cgroup_fd, const char *path, int program_fd)
{
	_cleanup_close_ int fd = -EBADF;
	int r = fs_open_dir(cgroup_fd, path, &fd);

	if (r < 0)
		return r;
	r = egress_link_new(fd, program_fd);
	/* Programs may be asked for, and this one was taken: somebody's was put there since that allows no other. */
	if (r < 0)
		return r == -EPERM ? -EBUSY : r;
	at->link_fd = r;
	return 0;
}

int net_host_run(struct net_host *at, enum net_host_do what, int cgroup_fd, const char *path,
		 uint32_t mark, uint32_t mask)
{
	struct bpf_insn code[NET_HOST_CODE];
	_cleanup_close_ int program_fd = -EBADF;
	int r;

	if (what == NET_HOST_REMOVE)
		cleanup_close(&at->link_fd);
	if (what == NET_HOST_REMOVE || what == NET_HOST_KEEP)
		return 0;
	net_host_code(mark, mask, code);
	program_fd = egress_link_load(code, NET_HOST_CODE, NET_HOST_NAME);
	if (program_fd < 0)
		return program_fd;
	r = what == NET_HOST_ADD ? add(at, cgroup_fd, path, program_fd)
				 : egress_link_change(at->link_fd, program_fd);
	if (r < 0)
		return r;
	at->mark = mark;
	at->mask = mask;
	return 0;
}
