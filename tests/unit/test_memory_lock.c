// SPDX-License-Identifier: LGPL-2.1-or-later
// In children: a lock stays for the life of a process.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/memory_lock.h"
#include "tests/lib/fault.h"

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			(void)fprintf(stderr, "line %d: %s\n", __LINE__, #what);                   \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* kB of a line of /proc/self/status. */
static unsigned long status_kb(const char *name)
{
	char line[256];
	unsigned long kb = 0;
	FILE *f = fopen("/proc/self/status", "re");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtoul(line + strlen(name) + 1, NULL, 10);
	(void)fclose(f);
	return kb;
}

/* Whether this process may lift its limit decides what has to happen; both are tested where that can be
 * chosen. */
static void lock(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	bool may = setrlimit(RLIMIT_MEMLOCK, &none) == 0;
	int r = memory_lock();

	CHECK(r == (may ? 0 : -EPERM));
	CHECK(memory_lock_is_on() == may);
	CHECK((status_kb("VmLck") > 0) == may);
}

static void lock_under_a_limit(void)
{
	const struct rlimit small = {4096, 4096};

	CHECK(setrlimit(RLIMIT_MEMLOCK, &small) == 0);
	/* As somebody who may not raise it again. */
	if (geteuid() == 0)
		CHECK(setgid(65534) == 0 && setuid(65534) == 0);
	CHECK(memory_lock() == -EPERM);
	CHECK(!memory_lock_is_on());
	CHECK(status_kb("VmLck") == 0);
	/* And everything goes on. */
	CHECK(malloc(1 << 20));
}

static void fail_by_the_kernel(void)
{
	fault_begin();
	fault_set(SYS_LOCK, 1, -ENOMEM);
	CHECK(memory_lock() == -ENOMEM);
	CHECK(!memory_lock_is_on());
}

#ifndef __SANITIZE_ADDRESS__
static long faults(void)
{
	struct rusage use;

	CHECK(getrusage(RUSAGE_SELF, &use) == 0);
	return use.ru_minflt + use.ru_majflt;
}

static void use_heap_and_stack(void)
{
	long before;
	void *p[8];

	(void)memory_lock();
	before = faults();
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < 8; i++) {
			p[i] = malloc(100 << 10);
			CHECK(p[i]);
			memset(p[i], round, 100 << 10);
		}
		for (size_t i = 0; i < 8; i++)
			free(p[i]);
		memory_lock_touch_stack(128 << 10);
	}
	/* 50 rounds of 200 pages each would be 10000; the few are those of the counting itself. */
	CHECK(faults() - before < 50);
}
#endif

TEST(memory_is_locked_where_it_may_be)
{
	in_child(lock);
}

TEST(under_a_finite_limit_nothing_is_locked)
{
	in_child(lock_under_a_limit);
}

TEST(a_refusal_of_the_kernel_is_reported)
{
	in_child(fail_by_the_kernel);
}

#ifndef __SANITIZE_ADDRESS__
TEST(heap_and_stack_within_the_reserve_fault_no_more)
{
	in_child(use_heap_and_stack);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_locked_where_it_may_be),
		cmocka_unit_test(under_a_finite_limit_nothing_is_locked),
		cmocka_unit_test(a_refusal_of_the_kernel_is_reported),
#ifndef __SANITIZE_ADDRESS__ /* whose allocator is its own, with a page fault for each new block */
		cmocka_unit_test(heap_and_stack_within_the_reserve_fault_no_more),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
