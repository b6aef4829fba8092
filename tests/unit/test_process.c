// SPDX-License-Identifier: LGPL-2.1-or-later
// The start time of a process, from whatever name it gave itself.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/process.h"

#define TAIL " S 1 1 1 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0 8412 1000 20 18446744073709551615"

TEST(the_start_is_found_behind_any_name)
{
	static const char *const names[] = {"colod", "a b", ") 1 2 3", "((", ""};
	char text[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t start = 0;

		(void)snprintf(text, sizeof(text), "4711 (%s)%s\n", names[i], TAIL);
		assert_int_equal(process_start_parse(text, &start), 0);
		assert_int_equal(start, 8412);
	}
}

TEST(a_text_that_is_cut_or_no_number_is_refused)
{
	static const char *const wrong[] = {
		"",
		"1 (x",
		"1 (x) S 1",
		"1 (x) S 1 1 1 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0",
		"1 (x) S 1 1 1 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0 x",
		"1 (x) S 1 1 1 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0 99999999999999999999 1",
	};
	uint64_t start = 7;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(process_start_parse(wrong[i], &start), -EBADMSG);
	assert_int_equal(start, 7);
}

TEST(this_process_started_before_its_child_and_a_dead_one_has_no_start)
{
	uint64_t mine = 0, its = 0;
	int pipe_fd[2];
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	assert_int_equal(process_start((uint32_t)getpid(), &mine), 0);
	assert_true(mine > 0);
	pid = fork();
	if (pid == 0) {
		char c;

		close(pipe_fd[1]);
		_exit(read(pipe_fd[0], &c, 1) < 0);
	}
	close(pipe_fd[0]);
	assert_int_equal(process_start((uint32_t)pid, &its), 0);
	assert_true(its >= mine);
	close(pipe_fd[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(process_start((uint32_t)pid, &its), -ESRCH);
}

TEST(who_lost_the_capability_may_not_administer)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		/* Only root can drop it; others never had it. */
		(void)prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
		_exit(process_may_administer() ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	if (geteuid() != 0)
		assert_false(process_may_administer());
}

static void put_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

TEST(a_process_is_in_a_cgroup_or_below_it_and_in_no_other_of_a_like_name)
{
	char dir[] = "/tmp/colod-process-XXXXXX", path[64];
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	(void)snprintf(path, sizeof(path), "%s/cgroup", dir);
	put_text(path, "1:name=systemd:/x\n0::/a.slice/b.scope/c\n");
	assert_true(process_is_in(fd, "cgroup", "a.slice/b.scope/c"));
	assert_true(process_is_in(fd, "cgroup", "a.slice"));
	assert_false(process_is_in(fd, "cgroup", "a.slice/b"));
	assert_false(process_is_in(fd, "cgroup", "x"));
	put_text(path, "1:name=systemd:/a.slice\n");
	assert_false(process_is_in(fd, "cgroup", "a.slice"));
	assert_int_equal(unlink(path), 0);
	assert_false(process_is_in(fd, "cgroup", "a.slice"));
	(void)close(fd);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_start_is_found_behind_any_name),
		cmocka_unit_test(a_text_that_is_cut_or_no_number_is_refused),
		cmocka_unit_test(this_process_started_before_its_child_and_a_dead_one_has_no_start),
		cmocka_unit_test(
			a_process_is_in_a_cgroup_or_below_it_and_in_no_other_of_a_like_name),
		cmocka_unit_test(who_lost_the_capability_may_not_administer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
