// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose threads yield wherever somebody wakes up: those of offline pods of a level that says so, of which enough is known.
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/test.h"

static void node(struct fake *f)
{
	fake_init(f);
	decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0);
	decide_pod(f, B1, QOS_BURSTABLE, LEVEL_P4);
	decide_pod(f, B2, QOS_BURSTABLE, LEVEL_P7);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
	f->policy.levels[LEVEL_P7].cpu.scheduling = SCHEDULING_IDLE;
}

static struct assignment *assignment(struct fake *f, const char *path)
{
	return &f->plan.assignments[fake_cgroup(f, path)->pod->slot];
}

TEST(the_threads_of_its_pods_are_to_be_idle_and_nobody_elses)
{
	struct fake f;
	const struct plan_entry *e;

	node(&f);
	decide_run(&f);
	e = decide_entry(&f, B2, KNOB_SCHED_POLICY);
	assert_non_null(e);
	assert_int_equal(e->want.value, KNOB_SCHED_IDLE);
	assert_int_equal(e->effect, EFFECT_SHARE);
	assert_int_equal(e->reason.code, REASON_SCHED_IDLE);
	assert_int_equal(e->reason.level, LEVEL_P7);
	assert_non_null(decide_entry(&f, O1, KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, G1, KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, B1, KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, BURSTABLE, KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, BESTEFFORT, KNOB_SCHED_POLICY));
	/* Whoever holds a lock is helped by the weight: it stays. */
	assert_true(decide_want(&f, BESTEFFORT, KNOB_CPU_WEIGHT) >= 1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_CPU_IDLE), -1);
	fake_free(&f);
}

TEST(without_the_policys_word_or_the_capability_nothing_is_planned)
{
	struct fake f;

	node(&f);
	f.policy.levels[LEVEL_P7].cpu.scheduling = SCHEDULING_KEEP;
	decide_run(&f);
	assert_null(decide_entry(&f, B2, KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, O1, KNOB_SCHED_POLICY));
	f.policy.levels[LEVEL_P7].cpu.scheduling = SCHEDULING_IDLE;
	f.model.capabilities &= ~(1u << CAPABILITY_SCHED_POLICY);
	decide_run(&f);
	assert_null(decide_entry(&f, B2, KNOB_SCHED_POLICY));
	fake_free(&f);
}

TEST(a_pod_of_which_too_little_is_known_is_left_alone)
{
	struct fake f;

	node(&f);
	assignment(&f, O1)->may_hold = false;
	assignment(&f, B2)->state = ASSIGNMENT_WAITING;
	decide_run(&f);
	assert_null(decide_entry(&f, O1, KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, B2, KNOB_SCHED_POLICY));
	fake_free(&f);
}

TEST(what_lives_in_an_offline_pod_is_not_taken_along)
{
	struct fake f;

	node(&f);
	decide_pod(&f, "other.slice", QOS_NONE, LEVEL_P7);
	decide_pod(&f, "other.slice/web.service", QOS_NONE, LEVEL_P4);
	decide_run(&f);
	assert_null(decide_entry(&f, "other.slice", KNOB_SCHED_POLICY));
	assert_null(decide_entry(&f, "other.slice/web.service", KNOB_SCHED_POLICY));
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_threads_of_its_pods_are_to_be_idle_and_nobody_elses),
		cmocka_unit_test(without_the_policys_word_or_the_capability_nothing_is_planned),
		cmocka_unit_test(a_pod_of_which_too_little_is_known_is_left_alone),
		cmocka_unit_test(what_lives_in_an_offline_pod_is_not_taken_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
