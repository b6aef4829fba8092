// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders by hand through whole passes: what they write, when it is given back, and what the history says.
#include "tests/lib/test.h"

#include "agent/control.h"
#include "agent/orders.h"
#include "agent/tick.h"
#include "policy/decide.h"
#include "policy/manual.h"
#include "policy/mode.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tick_case.h"

#define S_US INT64_C(1000000)

static const struct history_caller ann = {
	.known = true, .uid = 1000, .pid = 4711, .comm = "colo\nctl"};

static struct tick_case t;
static struct manual_answer answer;

static int setup(void **state)
{
	(void)state;
	return tick_case_open(&t);
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static void start(const char *mode)
{
	tick_case_start(&t, mode, MODE_FULL);
	tick(t.state, 10 * S_US);
	tick(t.state, 11 * S_US);
}

static const struct pod *pod(const char *uid)
{
	const struct model *m = discover_model(t.state->discover);

	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->uid, uid) == 0)
			return m->pods[i];
	fail_msg("no pod %s", uid);
	return NULL;
}

static enum manual_no give(const char *uid, enum manual_kind kind, enum level level,
			   uint64_t seconds, int64_t now_us)
{
	const struct manual_ask ask = {
		.pod = pod(uid), .kind = kind, .level = level, .seconds = seconds};

	return orders_give(t.state, &ask, now_us, &ann, &answer);
}

static enum level level_of(const char *uid)
{
	return plan_assignment(&t.state->plan, pod(uid))->level;
}

/* The memory.high of an offline pod. */
static bool has_limit(void)
{
	char text[64];

	assert_int_equal(tree_knob_read(t.dir, TICK_HOG_POD, "memory.high", text, sizeof(text)), 0);
	return strcmp(text, "max") != 0;
}

static void quota(const char *path, const char *want)
{
	tick_case_assert_knob(&t, path, "cpu.max", want);
}

TEST(a_squeeze_is_written_and_given_back_at_its_time)
{
	struct history_record r = {0};

	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_SQUEEZE, LEVEL_NONE, 60, 11 * S_US), MANUAL_YES);
	assert_non_null(
		strstr(answer.text, "uid 1000 (colo?ctl, pid 4711) ordered it to be squeezed"));
	tick(t.state, 12 * S_US);
	assert_int_equal(t.state->status.refusals, 0);
	assert_true(pod(TICK_HOG)->cgroup->knobs[KNOB_CPU_MAX].held);
	assert_int_equal(tick_case_told(&t, HISTORY_ORDER, &r), 1);
	assert_string_equal(r.knob, "squeeze");
	assert_string_equal(r.to, "in force");
	assert_string_equal(r.pod, "jobs/hog");
	assert_int_equal(r.caller.uid, 1000);
	tick(t.state, 71 * S_US - 1);
	assert_true(pod(TICK_HOG)->cgroup->knobs[KNOB_CPU_MAX].held);
	tick(t.state, 71 * S_US);
	assert_false(pod(TICK_HOG)->cgroup->knobs[KNOB_CPU_MAX].owned);
	quota(TICK_HOG_POD, "max 100000");
	assert_int_equal(tick_case_told(&t, HISTORY_ORDER, &r), 2);
	assert_string_equal(r.to, "ended");
	assert_non_null(strstr(r.why, "its time is over; it was ordered by uid 1000"));
	assert_false(r.caller.known);
}

TEST(nobody_else_is_touched_by_it)
{
	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_SQUEEZE, LEVEL_NONE, 60, 11 * S_US), MANUAL_YES);
	tick(t.state, 12 * S_US);
	quota(TICK_ONLINE_POD, "max 100000");
	quota(TICK_BATCH_POD, "max 100000");
	quota(TICK_STRANGER_POD, "max 100000");
	quota(TICK_BE, "max 100000");
}

TEST(a_level_changes_shares_and_comes_back)
{
	start("squeeze");
	assert_true(has_limit());
	assert_int_equal(give(TICK_HOG, MANUAL_LEVEL, LEVEL_P4, 0, 11 * S_US), MANUAL_YES);
	tick(t.state, 12 * S_US);
	assert_int_equal(level_of(TICK_HOG), LEVEL_P4);
	assert_int_equal(plan_assignment(&t.state->plan, pod(TICK_HOG))->role, ROLE_ONLINE);
	tick_case_assert_knob(&t, TICK_HOG_POD, "memory.high", "max");
	/* Ten minutes, where nothing was said. */
	tick(t.state, 611 * S_US - 1);
	assert_int_equal(level_of(TICK_HOG), LEVEL_P4);
	tick(t.state, 611 * S_US);
	assert_int_equal(level_of(TICK_HOG), LEVEL_P7);
	assert_true(has_limit());
	assert_int_equal(t.state->manual.n, 0);
}

TEST(who_is_not_known_or_online_is_refused_and_nothing_is_written)
{
	struct history_record r = {0};

	start("full");
	assert_int_equal(give(TICK_STRANGER, MANUAL_SQUEEZE, LEVEL_NONE, 60, 11 * S_US),
			 MANUAL_NO_FACTS);
	assert_non_null(strstr(answer.text, "is not known"));
	assert_int_equal(give(TICK_STRANGER, MANUAL_LEVEL, LEVEL_P7, 60, 11 * S_US),
			 MANUAL_NO_FACTS);
	assert_int_equal(give(TICK_ONLINE, MANUAL_SQUEEZE, LEVEL_NONE, 60, 11 * S_US),
			 MANUAL_NO_ONLINE);
	assert_int_equal(give(TICK_ONLINE, MANUAL_FREEZE, LEVEL_NONE, 5, 11 * S_US),
			 MANUAL_NO_ONLINE);
	assert_true(answer.until_wall_us == 0);
	tick(t.state, 12 * S_US);
	assert_int_equal(t.state->manual.n, 0);
	assert_int_equal(tick_case_told(&t, HISTORY_ORDER, &r), 0);
	quota(TICK_ONLINE_POD, "max 100000");
}

TEST(a_pause_ends_them_and_resume_brings_none_back)
{
	struct history_record r = {0};

	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_SQUEEZE, LEVEL_NONE, 60, 11 * S_US), MANUAL_YES);
	tick(t.state, 12 * S_US);
	assert_int_equal(control_pause(t.state, 0, 12 * S_US, &ann), 0);
	tick(t.state, 13 * S_US);
	quota(TICK_HOG_POD, "max 100000");
	assert_int_equal(t.state->manual.n, 0);
	assert_int_equal(tick_case_told(&t, HISTORY_ORDER, &r), 2);
	assert_non_null(strstr(r.why, "the mode in force does not allow it"));
	assert_int_equal(control_resume(t.state, &ann), 0);
	tick(t.state, 14 * S_US);
	quota(TICK_HOG_POD, "max 100000");
}

TEST(release_ends_them_and_says_who)
{
	struct history_record r = {0};

	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_SQUEEZE, LEVEL_NONE, 60, 11 * S_US), MANUAL_YES);
	tick(t.state, 12 * S_US);
	assert_int_equal(orders_release(t.state, pod(TICK_HOG), &ann), 1);
	assert_int_equal(tick_case_told(&t, HISTORY_ORDER, &r), 2);
	assert_int_equal(r.caller.uid, 1000);
	tick(t.state, 13 * S_US);
	quota(TICK_HOG_POD, "max 100000");
	assert_int_equal(orders_release(t.state, pod(TICK_HOG), &ann), 0);
}

/* One who would thaw it, and all that is known of it. */
static void may_freeze(void)
{
	struct model *m = discover_model(t.state->discover);

	discover_set_capability(t.state->discover, CAPABILITY_HOLD_GUARD, true);
	m->freeze = (struct freeze_guard){.most_us = 5 * S_US, .late_us = 1 * S_US};
	((struct pod *)pod(TICK_HOG))->facts->freeze =
		(struct pod_freeze){.known = true, .probe_us = UINT64_MAX};
}

TEST(a_freeze_says_why_not_and_is_bounded_where_it_may_be)
{
	start("full");
	assert_int_equal(give(TICK_HOG, MANUAL_FREEZE, LEVEL_NONE, 60, 11 * S_US),
			 MANUAL_NO_FREEZE);
	assert_non_null(strstr(answer.text, "it is not frozen: "));
	may_freeze();
	assert_int_equal(give(TICK_HOG, MANUAL_FREEZE, LEVEL_NONE, 60, 11 * S_US), MANUAL_YES);
	assert_true(t.state->manual.orders[0].until_us == 15500 * S_US / 1000);
	assert_int_equal(give(TICK_HOG, MANUAL_FREEZE, LEVEL_NONE, 2, 11 * S_US), MANUAL_YES);
	assert_true(t.state->manual.orders[0].until_us == 13 * S_US);
	assert_int_equal(t.state->manual.n, 1);
}

TEST(no_order_lasts_longer_than_a_day)
{
	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_SQUEEZE, LEVEL_NONE, UINT64_MAX, 11 * S_US),
			 MANUAL_YES);
	assert_true(t.state->manual.orders[0].until_us == (11 + 24 * 3600) * S_US);
}

TEST(passes_with_orders_allocate_nothing)
{
	unsigned long before;

	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_SQUEEZE, LEVEL_NONE, 600, 11 * S_US), MANUAL_YES);
	for (int64_t i = 12; i < 17; i++)
		tick(t.state, i * S_US);
	before = alloc_count();
	for (int64_t i = 17; i < 27; i++)
		tick(t.state, i * S_US);
	assert_int_equal(alloc_count() - before, 0);
}

/* What a new agent knows of it: nothing, and its first pass gives back what the rules do not ask for. */
TEST(an_order_does_not_outlive_the_agent)
{
	start("squeeze");
	assert_int_equal(give(TICK_HOG, MANUAL_LEVEL, LEVEL_P4, 600, 11 * S_US), MANUAL_YES);
	tick(t.state, 12 * S_US);
	assert_false(has_limit());
	state_free(t.state);
	t.state = NULL;
	tick_case_start(&t, "squeeze", MODE_FULL);
	tick(t.state, 20 * S_US);
	assert_int_equal(level_of(TICK_HOG), LEVEL_P7);
	assert_true(has_limit());
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_squeeze_is_written_and_given_back_at_its_time),
		T(nobody_else_is_touched_by_it),
		T(a_level_changes_shares_and_comes_back),
		T(who_is_not_known_or_online_is_refused_and_nothing_is_written),
		T(a_pause_ends_them_and_resume_brings_none_back),
		T(release_ends_them_and_says_who),
		T(a_freeze_says_why_not_and_is_bounded_where_it_may_be),
		T(no_order_lasts_longer_than_a_day),
		T(passes_with_orders_allocate_nothing),
		T(an_order_does_not_outlive_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
