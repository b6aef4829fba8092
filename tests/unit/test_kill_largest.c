// SPDX-License-Identifier: LGPL-2.1-or-later
// The largest processes of a pod: which they are (a fake /proc), and, with children of this test, that only
// one that dies gives anything back.
#include "agent/apply/kill_act.h"
#include "agent/apply/kill_largest.h"
#include "agent/base/fs.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LATER INT64_MAX / 2
#define CHILD_BYTES (32u << 20)

static void process(struct kill_case *c, int pid, const char *statm)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%d/statm", pid);
	kill_case_file(c, path, statm);
}

TEST(the_sixteen_with_most_memory_of_their_own_are_kept_in_order)
{
	struct kill_case *c = *state;
	struct kill_largest l;
	char text[64];

	kill_largest_begin(&l, LATER);
	for (int i = 0; i < 40; i++) {
		/* The most resident one shares all of it. */
		(void)snprintf(text, sizeof(text), "9999 %d %d 1 0 5 0\n", 1000 + i * 17 % 40,
			       i == 7 ? 1119 : 0);
		process(c, 2000000 + i, text);
		kill_largest_add(&l, c->place.root_fd, 2000000 + i);
	}
	assert_int_equal(l.n, KILL_LARGEST);
	assert_int_equal(l.n_looked, 40);
	for (uint32_t i = 0; i < l.n; i++) {
		assert_true(i == 0 || l.list[i - 1].pages > l.list[i].pages);
		assert_int_not_equal(l.list[i].pid, 2000007);
	}
	assert_int_equal(l.list[0].pages, 1038);
	kill_largest_end(&l);
}

TEST(what_cannot_be_looked_at_or_has_nothing_is_passed_over)
{
	struct kill_case *c = *state;
	struct kill_largest l;

	kill_largest_begin(&l, LATER);
	process(c, 2000001, "10 0 0\n");
	process(c, 2000002, "nonsense");
	process(c, 2000003, "10 3 5\n");
	for (int pid = 2000000; pid < 2000004; pid++)
		kill_largest_add(&l, c->place.root_fd, pid);
	kill_largest_add(&l, c->place.root_fd, 0);
	assert_int_equal(l.n, 0);
	assert_int_equal(l.n_looked, 4);
}

TEST(neither_many_nor_slow_ones_delay_the_kill)
{
	struct kill_case *c = *state;
	struct kill_largest l;

	process(c, 2000001, "10 5 0\n");
	kill_largest_begin(&l, LATER);
	for (int i = 0; i < KILL_LARGEST_LOOKS + 10; i++)
		kill_largest_add(&l, c->place.root_fd, 2000001);
	assert_int_equal(l.n_looked, KILL_LARGEST_LOOKS);
	/* Begun long ago. */
	kill_largest_begin(&l, -KILL_LARGEST_US);
	kill_largest_add(&l, c->place.root_fd, 2000001);
	assert_int_equal(l.n_looked, 0);
}

/* --- with real processes ---------------------------------------------------------------------- */

static pid_t child(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char *p = mmap(NULL, CHILD_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset(p, 1, CHILD_BYTES);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return pid;
}

/* Where this test runs, without the leading slash. */
static const char *own_path(void)
{
	static char path[KILL_PATH_SIZE];
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[KILL_PATH_SIZE + 8];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "0::/%1023[^\n]", path) == 1)
			break;
	(void)fclose(f);
	return path;
}

struct children {
	int root_fd;
	pid_t pid[2];
	struct kill_largest l;
	struct kill_done done;
};

static int with_children(void **state)
{
	struct children *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kill_largest_begin(&c->l, LATER);
	for (int i = 0; i < 2; i++) {
		c->pid[i] = child();
		kill_largest_add(&c->l, c->root_fd, c->pid[i]);
	}
	assert_int_equal(c->l.n, 2);
	*state = c;
	return 0;
}

static int without_children(void **state)
{
	struct children *c = *state;

	kill_largest_end(&c->l);
	for (int i = 0; i < 2; i++) {
		(void)kill(c->pid[i], SIGKILL);
		(void)waitpid(c->pid[i], NULL, 0);
	}
	(void)close(c->root_fd);
	free(c);
	return 0;
}

/* A machine whose /proc names no cgroup2 path for this test can only show that nobody is held. */
static bool hold(struct children *c)
{
	const char *path = own_path();

	kill_largest_hold(&c->l, c->root_fd, path);
	if (!path[0])
		assert_int_equal(c->l.n, 0);
	return path[0] != '\0';
}

TEST(only_processes_below_the_path_are_held)
{
	struct children *c = *state;

	kill_largest_hold(&c->l, c->root_fd, "not/that/one");
	assert_int_equal(c->l.n, 0);
}

TEST(a_number_that_is_free_or_of_a_zombie_is_not_held)
{
	struct children *c = *state;

	(void)kill(c->pid[0], SIGKILL);
	(void)waitpid(c->pid[0], NULL, 0);
	(void)kill(c->pid[1], SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)c->pid[1], &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	(void)hold(c);
	assert_int_equal(c->l.n, 0);
}

TEST(what_does_not_die_keeps_its_memory)
{
	struct children *c = *state;

	/* As if it had been held, wherever this test runs. */
	for (uint32_t i = 0; i < c->l.n; i++)
		c->l.list[i].fd = sys_pidfd_open(c->l.list[i].pid, 0);
	assert_int_equal(kill_largest_release(&c->l, &c->done), 0);
	assert_int_equal(c->done.n_large, 2);
	assert_int_equal(c->done.n_released, 0);
	assert_int_equal(c->done.n_exited, 0);
	assert_int_equal(waitpid(c->pid[0], NULL, WNOHANG), 0);
}

TEST(what_dies_has_given_it_back_one_way_or_the_other)
{
	struct children *c = *state;

	for (uint32_t i = 0; i < c->l.n; i++) {
		c->l.list[i].fd = sys_pidfd_open(c->l.list[i].pid, 0);
		(void)kill(c->l.list[i].pid, SIGKILL);
	}
	assert_int_equal(kill_largest_release(&c->l, &c->done), 0);
	assert_int_equal(c->done.n_large, 2);
	assert_int_equal(c->done.n_released + c->done.n_exited, 2);
}

TEST(one_that_is_busy_is_tried_again_and_a_kernel_or_filter_without_it_ends_it)
{
	static const struct {
		int error, wanted;
		uint32_t n_large;
	} rows[] = {{-ENOSYS, -ENOSYS, 1}, {-EPERM, -EPERM, 1}, {-EINVAL, 0, 2}, {-ESRCH, 0, 2}};
	struct children *c = *state;

	for (uint32_t i = 0; i < c->l.n; i++)
		c->l.list[i].fd = sys_pidfd_open(c->l.list[i].pid, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c->done = (struct kill_done){0};
		fault_begin();
		fault_set(SYS_POLL, 1, rows[i].error);
		assert_int_equal(kill_largest_release(&c->l, &c->done), rows[i].wanted);
		fault_end();
		assert_int_equal(c->done.n_large, rows[i].n_large);
		assert_int_equal(c->done.n_exited, rows[i].error == -ESRCH);
	}
	fault_begin();
	fault_set_from(SYS_POLL, 1, -EAGAIN);
	assert_int_equal(kill_largest_release(&c->l, &c->done), 0);
	assert_int_equal(fault_count(SYS_POLL), 10);
	fault_end();
}

#define FAKE_TEST(name) cmocka_unit_test_setup_teardown(name, kill_case_setup, kill_case_teardown)
#define REAL_TEST(name) cmocka_unit_test_setup_teardown(name, with_children, without_children)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE_TEST(the_sixteen_with_most_memory_of_their_own_are_kept_in_order),
		FAKE_TEST(what_cannot_be_looked_at_or_has_nothing_is_passed_over),
		FAKE_TEST(neither_many_nor_slow_ones_delay_the_kill),
		REAL_TEST(only_processes_below_the_path_are_held),
		REAL_TEST(a_number_that_is_free_or_of_a_zombie_is_not_held),
		REAL_TEST(what_does_not_die_keeps_its_memory),
		REAL_TEST(what_dies_has_given_it_back_one_way_or_the_other),
		REAL_TEST(
			one_that_is_busy_is_tried_again_and_a_kernel_or_filter_without_it_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
