// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/baseline_store.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/state.h"
#include "policy/baseline.h"
#include "tests/lib/fault.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define WEB "ReplicaSet:shop/web"

static char *dir;
static struct options options = {.action = OPTIONS_RUN};
static struct state *s;

static int setup(void **context)
{
	(void)context;
	s = calloc(1, sizeof(*s));
	if (!s || tree_make(NULL, &dir) < 0 || tree_mkdir(dir, "var/lib") < 0)
		return -1;
	s->options = &options;
	s->root_fd = tree_open(dir);
	s->lock_fd = 0; /* it holds the lock */
	return s->root_fd < 0;
}

static int teardown(void **context)
{
	(void)context;
	baseline_store_stop(s);
	close(s->root_fd);
	tree_remove(dir);
	free(s);
	return 0;
}

static struct baselines *memory(void)
{
	return (struct baselines *)(uintptr_t)baseline_store_get(s->baseline_store);
}

static void start(void)
{
	baseline_store_start(s, 1000000);
	assert_non_null(memory());
}

/* Something was learned. */
static void learn(void)
{
	assert_non_null(baselines_add(memory(), WEB, 1000000));
	memory()->windows++;
}

static bool knows(void)
{
	const struct baseline_workload *w = memory()->workloads[0];

	return w && strcmp(w->key, WEB) == 0;
}

TEST(what_was_learned_survives_a_stop_and_a_start)
{
	start();
	assert_false(knows());
	learn();
	baseline_store_stop(s);
	assert_int_equal(fs_exists(s->root_fd, BASELINE_STORE_FILE), 1);
	assert_int_equal(fs_exists(s->root_fd, BASELINE_STORE_FILE ".new"), 0);
	start();
	assert_true(knows());
}

TEST(who_does_not_hold_the_lock_or_only_looks_keeps_and_reads_nothing)
{
	start();
	learn();
	baseline_store_stop(s);
	s->lock_fd = -EBADF;
	start();
	assert_false(knows());
	memory()->windows++;
	assert_non_null(baselines_add(memory(), "Pod:a/other", 1000000));
	baseline_store_stop(s);
	s->lock_fd = 0;
	start();
	assert_true(knows());
}

TEST(a_torn_file_of_any_length_is_not_used_and_stops_nothing)
{
	char text[4096], cut[4096];
	size_t len;

	start();
	learn();
	baseline_store_stop(s);
	assert_int_equal(fs_read(s->root_fd, BASELINE_STORE_FILE, text, sizeof(text), &len), 0);
	for (size_t n = 0; n < len; n++) {
		(void)snprintf(cut, sizeof(cut), "%.*s", (int)n, text);
		assert_int_equal(tree_write(dir, BASELINE_STORE_FILE, cut), 0);
		start();
		assert_false(knows());
		baseline_store_stop(s);
	}
	text[len / 2] ^= 1;
	assert_int_equal(tree_write(dir, BASELINE_STORE_FILE, text), 0);
	start();
	assert_false(knows());
}

TEST(a_full_disk_leaves_the_file_before_as_it_was)
{
	start();
	learn();
	baseline_store_stop(s);
	start();
	free(memory()->workloads[0]);
	memory()->workloads[0] = NULL;
	memory()->windows++;
	fault_begin();
	fault_set_from(SYS_WRITE, 1, -ENOSPC);
	baseline_store_stop(s);
	assert_true(fault_was_met());
	fault_end();
	assert_int_equal(fs_exists(s->root_fd, BASELINE_STORE_FILE ".new"), 0);
	start();
	assert_true(knows());
}

/* As at the end of a pass, some time after the start. */
static void keep(int64_t s_after)
{
	baseline_store_keep(s, 1000000 + s_after * 1000000);
}

static bool is_kept(void)
{
	return fs_exists(s->root_fd, BASELINE_STORE_FILE) == 1;
}

static bool is_kept_soon(void)
{
	for (int i = 0; i < 6000 && !is_kept(); i++)
		(void)usleep(10000);
	return is_kept();
}

TEST(what_was_learned_is_kept_every_five_minutes_by_a_thread)
{
	start();
	learn();
	memory()->calm = CALM_YES;
	keep(299);
	(void)usleep(20000);
	assert_false(is_kept());
	keep(300);
	assert_true(is_kept_soon());
	assert_int_equal(tree_write(dir, BASELINE_STORE_FILE, "mine"), 0);
	/* nothing new: not again, nor at the end */
	keep(301);
	keep(900);
	baseline_store_stop(s);
	start();
	assert_false(knows());
}

TEST(while_something_is_wrong_no_memory_is_taken_for_it)
{
	start();
	learn();
	memory()->calm = CALM_RUNG;
	keep(400);
	memory()->calm = CALM_OFFLINE_CPU;
	keep(400);
	memory()->calm = CALM_YES;
	s->ladders.of[RESOURCE_MEMORY].rung = RUNG_RECLAIM;
	keep(401);
	(void)usleep(20000);
	assert_false(is_kept());
	s->ladders.of[RESOURCE_MEMORY].rung = RUNG_CALM;
	keep(402);
	assert_true(is_kept_soon());
}

TEST(where_it_is_never_calm_what_holds_have_shown_is_kept)
{
	start();
	memory()->holds++;
	memory()->calm = CALM_NODE_MEMORY;
	keep(400);
	(void)usleep(20000);
	assert_false(is_kept());
	memory()->calm = CALM_OFFLINE_CPU;
	keep(401);
	assert_true(is_kept_soon());
}

TEST(it_is_on_the_disk_before_it_has_its_name)
{
	start();
	learn();
	fault_begin();
	fault_set(SYS_WRITE, 3, -EIO); /* the text, its end, and then to the disk */
	baseline_store_stop(s);
	assert_true(fault_was_met());
	fault_end();
	assert_false(is_kept());
	assert_int_equal(fs_exists(s->root_fd, BASELINE_STORE_FILE ".new"), 0);
}

static sem_t goes_on;
static void *volatile left; /* so that it is no leak */

static void hang(void *context)
{
	(void)context;
	while (sem_wait(&goes_on) < 0)
		;
}

TEST(a_disk_that_hangs_holds_up_neither_a_pass_nor_the_end_for_long)
{
	struct timespec from, to;

	start();
	learn();
	memory()->calm = CALM_YES;
	left = s->baseline_store;
	(void)sem_init(&goes_on, 0, 0);
	fault_begin();
	fault_set_late(SYS_WRITE, 3, hang, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	keep(300);
	memory()->windows++;
	keep(600);
	baseline_store_stop(s);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(fault_was_met());
	/* It would be for ever: the disk answers only now. */
	assert_in_range(to.tv_sec - from.tv_sec, 1, 30);
	assert_false(is_kept());
	(void)sem_post(&goes_on);
	assert_true(is_kept_soon());
	fault_end();
}

static void *go_on_soon(void *context)
{
	(void)usleep(100000);
	(void)sem_post(context);
	return NULL;
}

TEST(what_was_learned_while_it_was_being_kept_is_kept_at_the_stop)
{
	pthread_t id;

	start();
	memory()->windows++;
	memory()->calm = CALM_YES;
	(void)sem_init(&goes_on, 0, 0);
	fault_begin();
	fault_set_late(SYS_WRITE, 3, hang, NULL);
	keep(300);
	learn();
	assert_int_equal(pthread_create(&id, NULL, go_on_soon, &goes_on), 0);
	baseline_store_stop(s);
	assert_int_equal(pthread_join(id, NULL), 0);
	assert_true(fault_was_met());
	fault_end();
	start();
	assert_true(knows());
}

TEST(a_disk_that_cannot_be_read_or_written_stops_nothing)
{
	fault_begin();
	fault_set_from(SYS_OPEN, 2, -EROFS);
	start();
	learn();
	baseline_store_stop(s);
	assert_true(fault_was_met());
	fault_end();
	start();
	assert_false(knows());
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_learned_survives_a_stop_and_a_start),
		T(who_does_not_hold_the_lock_or_only_looks_keeps_and_reads_nothing),
		T(a_torn_file_of_any_length_is_not_used_and_stops_nothing),
		T(a_full_disk_leaves_the_file_before_as_it_was),
		T(what_was_learned_is_kept_every_five_minutes_by_a_thread),
		T(while_something_is_wrong_no_memory_is_taken_for_it),
		T(it_is_on_the_disk_before_it_has_its_name),
		T(where_it_is_never_calm_what_holds_have_shown_is_kept),
		T(a_disk_that_hangs_holds_up_neither_a_pass_nor_the_end_for_long),
		T(what_was_learned_while_it_was_being_kept_is_kept_at_the_stop),
		T(a_disk_that_cannot_be_read_or_written_stops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
