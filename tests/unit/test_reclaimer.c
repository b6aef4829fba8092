// SPDX-License-Identifier: LGPL-2.1-or-later
// From the plan to memory.reclaim and back into the history: over a fake tree and a real lane. What the kernel
// does with it is shown in tests/vm/tests/46-memory.sh.
#include "agent/reclaimer.h"
#include "tests/lib/test.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/history.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000ll
#define MIB ((uint64_t)1 << 20)
#define STAT                                                                                       \
	"anon 1048576\nfile 734003200\nfile_dirty 0\nfile_writeback 0\ninactive_anon 0\n"          \
	"active_anon 1048576\ninactive_file 629145600\nactive_file 104857600\n"

static struct tick_case t;
static struct cgroup *hog;

static struct cgroup *cgroup_at(const char *path)
{
	struct model *m = discover_model(t.state->discover);

	for (size_t i = 0; i < m->n_cgroups; i++)
		if (strcmp(m->cgroups[i]->path, path) == 0)
			return m->cgroups[i];
	return NULL;
}

static void pass_at(int64_t now_us)
{
	t.state->status.pass_us = now_us;
	reclaimer_run(t.state);
}

static int setup(void **state)
{
	(void)state;
	if (tick_case_open(&t) < 0)
		return -1;
	tick_case_start(&t, "squeeze", MODE_FULL);
	assert_int_equal(lanes_new(&t.state->lanes), 0);
	assert_int_equal(reclaimer_new(t.state), 0);
	assert_int_equal(discover_update(t.state->discover, S_US), 1);
	hog = cgroup_at(TICK_HOG_POD);
	assert_non_null(hog);
	assert_int_equal(tree_knob(t.dir, TICK_HOG_POD, "memory.stat", STAT), 0);
	assert_int_equal(tree_knob(t.dir, TICK_HOG_POD, "memory.current", "735051776"), 0);
	assert_int_equal(tree_knob(t.dir, TICK_HOG_POD, "memory.swap.max", "0"), 0);
	assert_int_equal(tree_knob(t.dir, TICK_HOG_POD, "memory.swap.current", "0"), 0);
	assert_int_equal(tree_knob(t.dir, TICK_HOG_POD, "memory.reclaim", "0"), 0);
	t.state->status.modes = (struct modes){0};
	for (int r = 0; r < RESOURCE_COUNT; r++)
		t.state->status.modes.by[r] = MODE_SQUEEZE;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	reclaimer_free(t.state->reclaimer);
	t.state->reclaimer = NULL;
	lanes_free(t.state->lanes);
	t.state->lanes = NULL;
	tick_case_close(&t);
	return 0;
}

static void want(uint64_t mib)
{
	t.state->plan.n_acts = mib > 0;
	t.state->plan.acts[0] = (struct plan_act){
		.cgroup = hog,
		.bytes = mib * MIB,
		.reason = {.code = REASON_MEMORY_EMPTY,
			   .level = LEVEL_P7,
			   .rule = -1,
			   .observed = 20 * MIB,
			   .limit = 10 * S_US,
			   .for_us = 9 * S_US,
			   .extra = 180 * MIB},
	};
}

static void wait_for_slice(void)
{
	struct pollfd p = {.fd = t.state->lanes->event_fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, 10000), 1);
	lanes_clear(t.state->lanes);
}

static size_t n_told(struct history_record *ret_last)
{
	return tick_case_told(&t, HISTORY_RECLAIM, ret_last);
}

TEST(what_the_plan_wants_is_asked_for_and_told_once_when_it_is_over)
{
	struct history_record r;
	char got[32];

	want(100);
	pass_at(10 * S_US);
	wait_for_slice();
	assert_int_equal(tree_knob_read(t.dir, TICK_HOG_POD, "memory.reclaim", got, sizeof(got)),
			 0);
	assert_string_equal(got, "16777216");
	pass_at(11 * S_US);
	assert_true(t.state->status.reclaim_asked_bytes == 16 * MIB);
	assert_true(t.state->status.reclaim_got_bytes == 16 * MIB);
	wait_for_slice();
	want(0);
	pass_at(12 * S_US);
	assert_int_equal(n_told(&r), 0); /* it may go on */
	pass_at(20 * S_US);
	assert_int_equal(n_told(&r), 1);
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_string_equal(r.knob, "memory.reclaim");
	assert_string_equal(r.to, "gave 48 MiB of 48 MiB in 2 slices");
	assert_non_null(strstr(r.why, "180 MiB"));
	pass_at(30 * S_US);
	assert_int_equal(n_told(&r), 1);
}

/* Below a watermark it may be wanted for ever. */
TEST(what_goes_on_for_long_is_told_in_parts_and_at_the_end_of_the_agent)
{
	struct history_record r;

	want(100);
	pass_at(10 * S_US);
	wait_for_slice();
	for (int64_t s = 12; s < 70; s += 2)
		pass_at(s * S_US);
	assert_int_equal(n_told(&r), 0);
	pass_at(70 * S_US);
	assert_int_equal(n_told(&r), 1);
	for (int64_t s = 72; s < 80; s += 2) {
		pass_at(s * S_US);
		wait_for_slice(); /* one was asked for, or was under way */
	}
	pass_at(80 * S_US);
	assert_int_equal(n_told(&r), 1);
	reclaimer_stop(t.state);
	assert_null(t.state->reclaimer);
	assert_int_equal(n_told(&r), 2);
	reclaimer_stop(t.state);
}

TEST(a_mode_that_may_not_hold_asks_for_nothing)
{
	struct history_record r;

	want(100);
	t.state->status.modes.by[RESOURCE_MEMORY] = MODE_PROTECT;
	pass_at(10 * S_US);
	assert_int_equal(lane_counts(t.state->lanes->reclaim).waiting, 0);
	pass_at(20 * S_US);
	assert_true(t.state->status.reclaim_asked_bytes == 0);
	assert_int_equal(n_told(&r), 0);
}

TEST(without_workers_nothing_is_asked)
{
	reclaimer_free(t.state->reclaimer);
	t.state->reclaimer = NULL;
	want(100);
	pass_at(10 * S_US);
	assert_int_equal(lane_counts(t.state->lanes->reclaim).waiting, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_the_plan_wants_is_asked_for_and_told_once_when_it_is_over),
		CASE(what_goes_on_for_long_is_told_in_parts_and_at_the_end_of_the_agent),
		CASE(a_mode_that_may_not_hold_asks_for_nothing),
		CASE(without_workers_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
