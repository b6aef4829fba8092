// SPDX-License-Identifier: LGPL-2.1-or-later
// See reclaim_case.h.
#include "tests/lib/reclaim_case.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define HOUR_US (3600u * (uint64_t)S_US)

struct reclaim_case reclaim_case;
#define s reclaim_case

uint64_t reclaim_case_number(const char *cgroup, const char *file)
{
	char text[32];

	assert_int_equal(tree_knob_read(s.dir, cgroup, file, text, sizeof(text)), 0);
	return strtoull(text, NULL, 10);
}

static void set(const char *cgroup, const char *file, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	assert_int_equal(tree_knob(s.dir, cgroup, file, text), 0);
}

/* Stands for the kernel, in the lane's thread. */
static int kernel(void *context, const struct sys_point *point)
{
	static const char file[] = "/memory.reclaim";
	char link[64], path[512];
	ssize_t n;

	(void)context;
	s.n_looks += point->call == SYS_OPEN && point->path &&
		     strcmp(point->path, "memory.stat") == 0;
	if (point->call != SYS_WRITE)
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", point->fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	if (n < (ssize_t)sizeof(file) || strcmp(path + n - sizeof(file) + 1, file) != 0)
		return 0;
	s.n_writes++;
	if (s.takes > 0 && strstr(path, HOG))
		set(HOG, "memory.current", reclaim_case_number(HOG, "memory.current") - s.takes);
	return s.answer;
}

struct cgroup *reclaim_case_add(const char *path, uint64_t file_mib)
{
	struct cgroup *cg = fake_cgroup(&s.f, path);
	char text[512];

	assert_int_equal(tree_cgroup(s.dir, path), 0);
	assert_int_equal(tree_knob(s.dir, path, "memory.reclaim", ""), 0);
	(void)snprintf(text, sizeof(text),
		       "anon 524288000\nfile_dirty 0\nfile_writeback 0\ninactive_anon 419430400\n"
		       "inactive_file %" PRIu64 "\nactive_file 0",
		       file_mib * MIB);
	assert_int_equal(tree_knob(s.dir, path, "memory.stat", text), 0);
	set(path, "memory.current", (500 + file_mib) * MIB);
	assert_int_equal(fs_inode(s.cgroup_fd, path, &cg->inode), 0);
	return cg;
}

static void start(uint64_t patience_us)
{
	assert_int_equal(lane_new("reclaim", s.lanes.event_fd, patience_us, &s.lanes.reclaim), 0);
	assert_int_equal(reclaim_new(&s.lanes, s.root_fd, s.cgroup_fd, 4096, &s.r), 0);
}

void reclaim_case_restart(uint64_t patience_us)
{
	reclaim_free(s.r);
	lane_free(s.lanes.reclaim, false);
	start(patience_us);
}

int reclaim_case_setup(void **state)
{
	(void)state;
	log_open(LOG_EMERG);
	memset(&s, 0, sizeof(s));
	assert_int_equal(tree_make("@host 2\n", &s.dir), 0);
	s.root_fd = tree_open(s.dir);
	assert_int_equal(fs_open_dir(s.root_fd, "sys/fs/cgroup", &s.cgroup_fd), 0);
	fake_init(&s.f);
	(void)reclaim_case_add(HOG, 1000);
	(void)reclaim_case_add(INNOCENT, 1000);
	s.now_us = 100 * S_US;
	s.pipe = -EBADF;
	s.lanes.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(s.lanes.event_fd >= 0);
	start(HOUR_US);
	sys_set_hook(kernel, NULL);
	return 0;
}

int reclaim_case_teardown(void **state)
{
	(void)state;
	reclaim_free(s.r);
	lane_free(s.lanes.reclaim, false);
	sys_set_hook(NULL, NULL);
	(void)close(s.lanes.event_fd);
	cleanup_close_fd(s.pipe);
	fake_free(&s.f);
	(void)close(s.cgroup_fd);
	(void)close(s.root_fd);
	tree_remove(s.dir);
	return 0;
}

struct cgroup *reclaim_case_cgroup(const char *path)
{
	return fake_cgroup(&s.f, path);
}

static void on_result(void *context, const struct reclaim_result *result)
{
	assert_ptr_equal(context, &s);
	s.last = *result;
	s.n_results++;
	s.asked_bytes += result->asked_bytes;
}

void reclaim_case_collect(void)
{
	reclaim_collect(s.r, &s.f.model, s.now_us, on_result, &s);
}

/* Waits until no slice is under way, and takes up what came of them. */
void reclaim_case_settle(void)
{
	/* A slice that should have been stopped and was not would last for ever. */
	for (unsigned tries = 0; lane_counts(s.lanes.reclaim).waiting > 0; tries++) {
		assert_true(tries < 20000);
		(void)usleep(1000);
	}
	reclaim_case_collect();
}

/* A pass that wants so much of one pod, a second after the last. */
struct reclaim_said reclaim_case_want(const char *path, uint64_t mib)
{
	struct reclaim_said said;

	s.now_us += S_US;
	reclaim_case_collect();
	reclaim_pass_begin(s.r, s.now_us);
	said = reclaim_want(s.r, reclaim_case_cgroup(path), mib * MIB, 0);
	reclaim_pass_end(s.r);
	return said;
}

void reclaim_case_want_nothing(void)
{
	s.now_us += S_US;
	reclaim_case_collect();
	reclaim_pass_begin(s.r, s.now_us);
	reclaim_pass_end(s.r);
}

/* Writes of this cgroup's memory.reclaim last until they are cut short. */
void reclaim_case_block(const char *path)
{
	static const char page[4096];
	char full[TREE_PATH_SIZE * 2];

	(void)snprintf(full, sizeof(full), "%s/sys/fs/cgroup/%s/memory.reclaim", s.dir, path);
	assert_int_equal(unlink(full), 0);
	assert_int_equal(mkfifo(full, 0600), 0);
	s.pipe = open(full, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(s.pipe >= 0);
	while (write(s.pipe, page, sizeof(page)) > 0)
		continue;
}

void reclaim_case_wait_begun(void)
{
	while (!lane_counts(s.lanes.reclaim).running)
		(void)sched_yield();
}
