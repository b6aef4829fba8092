// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a unit while systemd is being told of it: it goes, comes back as another one, or nobody
// hears the answer. A systemd that is slow for long does in the end what it was told, also for a unit that
// is gone: it loads it and writes a drop-in, which the next unit of that name would get.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/tree.h"
#include "tests/lib/units_case.h"

/* Told by its name: the only way for one that has no invocation. */
static void by_name(struct units_case *s)
{
	fake_systemd_always(&s->systemd, "hog.slice");
}

/* systemd is stuck with colod's call, and the pod goes. */
static void go_while_telling(struct units_case *s)
{
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_systemd_mood(&s->systemd, "stuck");
	units_case_pass_until_telling(s, 10 * S, s->a->hog);
	fake_kernel_remove(&s->a->k, APPLY_HOG);
	fake_systemd_gone(&s->systemd, "hog.slice");
	plan_clear(&s->a->k.f.plan);
	s->a->k.f.model.n_cgroups--; /* the last one */
}

static void pass(struct units_case *s, int64_t now_us)
{
	units_pass(units_case_units(s), &s->a->k.f.model, now_us);
}

/* systemd goes on, and has written the drop-in. */
static void go_on(struct units_case *s)
{
	fake_systemd_mood(&s->systemd, "ok");
	units_case_settle(s);
	assert_true(units_case_has_dropin(s, "hog.slice.d/50-CPUWeight.conf"));
}

/* Nothing is left of it, nor remembered. */
static void expect_buried(struct units_case *s)
{
	pass(s, 21 * S);
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
	for (int64_t t = 30; t < 60; t += 10) {
		pass(s, t * S);
		units_case_settle(s);
	}
	assert_null(unit_table_find(&units_case_units(s)->table, APPLY_HOG));
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	s->a->k.f.model.n_cgroups++;
}

TEST(a_unit_that_goes_while_it_is_told_leaves_no_dropin)
{
	struct units_case *s = *state;

	by_name(s);
	go_while_telling(s);
	pass(s, 20 * S);
	go_on(s);
	expect_buried(s);
}

TEST(nor_does_one_whose_answer_nobody_hears)
{
	struct units_case *s = *state;

	by_name(s);
	go_while_telling(s);
	units_set_bus(units_case_units(s), NULL);
	pass(s, 11 * S);
	units_set_bus(units_case_units(s), s->bus);
	pass(s, 20 * S);
	go_on(s);
	expect_buried(s);
}

TEST(nor_one_that_was_told_by_an_agent_that_was_killed)
{
	struct units_case *s = *state;

	by_name(s);
	go_while_telling(s);
	units_case_again(s);
	pass(s, 20 * S);
	go_on(s);
	expect_buried(s);
}

/* By its invocation, which is over: systemd does nothing at all, and that is no refusal. */
TEST(a_start_that_is_over_is_not_told_and_the_unit_not_made_anew)
{
	struct units_case *s = *state;

	go_while_telling(s);
	fake_systemd_mood(&s->systemd, "ok");
	units_case_settle(s);
	assert_int_equal(fake_systemd_calls(&s->systemd), 0);
	assert_int_equal(units_counts(units_case_units(s)).refusals, 0);
	pass(s, 20 * S);
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
	assert_null(unit_table_find(&units_case_units(s)->table, APPLY_HOG));
	s->a->k.f.model.n_cgroups++;
}

/* Something else keeps the unit in systemd's memory: what it would start with is compared then. */
TEST(what_systemd_remembers_of_a_gone_unit_stays_recorded)
{
	struct units_case *s = *state;

	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	units_case_pass(s, 10 * S);
	fake_kernel_remove(&s->a->k, APPLY_HOG);
	assert_int_equal(tree_write(s->a->k.dir, "units/hog.slice/ControlGroup", ""), 0);
	fake_systemd_set(&s->systemd, "hog.slice", "IOWeight", 77);
	plan_clear(&s->a->k.f.plan);
	s->a->k.f.model.n_cgroups--;
	for (int64_t t = 20; t < 60; t += 10) {
		pass(s, t * S);
		units_case_settle(s);
	}
	s->a->k.f.model.n_cgroups++;
	assert_false(units_case_has_dropin(s, "hog.slice.d"));
	assert_non_null(unit_table_find(&units_case_units(s)->table, APPLY_HOG));
	assert_true(unit_table_find(&units_case_units(s)->table, APPLY_HOG)
			    ->props[UNIT_PROP_CPU_WEIGHT]
			    .set);
	assert_false(unit_table_find(&units_case_units(s)->table, APPLY_HOG)
			     ->props[UNIT_PROP_IO_WEIGHT]
			     .set);
}

/* The same name and path, another cgroup, with values of its own. */
static void come_back(struct units_case *s, struct cgroup *cg)
{
	/* Moved away, so that the inode number stays in use. */
	assert_int_equal(renameat(s->a->k.cgroup_fd, cg->path, s->a->k.cgroup_fd, "moved"), 0);
	assert_int_equal(tree_cgroup(s->a->k.dir, cg->path), 0);
	assert_int_equal(fs_inode(s->a->k.cgroup_fd, cg->path, &cg->inode), 0);
	memset(cg->knobs, 0, sizeof(cg->knobs));
}

static void write_max(struct units_case *s, const char *path, uint64_t quota)
{
	const struct knob_value max = knob_value_quota(quota, 100000);

	assert_true(fake_kernel_write(&s->a->k, path, KNOB_CPU_MAX, &max));
}

/* 33.3 %, of which systemd is told 34 %. */
TEST(a_file_of_the_former_cgroup_is_not_put_into_the_next_one)
{
	struct units_case *s = *state;

	write_max(s, APPLY_HOG, 33300);
	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_systemd_mood(&s->systemd, "stuck");
	units_case_pass_until_telling(s, 10 * S, s->a->hog);
	come_back(s, s->a->hog);
	pass(s, 11 * S);
	fake_systemd_mood(&s->systemd, "ok");
	units_case_settle(s);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", "CPUQuotaPerSecUSec"), 340000);
	assert_int_equal(apply_case_value(s->a, APPLY_HOG, KNOB_CPU_MAX), 34000);
}

/* The pass that gives the value back comes while systemd is being told of it: what systemd writes then is nobody's wish
 * any more. */
static void given_back_while_told(struct units_case *s, enum knob knob, uint64_t value,
				  const char *property)
{
	struct apply_case *a = s->a;
	uint64_t before = apply_case_value(a, APPLY_HOG, knob);

	fake_kernel_plan(&a->k, a->hog, knob, EFFECT_SHARE, value);
	fake_systemd_mood(&s->systemd, "stuck");
	units_case_pass_until_telling(s, 10 * S, a->hog);
	plan_clear(&a->k.f.plan);
	(void)fake_kernel_pass(&a->k);
	assert_int_equal(apply_case_value(a, APPLY_HOG, knob), before);
	fake_systemd_mood(&s->systemd, "ok");
	units_case_settle(s);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", property), value);
	assert_int_equal(apply_case_value(a, APPLY_HOG, knob), before);
	(void)units_case_pass(s, 20 * S);
	assert_int_not_equal(fake_systemd_get(&s->systemd, "hog.slice", property), value);
}

TEST(what_was_given_back_while_systemd_was_told_stays_given_back)
{
	given_back_while_told(*state, KNOB_CPU_WEIGHT, 50, "CPUWeight");
}

TEST(so_does_a_limit)
{
	given_back_while_told(*state, KNOB_MEMORY_HIGH, 64 << 20, "MemoryHigh");
}

/* A newer limit was written while systemd was told of an older one, which a pod that may use more must not be left with. */
TEST(a_limit_that_was_raised_while_systemd_was_told_stays_raised)
{
	struct units_case *s = *state;
	struct apply_case *a = s->a;

	fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 64 << 20);
	fake_systemd_mood(&s->systemd, "stuck");
	units_case_pass_until_telling(s, 10 * S, a->hog);
	plan_clear(&a->k.f.plan);
	fake_kernel_plan(&a->k, a->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 80 << 20);
	(void)fake_kernel_pass(&a->k);
	fake_systemd_mood(&s->systemd, "ok");
	units_case_settle(s);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", "MemoryHigh"), 64 << 20);
	assert_int_equal(apply_case_value(a, APPLY_HOG, KNOB_MEMORY_HIGH), 80 << 20);
	(void)units_case_pass(s, 20 * S);
	assert_int_equal(fake_systemd_get(&s->systemd, "hog.slice", "MemoryHigh"), 80 << 20);
}

/* The agent is killed before it can say so: systemd's write stands, and the next agent reads it as somebody's. When it
 * has made systemd forget it, the file changes under the model. */
static void taken_back_by_systemd(struct units_case *s, enum knob knob, uint64_t value)
{
	struct apply_case *a = s->a;
	uint64_t before = apply_case_value(a, APPLY_HOG, knob);

	fake_kernel_plan(&a->k, a->hog, knob, EFFECT_SHARE, value);
	fake_systemd_mood(&s->systemd, "stuck");
	units_case_pass_until_telling(s, 10 * S, a->hog);
	plan_clear(&a->k.f.plan);
	(void)fake_kernel_pass(&a->k);
	units_set_bus(units_case_units(s), NULL);
	fake_systemd_mood(&s->systemd, "ok");
	while (fake_systemd_calls(&s->systemd) == 0)
		(void)usleep(1000);
	units_case_again(s);
	(void)units_case_pass(s, 20 * S);
	assert_int_equal(apply_case_value(a, APPLY_HOG, knob), before);
	assert_int_equal(a->hog->knobs[knob].now.state, KNOB_UNREAD);
}

TEST(a_value_that_systemd_takes_back_is_read_anew)
{
	taken_back_by_systemd(*state, KNOB_CPU_WEIGHT, 50);
}

TEST(so_is_a_limit)
{
	taken_back_by_systemd(*state, KNOB_MEMORY_HIGH, 64 << 20);
}

/* Whoever waits until systemd has been told waits for its answer. */
TEST(a_unit_that_systemd_is_at_work_for_still_waits)
{
	struct units_case *s = *state;

	fake_kernel_plan(&s->a->k, s->a->hog, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	fake_systemd_mood(&s->systemd, "stuck");
	units_case_pass_until_telling(s, 10 * S, s->a->hog);
	pass(s, 11 * S);
	assert_int_equal(units_counts(units_case_units(s)).waiting, 1);
	fake_systemd_mood(&s->systemd, "ok");
	units_case_settle(s);
	pass(s, 12 * S);
	assert_int_equal(units_counts(units_case_units(s)).waiting, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, units_case_setup, units_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_start_that_is_over_is_not_told_and_the_unit_not_made_anew),
		CASE(a_unit_that_goes_while_it_is_told_leaves_no_dropin),
		CASE(nor_does_one_whose_answer_nobody_hears),
		CASE(nor_one_that_was_told_by_an_agent_that_was_killed),
		CASE(what_systemd_remembers_of_a_gone_unit_stays_recorded),
		CASE(what_was_given_back_while_systemd_was_told_stays_given_back),
		CASE(so_does_a_limit),
		CASE(a_limit_that_was_raised_while_systemd_was_told_stays_raised),
		CASE(so_is_a_limit),
		CASE(a_unit_that_systemd_is_at_work_for_still_waits),
		CASE(a_value_that_systemd_takes_back_is_read_anew),
		CASE(a_file_of_the_former_cgroup_is_not_put_into_the_next_one),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
