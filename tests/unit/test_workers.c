// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes over a fake tree with the worker lanes in place.
#include "tests/lib/test.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/lanes.h"
#include "agent/base/log.h"
#include "agent/base/memory_lock.h"
#include "agent/state.h"
#include "agent/tick.h"
#include "agent/workers.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define WEB "web.slice"
#define BATCH "batch.slice"
#define S_US 1000000

struct workers_test {
	char *dir;
	struct options options;
	struct state *state;
	int64_t now_us;
	uint64_t waited_us;
	uint64_t used_us;
};

static struct workers_test t;

static int setup(void **state)
{
	static char profile[64 * 1024];
	FILE *f = fopen("policy/profiles/default.yaml", "re");
	size_t n;

	(void)state;
	log_open(LOG_EMERG);
	assert_non_null(f);
	n = fread(profile, 1, sizeof(profile) - 1, f);
	profile[n] = '\0';
	(void)fclose(f);
	memset(&t, 0, sizeof(t));
	t.now_us = 10 * (int64_t)S_US;
	if (tree_make("@host 4\n@cgroup " WEB "\n@cgroup " BATCH "\n", &t.dir) < 0 ||
	    tree_write(t.dir, "usr/lib/colod/policy.d/00-default.yaml", profile) < 0 ||
	    tree_write(t.dir, "etc/colod/policy.d/90-test.yaml",
		       "version: 1\nmode: squeeze\nfacts: {from: cgroup}\nassign:\n"
		       "  - {match: {unit: " WEB "}, level: P0}\n"
		       "  - {match: {unit: " BATCH "}, level: P7}\n"
		       "pressure: [{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}]\n") <
		    0)
		return -1;
	t.options = (struct options){.action = OPTIONS_RUN, .root = t.dir, .mode = MODE_FULL};
	return state_new(&t.options, &t.state);
}

static int teardown(void **state)
{
	(void)state;
	state_free(t.state);
	tree_remove(t.dir);
	return 0;
}

static void read_knob(const char *path, const char *file, char *buf, size_t size)
{
	assert_int_equal(tree_knob_read(t.dir, path, file, buf, size), 0);
}

static bool is_max(const char *path, const char *file)
{
	char text[64];

	read_knob(path, file, text, sizeof(text));
	return strncmp(text, "max", 3) == 0;
}

/* The online unit waits that many permille of the second before the next pass, and batch uses
 * three CPUs. */
static void second(unsigned waited_permille)
{
	char text[256];

	t.now_us += S_US;
	t.waited_us += waited_permille * (uint64_t)1000;
	t.used_us += 3 * S_US;
	(void)snprintf(text, sizeof(text),
		       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\n"
		       "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
		       (unsigned long long)t.waited_us);
	assert_int_equal(tree_knob(t.dir, WEB, "cpu.pressure", text), 0);
	(void)snprintf(text, sizeof(text), "usage_usec %llu\nuser_usec 0\nsystem_usec 0\n",
		       (unsigned long long)t.used_us);
	assert_int_equal(tree_knob(t.dir, BATCH, "cpu.stat", text), 0);
	/* In hundredths of a second. */
	(void)snprintf(text, sizeof(text), "cpu  %llu 0 0 %llu 0 0 0 0 0 0\n",
		       (unsigned long long)(t.used_us / 10000),
		       (unsigned long long)(t.used_us / 30000));
	assert_int_equal(tree_write(t.dir, "proc/stat", text), 0);
}

static void wait_lanes(void)
{
	while (lane_counts(t.state->lanes->slow).waiting +
		       lane_counts(t.state->lanes->urgent).waiting >
	       0)
		(void)sched_yield();
}

/* Allocations of one pass. */
static unsigned long pass(unsigned waited_permille)
{
	unsigned long before;

	second(waited_permille);
	before = alloc_count();
	tick(t.state, t.now_us);
	before = alloc_count() - before;
	wait_lanes();
	return before;
}

TEST(memory_high_arrives_a_pass_later_and_is_counted)
{
	workers_start(t.state);
	assert_non_null(t.state->lanes);
	(void)pass(0);
	assert_true(t.state->status.pending > 0);
	(void)pass(0);
	assert_false(is_max(BATCH, "memory.high"));
	assert_int_equal(t.state->status.pending, 0);
	assert_int_equal(t.state->status.slow_writes, 1);
	assert_int_equal(t.state->status.slow_cut, 0);
	assert_int_equal(t.state->last_changes.n > 0, true);
	for (size_t i = 0; i < t.state->last_changes.n; i++)
		assert_true(t.state->last_changes.list[i].done);
}

TEST(without_threads_everything_is_done_in_line)
{
	fault_begin();
	fault_set_from(SYS_THREAD, 1, -EAGAIN);
	workers_start(t.state);
	assert_true(fault_was_met());
	fault_end();
	assert_null(t.state->lanes);
	second(0);
	tick(t.state, t.now_us);
	assert_false(is_max(BATCH, "memory.high"));
	assert_int_equal(t.state->status.pending, 0);
	assert_int_equal(t.state->status.slow_writes, 0);
	workers_stop(t.state);
}

/* Switched off, it is not even tried; and the lock shows in the next probe. */
TEST(memory_is_locked_unless_switched_off)
{
	struct options without = {.switched_off = 1u << CAPABILITY_MEMORY_LOCK};
	struct options with = {0};

	fault_begin();
	workers_lock_memory(&without);
	assert_int_equal(fault_count(SYS_LOCK), 0);
	fault_set(SYS_LOCK, 1, -ENOMEM);
	workers_lock_memory(&with);
	assert_true(fault_was_met());
	fault_end();
	assert_false(memory_lock_is_on());
	assert_false(model_can(discover_model(t.state->discover), CAPABILITY_MEMORY_LOCK));
}

TEST(a_stop_in_between_leaves_the_stages_in_line)
{
	workers_start(t.state);
	second(0);
	tick(t.state, t.now_us);
	workers_stop(t.state);
	assert_null(t.state->lanes);
	second(0);
	tick(t.state, t.now_us);
	assert_false(is_max(BATCH, "memory.high"));
	assert_int_equal(t.state->status.pending, 0);
}

/* One whole squeeze: it starts, shrinks, and ends after calm. Returns the allocations of its passes. */
static unsigned long squeeze(void)
{
	unsigned long allocations = 0;
	bool held = false;

	for (int i = 0; i < 8; i++)
		allocations += pass(400);
	held = !is_max(BATCH, "cpu.max");
	assert_true(held);
	for (int i = 0; i < 120 && held; i++) {
		allocations += pass(0);
		held = !is_max(BATCH, "cpu.max");
	}
	assert_false(held);
	return allocations;
}

TEST(a_squeeze_from_its_start_to_its_end_allocates_nothing)
{
	workers_start(t.state);
	(void)squeeze();
	assert_int_equal(squeeze(), 0);
	assert_int_equal(squeeze(), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_high_arrives_a_pass_later_and_is_counted),
		CASE(without_threads_everything_is_done_in_line),
		CASE(memory_is_locked_unless_switched_off),
		CASE(a_stop_in_between_leaves_the_stages_in_line),
		CASE(a_squeeze_from_its_start_to_its_end_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
