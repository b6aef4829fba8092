// SPDX-License-Identifier: LGPL-2.1-or-later
// Every cgroup of a pod, parents first, and every process once, however long the list is.
#include "agent/apply/kill_walk.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct seen {
	char names[512];
	uint64_t sum;
	uint32_t n;
	int stop_at;
};

static int see_cgroup(void *context, int dir_fd, const char *name)
{
	struct seen *s = context;

	(void)dir_fd;
	(void)snprintf(s->names + strlen(s->names), sizeof(s->names) - strlen(s->names), "[%s]",
		       name);
	return 0;
}

static int see_process(void *context, pid_t pid)
{
	struct seen *s = context;

	s->sum += (uint64_t)pid;
	s->n++;
	return pid == s->stop_at ? -ECANCELED : 0;
}

TEST(parents_come_first_and_all_are_counted)
{
	struct kill_case *c = *state;
	struct kill_job job;
	struct seen s = {0};
	uint32_t n = 0;

	kill_case_cgroup(c, KILL_A "/x/y");
	job = kill_case_job(c, KILL_POD);
	assert_int_equal(kill_walk(job.dir_fd, see_cgroup, &s, &n), 0);
	assert_int_equal(n, 5);
	assert_true(strncmp(s.names, "[]", 2) == 0);
	assert_non_null(strstr(s.names, "[cri-containerd-aa.scope][x][y]"));
	assert_non_null(strstr(s.names, "[cri-containerd-bb.scope]"));
	/* Again from the same descriptor. */
	s.names[0] = '\0';
	assert_int_equal(kill_walk(job.dir_fd, see_cgroup, &s, &n), 0);
	assert_int_equal(n, 5);
	(void)close(job.dir_fd);
}

static int list_processes(void *context, int dir_fd, const char *name)
{
	(void)name;
	return kill_walk_pids(dir_fd, see_process, context);
}

TEST(a_long_list_of_processes_is_read_whole_without_an_allocation)
{
	struct kill_case *c = *state;
	struct kill_job job;
	struct seen s = {.stop_at = -1};
	char *text = malloc(16 * 5000);
	unsigned long before;
	size_t len = 0;

	assert_non_null(text);
	for (int i = 1; i <= 5000; i++)
		len += (size_t)sprintf(text + len, "%d\n", 1000 + i);
	kill_case_file(c, "sys/fs/cgroup/" KILL_A "/cgroup.procs", text);
	free(text);
	job = kill_case_job(c, KILL_POD);
	before = alloc_count();
	assert_int_equal(kill_walk(job.dir_fd, list_processes, &s, NULL), 0);
	assert_int_equal(alloc_count(), before);
	assert_int_equal(s.n, 5000);
	assert_int_equal(s.sum, 5000ull * 1000 + 5000ull * 5001 / 2);
	/* The callback's word ends both. */
	s = (struct seen){.stop_at = 1003};
	assert_int_equal(kill_walk(job.dir_fd, list_processes, &s, NULL), -ECANCELED);
	assert_int_equal(s.n, 3);
	(void)close(job.dir_fd);
}

/* Reads of any length give the same numbers. */
TEST(a_number_may_be_cut_by_the_end_of_a_read)
{
	struct kill_case *c = *state;
	struct kill_job job;

	kill_case_set(c, KILL_POD, "cgroup.procs", "123\n456\n0\n789");
	job = kill_case_job(c, KILL_POD);
	for (int cut = 1; cut < 12; cut++) {
		struct seen s = {.stop_at = -1};

		fault_begin();
		fault_set(SYS_READ, 1, cut);
		assert_int_equal(kill_walk_pids(job.dir_fd, see_process, &s), 0);
		fault_end();
		assert_int_equal(s.n, 4);
		assert_int_equal(s.sum, 123 + 456 + 789);
	}
	(void)close(job.dir_fd);
}

TEST(a_threaded_or_vanished_cgroup_shows_no_process_and_another_failure_is_one)
{
	static const struct {
		int error, wanted;
	} rows[] = {{-EOPNOTSUPP, 0}, {-ENODEV, 0}, {-EINTR, 0}, {-EIO, -EIO}, {-ENOMEM, -ENOMEM}};
	struct kill_case *c = *state;
	struct kill_job job = kill_case_job(c, KILL_POD);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = {0};

		fault_begin();
		fault_set(SYS_READ, 1, rows[i].error);
		assert_int_equal(kill_walk_pids(job.dir_fd, see_process, &s), rows[i].wanted);
		fault_end();
	}
	kill_case_set(c, KILL_POD, "cgroup.procs", "4294967297");
	assert_int_equal(kill_walk_pids(job.dir_fd, see_process, &(struct seen){0}), -EBADMSG);
	assert_int_equal(tree_delete(c->dir, "sys/fs/cgroup/" KILL_POD), 0);
	assert_int_equal(kill_walk_pids(job.dir_fd, see_process, &(struct seen){0}), 0);
	assert_int_equal(kill_walk(job.dir_fd, list_processes, &(struct seen){0}, NULL), 0);
	(void)close(job.dir_fd);
}

TEST(too_deep_is_an_error_of_its_own)
{
	struct kill_case *c = *state;
	char path[1024] = KILL_POD;
	struct kill_job job;

	for (int i = 0; i < KILL_WALK_DEPTH; i++) {
		(void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "/d");
		kill_case_cgroup(c, path);
	}
	job = kill_case_job(c, KILL_POD);
	assert_int_equal(kill_walk(job.dir_fd, list_processes, &(struct seen){0}, NULL), -ELOOP);
	(void)close(job.dir_fd);
}

#define WALK_TEST(name) cmocka_unit_test_setup_teardown(name, kill_case_setup, kill_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALK_TEST(parents_come_first_and_all_are_counted),
		WALK_TEST(a_long_list_of_processes_is_read_whole_without_an_allocation),
		WALK_TEST(a_number_may_be_cut_by_the_end_of_a_read),
		WALK_TEST(
			a_threaded_or_vanished_cgroup_shows_no_process_and_another_failure_is_one),
		WALK_TEST(too_deep_is_an_error_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
