// SPDX-License-Identifier: LGPL-2.1-or-later
// See thread_case.h.
#include "tests/lib/thread_case.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define LIST_SIZE 4096

static void put(const struct thread_case *c, pid_t pid, const char *file, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%d/%s", (int)pid, file);
	assert_int_equal(tree_write(c->dir, path, text), 0);
}

void thread_case_move(const struct thread_case *c, pid_t pid, const char *path)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "0::/%s\n", path);
	put(c, pid, "cgroup", text);
}

static void list(const struct thread_case *c, const char *path, pid_t pid)
{
	char threads[LIST_SIZE], file[512];
	size_t len;

	if (tree_knob_read(c->dir, path, "cgroup.threads", threads, sizeof(threads)) < 0)
		threads[0] = '\0';
	len = strlen(threads);
	(void)snprintf(threads + len, sizeof(threads) - len, "%s%d\n",
		       len > 0 && threads[len - 1] != '\n' ? "\n" : "", (int)pid);
	(void)snprintf(file, sizeof(file), "sys/fs/cgroup/%s/cgroup.threads", path);
	assert_int_equal(tree_write(c->dir, file, threads), 0);
}

static void set(int policy, int nice)
{
	const struct sched_param none = {0};

	if (setpriority(PRIO_PROCESS, 0, nice) < 0 || sched_setscheduler(0, policy, &none) < 0)
		_exit(1);
}

/* Else it would keep the agent's lock. */
static void keep_only(int fd)
{
	if (dup2(fd, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0u, 0) < 0)
		_exit(1);
}

/* It is what it shall be before anybody looks. */
static pid_t sleeper(int policy, int nice)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		set(policy, nice);
		keep_only(ready[1]);
		if (write(STDIN_FILENO, "r", 1) == 1)
			for (;;)
				(void)pause();
		_exit(1);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return pid;
}

pid_t thread_case_start(struct thread_case *c, const char *path, int start, int policy, int nice)
{
	char stat[128];
	pid_t pid;

	assert_true(c->n < THREAD_CASE_MAX);
	pid = sleeper(policy, nice);
	c->list[c->n++] = pid;
	list(c, path, pid);
	(void)snprintf(stat, sizeof(stat),
		       "%d (a b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0\n", (int)pid, start);
	put(c, pid, "stat", stat);
	thread_case_move(c, pid, path);
	return pid;
}

void thread_case_is(pid_t pid, int policy, int nice)
{
	assert_int_equal(sched_getscheduler(pid), policy);
	errno = 0;
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pid), nice);
}

void thread_case_end(struct thread_case *c)
{
	for (int i = 0; i < c->n; i++) {
		(void)kill(c->list[i], SIGKILL);
		(void)waitpid(c->list[i], NULL, 0);
	}
	c->n = 0;
}

bool thread_case_may_give_back(void)
{
	const struct sched_param none = {0};
	pid_t pid = sleeper(SCHED_IDLE, 0);
	bool may = sched_setscheduler(pid, SCHED_OTHER, &none) == 0;

	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return may;
}
