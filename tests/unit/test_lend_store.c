// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/lend_store.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "agent/tick.h"
#include "policy/lend.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/test.h"
#include "tests/lib/tick_case.h"

#define S_US INT64_C(1000000)
#define TOLD "run/colod/" LEND_STORE_TOLD

static struct tick_case t;
static int64_t now_us;

static int setup(void **state)
{
	(void)state;
	now_us = 10 * S_US;
	return tick_case_open(&t) < 0 || tree_mkdir(t.dir, "var/lib") < 0 ||
	       tree_mkdir(t.dir, "run/colod") < 0;
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static void start(void)
{
	tick_case_policy(&t, "observe");
	t.options = (struct options){
		.action = OPTIONS_RUN, .root = t.dir, .mode = MODE_OBSERVE, .mode_given = true};
	assert_int_equal(state_new(&t.options, &t.state), 0);
}

static void stop(void)
{
	state_free(t.state);
	t.state = NULL;
}

static void run(int minutes)
{
	for (int i = 0; i < 30 * minutes; i++, now_us += 2 * S_US)
		tick(t.state, now_us);
}

static const struct lend_sum *sum(enum lend_of of)
{
	const struct lend_sum *sums = lend_store_sums(t.state->lend_store);

	assert_non_null(sums);
	return &sums[of];
}

static bool told(const char *line)
{
	char text[512];

	if (fs_read(t.state->root_fd, TOLD, text, sizeof(text), NULL) < 0)
		return false;
	return strstr(text, line) != NULL;
}

static bool is_told(void)
{
	return fs_exists(t.state->root_fd, TOLD) == 1;
}

TEST(before_the_first_pass_there_is_no_number)
{
	start();
	assert_null(lend_store_sums(t.state->lend_store));
	assert_false(is_told());
	tick(t.state, now_us);
	assert_int_equal(sum(LEND_CPU)->state, LEND_UNMEASURED);
	assert_int_equal(sum(LEND_MEMORY)->state, LEND_LEARNING);
	assert_true(told("cpu_milli=0\ncpu_state=unmeasured\nmemory_bytes=0\n"
			 "memory_state=learning\nupdated="));
}

TEST(after_the_cold_start_it_lends_and_tells)
{
	char line[64];

	start();
	run(59);
	assert_int_equal(sum(LEND_MEMORY)->state, LEND_LEARNING);
	assert_int_equal(sum(LEND_MEMORY)->published, 0);
	run(8);
	assert_int_equal(sum(LEND_CPU)->state, LEND_OPEN);
	assert_int_equal(sum(LEND_CPU)->use.capacity, 4000);
	assert_true(sum(LEND_CPU)->published > 3000);
	assert_true(sum(LEND_MEMORY)->published > 0);
	(void)snprintf(line, sizeof(line), "memory_bytes=%llu\nmemory_state=open\n",
		       (unsigned long long)sum(LEND_MEMORY)->published);
	assert_true(told(line));
	assert_ptr_equal(state_snapshot(t.state).lend, lend_store_sums(t.state->lend_store));
}

TEST(after_a_kill_nothing_is_lent)
{
	start();
	run(67);
	t.state->status.kills++;
	run(1);
	assert_int_equal(sum(LEND_CPU)->state, LEND_COOLING);
	assert_true(told("cpu_milli=0\ncpu_state=cooling\nmemory_bytes=0\nmemory_state=cooling\n"));
	run(11);
	assert_int_equal(sum(LEND_MEMORY)->state, LEND_OPEN);
	t.state->status.evict.cool_until_us = now_us + LEND_COOL_US;
	run(1);
	assert_int_equal(sum(LEND_MEMORY)->state, LEND_COOLING);
}

TEST(what_was_watched_outlives_a_stop_and_the_promise_does_not)
{
	uint64_t watched_us;

	start();
	run(67);
	watched_us = sum(LEND_MEMORY)->watched_us;
	stop();
	start();
	assert_int_equal(fs_exists(t.state->root_fd, LEND_STORE_FILE), 1);
	assert_int_equal(fs_exists(t.state->root_fd, LEND_STORE_FILE ".new"), 0);
	assert_false(is_told());
	run(1);
	assert_true(sum(LEND_MEMORY)->watched_us > watched_us);
	assert_int_equal(sum(LEND_MEMORY)->state, LEND_RISING);
	assert_int_equal(sum(LEND_MEMORY)->published, 0);
	/* The pods are those from before. */
	assert_int_equal(sum(LEND_CPU)->use.n_newcomers, 0);
	run(6);
	assert_true(sum(LEND_MEMORY)->published > 0);
}

static sem_t goes_on;
static atomic_int n_written;

/* The disk takes the first text when it is told to. */
static int hang(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call != SYS_OPEN || !point->path ||
	    strcmp(point->path, LEND_STORE_FILE ".new") != 0)
		return 0;
	while (atomic_fetch_add(&n_written, 1) == 0 && sem_wait(&goes_on) < 0)
		;
	return 0;
}

static void *go_on_soon(void *context)
{
	(void)usleep(100000);
	(void)sem_post(context);
	return NULL;
}

TEST(what_was_watched_while_it_was_being_kept_is_kept_at_the_stop)
{
	uint64_t watched_us;
	pthread_t id;

	start();
	lend_store_stop(t.state);
	lend_store_start(t.state, now_us);
	(void)sem_init(&goes_on, 0, 0);
	sys_set_hook(hang, NULL);
	run(14);
	watched_us = sum(LEND_MEMORY)->watched_us;
	assert_int_equal(pthread_create(&id, NULL, go_on_soon, &goes_on), 0);
	lend_store_stop(t.state);
	assert_int_equal(pthread_join(id, NULL), 0);
	sys_set_hook(NULL, NULL);
	assert_int_equal(n_written, 2);
	lend_store_start(t.state, now_us);
	run(1);
	assert_true(sum(LEND_MEMORY)->watched_us > watched_us);
}

static bool is_kept_soon(void)
{
	for (int i = 0; i < 6000; i++) {
		if (fs_exists(t.state->root_fd, LEND_STORE_FILE) == 1)
			return true;
		(void)usleep(10000);
	}
	return false;
}

TEST(a_kill_of_the_agent_loses_ten_minutes_at_most)
{
	start();
	/* Its clock is the test's. */
	lend_store_stop(t.state);
	lend_store_start(t.state, now_us);
	run(9);
	assert_int_equal(fs_exists(t.state->root_fd, LEND_STORE_FILE), 0);
	run(2);
	assert_true(is_kept_soon());
}

TEST(a_damaged_file_is_not_used)
{
	assert_int_equal(tree_write(t.dir, LEND_STORE_FILE, "colod-lend 1 at=5\nr cpu 9999 1 1\n"),
			 0);
	start();
	run(1);
	assert_true(sum(LEND_MEMORY)->watched_us <= LEND_MINUTE_US);
}

TEST(a_full_run_directory_leaves_no_old_number_and_stops_nothing)
{
	start();
	run(1);
	assert_true(is_told());
	fault_begin();
	fault_set_from(SYS_WRITE, 1, -ENOSPC);
	t.state->status.kills++;
	run(1);
	assert_true(fault_was_met());
	fault_end();
	assert_false(is_told());
	run(2);
	assert_true(is_told());
}

TEST(one_pass_tells_and_keeps_nothing)
{
	tick_case_start(&t, "squeeze", MODE_FULL);
	assert_true(t.state->state_fd >= 0);
	run(2);
	assert_false(is_told());
	stop();
	tick_case_start(&t, "squeeze", MODE_FULL);
	assert_int_equal(fs_exists(t.state->root_fd, LEND_STORE_FILE), 0);
}

TEST(a_look_allocates_nothing)
{
	unsigned long before;

	start();
	run(1);
	before = alloc_count_own();
	for (int i = 0; i < 18; i++)
		lend_store_pass(t.state, now_us + i * LEND_LOOK_US);
	assert_int_equal(alloc_count_own() - before, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(before_the_first_pass_there_is_no_number),
		T(after_the_cold_start_it_lends_and_tells),
		T(after_a_kill_nothing_is_lent),
		T(what_was_watched_outlives_a_stop_and_the_promise_does_not),
		T(what_was_watched_while_it_was_being_kept_is_kept_at_the_stop),
		T(a_kill_of_the_agent_loses_ten_minutes_at_most),
		T(a_damaged_file_is_not_used),
		T(a_full_run_directory_leaves_no_old_number_and_stops_nothing),
		T(one_pass_tells_and_keeps_nothing),
		T(a_look_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
