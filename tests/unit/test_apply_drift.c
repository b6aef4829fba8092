// SPDX-License-Identifier: LGPL-2.1-or-later
// What apply makes of others who write over its values: counted, put back, and a fight bounded, over a
// tree that behaves like the kernel.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/base/log.h"
#include "policy/decide.h"
#include "tests/lib/apply_case.h"

#define S 1000000ll

static int pass(struct apply_case *s, int64_t now_us)
{
	fake_kernel_read(&s->k);
	apply_set_now(s->k.apply, now_us);
	apply_look_at_fights(s->k.apply, &s->k.f.model);
	return fake_kernel_pass(&s->k);
}

TEST(each_rewrite_is_counted_once_per_knob_and_in_total)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	assert_int_equal(pass(s, S), 2);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 3);
	assert_int_equal(pass(s, 2 * S), 1);
	assert_int_equal(pass(s, 3 * S), 0);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 4);
	assert_int_equal(pass(s, 4 * S), 1);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].rewrites, 2);
	assert_int_equal(s->hog->knobs[KNOB_CPU_WEIGHT].rewrites, 0);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].original.value, 4);
	assert_int_equal(apply_drift(s->k.apply).rewrites, 2);
	assert_int_equal(apply_drift(s->k.apply).contested, 0);
}

TEST(a_hold_that_was_wiped_is_put_back_too)
{
	struct apply_case *s = *state;
	struct knob_value max = {.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX, .period_us = 100000};

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	assert_int_equal(pass(s, S), 1);
	assert_true(fake_kernel_write(&s->k, APPLY_CLASS, KNOB_CPU_MAX, &max));
	assert_int_equal(pass(s, 2 * S), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX), 5000);
	assert_true(s->class->knobs[KNOB_CPU_MAX].held);
	assert_int_equal(s->class->knobs[KNOB_CPU_MAX].rewrites, 1);
}

static void put_back_while_told(struct apply_case *s)
{
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(pass(s, S), 1);
	s->class->telling = true;
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 3);
	assert_int_equal(pass(s, 2 * S), 1);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].rewrites, 0);
	s->class->telling = false;
}

/* What stood there while systemd was told counts as systemd's doing, once: the same word of somebody else, later,
 * is his. */
TEST(what_was_put_back_while_systemd_was_told_is_somebody_elses_the_next_time)
{
	struct apply_case *s = *state;

	put_back_while_told(s);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 3);
	assert_int_equal(pass(s, 3 * S), 1);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].rewrites, 1);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].original.value, 3);
}

/* Nor does the next agent take it for colod's, who finds it in the record. */
TEST(nor_is_it_colods_for_the_next_agent)
{
	struct apply_case *s = *state;

	put_back_while_told(s);
	fake_kernel_end(&s->k);
	fake_kernel_read(&s->k);
	fake_kernel_start(&s->k);
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 3);
	assert_int_equal(pass(s, 3 * S), 1);
	assert_int_equal(s->class->knobs[KNOB_CPU_WEIGHT].rewrites, 1);
}

static void make_contested(struct apply_case *s)
{
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	assert_int_equal(pass(s, S), 1);
	for (int i = 0; i < FIGHT_BURST; i++) {
		apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 3);
		assert_int_equal(pass(s, 2 * S + i), 1);
	}
	apply_case_foreign(s, APPLY_CLASS, KNOB_CPU_WEIGHT, 7);
	assert_int_equal(pass(s, 3 * S), 0);
	assert_true(s->class->knobs[KNOB_CPU_WEIGHT].contested);
}

TEST(in_a_fight_theirs_stands_until_the_interval_is_over)
{
	struct apply_case *s = *state;

	make_contested(s);
	assert_int_equal(apply_drift(s->k.apply).fights, 1);
	assert_int_equal(apply_drift(s->k.apply).contested, 1);
	assert_int_equal(pass(s, 7 * S), 0);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 7);
	assert_int_equal(pass(s, 8 * S), 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 50);
	assert_int_equal(pass(s, 12 * S), 0);
	assert_true(s->class->knobs[KNOB_CPU_WEIGHT].contested);
	assert_int_equal(pass(s, 13 * S), 0);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].contested);
	assert_int_equal(apply_drift(s->k.apply).contested, 0);
	assert_int_equal(apply_drift(s->k.apply).fights, 1);
}

TEST(a_stop_during_a_fight_leaves_their_value)
{
	struct apply_case *s = *state;

	make_contested(s);
	assert_int_equal(apply_case_restore(s).left, 1);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 7);
}

TEST(a_plan_that_ends_during_a_fight_leaves_their_value_and_ends_it)
{
	struct apply_case *s = *state;

	make_contested(s);
	plan_clear(&s->k.f.plan);
	assert_int_equal(pass(s, 4 * S), 0);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 7);
	assert_false(s->class->knobs[KNOB_CPU_WEIGHT].contested);
	assert_int_equal(pass(s, 5 * S), 0);
	assert_int_equal(apply_drift(s->k.apply).contested, 0);
}

TEST(a_fight_over_one_knob_holds_up_no_other)
{
	struct apply_case *s = *state;

	make_contested(s);
	fake_kernel_plan(&s->k, s->class, KNOB_MEMORY_LOW, EFFECT_PROTECTION, 8192);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 5);
	assert_int_equal(pass(s, 4 * S), 2);
}

TEST(who_it_most_likely_is_comes_from_the_kind_of_cgroup)
{
	struct pod kube = {.kind = POD_KUBERNETES}, plain = {.kind = POD_CGROUP};
	struct {
		struct cgroup cg;
		const char *who;
	} cases[] = {
		{{.name = "burstable", .kind = CGROUP_QOS}, "the kubelet"},
		{{.name = "kubepods-burstable.slice", .kind = CGROUP_QOS},
		 "the kubelet (through systemd), or systemctl set-property"},
		{{.name = "pod1", .kind = CGROUP_POD, .pod = &kube}, "the kubelet"},
		{{.name = "libpod-12.scope", .kind = CGROUP_POD, .pod = &plain},
		 "the container runtime"},
		{{.name = "batch.slice", .kind = CGROUP_POD, .pod = &plain},
		 "systemd: systemctl set-property on this unit, or a daemon-reload again and again"},
		{{.name = "farm", .kind = CGROUP_POD, .pod = &plain}, "whoever made this cgroup"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(apply_drift_who(&cases[i].cg), cases[i].who);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_rewrite_is_counted_once_per_knob_and_in_total),
		CASE(a_hold_that_was_wiped_is_put_back_too),
		CASE(what_was_put_back_while_systemd_was_told_is_somebody_elses_the_next_time),
		CASE(nor_is_it_colods_for_the_next_agent),
		CASE(in_a_fight_theirs_stands_until_the_interval_is_over),
		CASE(a_stop_during_a_fight_leaves_their_value),
		CASE(a_plan_that_ends_during_a_fight_leaves_their_value_and_ends_it),
		CASE(a_fight_over_one_knob_holds_up_no_other),
		cmocka_unit_test(who_it_most_likely_is_comes_from_the_kind_of_cgroup),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
