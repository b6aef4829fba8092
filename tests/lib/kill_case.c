// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_case.h.
#include "tests/lib/kill_case.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/apply/lift_record.h"
#include "agent/base/fs.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

/* The cgroups that are there from the start. */
#define KILL_CASE_PATHS                                                                            \
	"system.slice/colod.service", "kubepods.slice", KILL_CLASS,                                \
		KILL_CLASS "/kubepods-besteffort-pod9.slice", KILL_POD, KILL_A, KILL_B

void kill_case_cgroup(struct kill_case *c, const char *path)
{
	assert_int_equal(tree_cgroup(c->dir, path), 0);
	kill_case_set(c, path, "cgroup.kill", "");
}

void kill_case_set(struct kill_case *c, const char *path, const char *file, const char *text)
{
	assert_int_equal(tree_knob(c->dir, path, file, text), 0);
}

void kill_case_is(struct kill_case *c, const char *path, const char *file, const char *text)
{
	char now[256];

	assert_int_equal(tree_knob_read(c->dir, path, file, now, sizeof(now)), 0);
	assert_string_equal(now, text);
}

void kill_case_file(struct kill_case *c, const char *path, const char *text)
{
	assert_int_equal(tree_write(c->dir, path, text), 0);
}

int kill_case_setup(void **state)
{
	static const char *const paths[] = {KILL_CASE_PATHS};
	struct kill_case *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	assert_int_equal(tree_make("@host 4\n", &c->dir), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		kill_case_cgroup(c, paths[i]);
	kill_case_file(c, "proc/self/cgroup", "0::/system.slice/colod.service\n");
	kill_case_set(c, KILL_POD, "cgroup.events", "populated 0\nfrozen 0");
	kill_case_set(c, KILL_POD, "memory.current", "4096");
	c->place.root_fd = tree_open(c->dir);
	assert_true(c->place.root_fd >= 0);
	assert_int_equal(fs_open_dir(c->place.root_fd, "sys/fs/cgroup", &c->place.cgroup_fd), 0);
	assert_int_equal(lift_record_new(c->place.root_fd, &c->place.lifted), 0);
	*state = c;
	return 0;
}

int kill_case_teardown(void **state)
{
	struct kill_case *c = *state;

	lift_record_free(c->place.lifted);
	(void)close(c->place.root_fd);
	(void)close(c->place.cgroup_fd);
	tree_remove(c->dir);
	free(c);
	return 0;
}

struct kill_job kill_case_job(struct kill_case *c, const char *path)
{
	struct kill_job job = {.token = 7, .kind = CGROUP_POD, .wait_us = 30000};

	assert_int_equal(fs_open_dir(c->place.cgroup_fd, path, &job.dir_fd), 0);
	assert_int_equal(fs_inode(c->place.cgroup_fd, path, &job.inode), 0);
	(void)snprintf(job.path, sizeof(job.path), "%s", path);
	return job;
}

void kill_case_unhurt(struct kill_case *c)
{
	static const char *const paths[] = {KILL_CASE_PATHS};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		kill_case_is(c, paths[i], "cgroup.kill", "");
}
