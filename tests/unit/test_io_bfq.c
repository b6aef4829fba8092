// SPDX-License-Identifier: LGPL-2.1-or-later
// io.bfq.weight: planned where it is, in BFQ's numbers; written, given back, and lost with its module; and the same as
// systemd writes where that owns the unit.
#include "tests/lib/test.h"

#include "agent/base/log.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/units_case.h"

#define BFQ KNOB_IO_BFQ_WEIGHT

/* --- what is planned ------------------------------------------------------------------------- */

static void usual_node(struct fake *f)
{
	fake_init(f);
	decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0);
	decide_pod(f, B1, QOS_BURSTABLE, LEVEL_P4);
	decide_pod(f, B2, QOS_BURSTABLE, LEVEL_P7);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
}

static void load(struct fake *f)
{
	for (size_t i = 0; i < f->model.n_cgroups; i++)
		fake_set(f->model.cgroups[i], BFQ, 100);
}

TEST(with_the_file_each_level_has_its_weight_in_bfqs_numbers)
{
	struct fake f;

	usual_node(&f);
	load(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, BFQ), 181);
	assert_int_equal(decide_want(&f, BURSTABLE, BFQ), 118);
	assert_int_equal(decide_want(&f, B1, BFQ), 118);
	assert_int_equal(decide_want(&f, B2, BFQ), 10);
	assert_int_equal(decide_want(&f, BESTEFFORT, BFQ), 10);
	assert_int_equal(decide_want(&f, O1, BFQ), -1);
	assert_int_equal(decide_want(&f, KUBE, BFQ), -1);
	assert_int_equal(decide_entry(&f, G1, BFQ)->effect, EFFECT_SHARE);
	assert_int_equal(decide_entry(&f, G1, BFQ)->reason.code, REASON_IO_LEVEL);
	/* What the policy says. */
	assert_int_equal(decide_entry(&f, G1, BFQ)->reason.limit, 1000);
	assert_int_equal(decide_want(&f, G1, KNOB_IO_WEIGHT), 1000);
	fake_free(&f);
}

TEST(without_the_file_nothing_is_planned_for_it)
{
	struct fake f;

	usual_node(&f);
	decide_run(&f);
	for (size_t i = 0; i < f.plan.n_entries; i++)
		assert_int_not_equal(f.plan.entries[i].knob, BFQ);
	load(&f);
	fake_missing(fake_cgroup(&f, BURSTABLE), BFQ);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BURSTABLE, BFQ), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_IO_WEIGHT), 300);
	assert_int_equal(decide_want(&f, BESTEFFORT, BFQ), 10);
	fake_free(&f);
}

TEST(a_level_that_keeps_its_io_weight_keeps_bfqs)
{
	struct fake f;

	usual_node(&f);
	load(&f);
	f.policy.levels[LEVEL_P4].io.weight = 0;
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, BFQ), -1);
	assert_int_equal(decide_want(&f, B2, BFQ), 10);
	/* The class would fall below what its keeper has. */
	assert_int_equal(decide_want(&f, BURSTABLE, BFQ), -1);
	fake_free(&f);
}

/* 300 of 10000 is 118 of BFQ's 1000, which is less than 200. */
TEST(a_class_with_somebody_unknown_in_it_is_not_lowered_in_bfqs_numbers_either)
{
	struct fake f;

	usual_node(&f);
	load(&f);
	fake_service(&f, BURSTABLE "/other");
	fake_set(fake_cgroup(&f, BURSTABLE), KNOB_IO_WEIGHT, 200);
	fake_set(fake_cgroup(&f, BURSTABLE), BFQ, 200);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BURSTABLE, BFQ), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_IO_WEIGHT), 300);
	fake_set(fake_cgroup(&f, BURSTABLE), BFQ, 117);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BURSTABLE, BFQ), 118);
	fake_free(&f);
}

TEST(the_numbers_are_systemds)
{
	static const uint64_t pairs[][2] = {
		{1, 1},	    {10, 10},	{99, 99},   {100, 100},	 {101, 100},  {110, 100},
		{111, 101}, {200, 109}, {300, 118}, {1000, 181}, {9999, 999}, {10000, 1000},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(knob_io_weight(BFQ, pairs[i][0]), pairs[i][1]);
		assert_int_equal(knob_io_weight(KNOB_IO_WEIGHT, pairs[i][0]), pairs[i][0]);
	}
}

/* --- what is written ------------------------------------------------------------------------- */

static void load_at(struct apply_case *a, const char *path)
{
	fake_kernel_bfq(&a->k, path, true);
	fake_kernel_read(&a->k);
}

TEST(it_is_written_and_comes_back)
{
	struct apply_case *a = *state;

	load_at(a, APPLY_HOG);
	fake_kernel_plan(&a->k, a->hog, BFQ, EFFECT_SHARE, 10);
	assert_int_equal(fake_kernel_pass(&a->k), 1);
	assert_int_equal(apply_case_value(a, APPLY_HOG, BFQ), 10);
	assert_int_equal(apply_case_record(a, a->hog, BFQ)->original.value, 100);
	assert_int_equal(fake_kernel_pass(&a->k), 0);
	plan_clear(&a->k.f.plan);
	assert_int_equal(fake_kernel_pass(&a->k), 1);
	assert_int_equal(apply_case_value(a, APPLY_HOG, BFQ), 100);
	assert_int_equal(a->k.apply->originals.n, 0);
}

TEST(what_its_owner_set_since_is_not_written_over_at_the_end)
{
	struct apply_case *a = *state;

	load_at(a, APPLY_HOG);
	fake_kernel_plan(&a->k, a->hog, BFQ, EFFECT_SHARE, 10);
	(void)fake_kernel_pass(&a->k);
	apply_case_foreign(a, APPLY_HOG, BFQ, 55);
	assert_int_equal(apply_case_restore(a).foreign, 1);
	assert_int_equal(apply_case_value(a, APPLY_HOG, BFQ), 55);
}

TEST(with_its_module_the_record_goes_and_nobody_is_said_to_have_written)
{
	struct apply_case *a = *state;

	load_at(a, APPLY_HOG);
	fake_kernel_plan(&a->k, a->hog, BFQ, EFFECT_SHARE, 10);
	(void)fake_kernel_pass(&a->k);
	fake_kernel_bfq(&a->k, APPLY_HOG, false);
	fake_kernel_read(&a->k);
	assert_int_equal(fake_kernel_pass(&a->k), 0);
	assert_false(a->hog->knobs[BFQ].owned);
	assert_int_equal(a->k.apply->originals.n, 0);
	assert_int_equal(fake_kernel_pass(&a->k), 0);
	assert_int_equal(a->k.changes.n, 0);
	/* It comes back as it is for everybody. */
	load_at(a, APPLY_HOG);
	assert_int_equal(fake_kernel_pass(&a->k), 1);
	assert_int_equal(apply_case_value(a, APPLY_HOG, BFQ), 10);
	assert_int_equal(apply_drift(a->k.apply).rewrites, 0);
}

TEST(a_file_that_goes_before_the_write_or_the_end_is_no_refusal)
{
	struct apply_case *a = *state;
	struct apply_restored done;

	load_at(a, APPLY_HOG);
	fake_kernel_plan(&a->k, a->hog, BFQ, EFFECT_SHARE, 10);
	fake_kernel_bfq(&a->k, APPLY_HOG, false);
	assert_int_equal(fake_kernel_pass(&a->k), 0);
	assert_int_equal(a->k.changes.list[0].refusal, REFUSAL_GONE);
	load_at(a, APPLY_HOG);
	assert_int_equal(fake_kernel_pass(&a->k), 1);
	fake_kernel_bfq(&a->k, APPLY_HOG, false);
	done = apply_case_restore(a);
	assert_int_equal(done.gone, 1);
	assert_int_equal(done.left, 0);
	assert_int_equal(a->k.apply->originals.n, 0);
}

/* --- systemd's units ------------------------------------------------------------------------- */

static void plan_both(struct units_case *s, uint64_t weight)
{
	plan_clear(&s->a->k.f.plan);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, weight);
	fake_kernel_plan(&s->a->k, s->a->class, BFQ, EFFECT_SHARE, knob_io_weight(BFQ, weight));
}

static void passes(struct units_case *s, int64_t from_s, int64_t to_s)
{
	for (int64_t t = from_s; t < to_s; t++)
		(void)units_case_pass(s, t * S);
}

TEST(what_systemd_writes_is_what_colod_wrote_so_nobody_fights)
{
	struct units_case *s = *state;

	load_at(s->a, APPLY_CLASS);
	plan_both(s, 300);
	assert_int_equal(units_case_pass(s, 10 * S), 2);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 118);
	for (int64_t t = 11; t < 60; t++)
		assert_int_equal(units_case_pass(s, t * S), 0);
	assert_int_equal(fake_systemd_calls(&s->systemd), 1);
	assert_int_equal(apply_drift(s->a->k.apply).rewrites, 0);
	plan_clear(&s->a->k.f.plan);
	passes(s, 60, 80);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, KNOB_IO_WEIGHT), 100);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 100);
	assert_int_equal(s->a->k.apply->originals.n, 0);
}

/* By hand, behind systemd's back: it is the owner's, and stays when IOWeight= is told and taken back. */
TEST(a_weight_that_systemd_wipes_with_what_it_is_told_is_put_back)
{
	struct units_case *s = *state;

	load_at(s->a, APPLY_CLASS);
	apply_case_foreign(s->a, APPLY_CLASS, BFQ, 55);
	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 300);
	passes(s, 10, 20);
	assert_int_equal(fake_systemd_get(&s->systemd, "be.slice", "IOWeight"), 300);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 55);
	plan_clear(&s->a->k.f.plan);
	passes(s, 20, 40);
	assert_true(fake_systemd_get(&s->systemd, "be.slice", "IOWeight") == UNIT_PROP_UNSET);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 55);
}

/* The module came later, and systemd wrote the weight for colod before that saw the file. */
TEST(what_systemd_wrote_for_colod_is_nobodys_original)
{
	struct units_case *s = *state;

	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	passes(s, 10, 20);
	load_at(s->a, APPLY_CLASS);
	apply_case_foreign(s->a, APPLY_CLASS, BFQ, 10);
	plan_both(s, 300);
	passes(s, 20, 40);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 118);
	assert_int_equal(apply_case_record(s->a, s->a->class, BFQ)->original.value, 100);
	plan_clear(&s->a->k.f.plan);
	passes(s, 40, 60);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 100);
	assert_int_equal(apply_drift(s->a->k.apply).rewrites, 0);
}

TEST(what_systemd_alone_wrote_for_colod_goes_with_what_it_was_told)
{
	struct units_case *s = *state;

	fake_kernel_plan(&s->a->k, s->a->class, KNOB_IO_WEIGHT, EFFECT_SHARE, 10);
	passes(s, 10, 20);
	load_at(s->a, APPLY_CLASS);
	apply_case_foreign(s->a, APPLY_CLASS, BFQ, 10);
	plan_both(s, 10);
	passes(s, 20, 40);
	plan_clear(&s->a->k.f.plan);
	passes(s, 40, 60);
	assert_int_equal(apply_case_value(s->a, APPLY_CLASS, BFQ), 100);
}

#define APPLY(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)
#define UNITS(name) cmocka_unit_test_setup_teardown(name, units_case_setup, units_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_the_file_each_level_has_its_weight_in_bfqs_numbers),
		cmocka_unit_test(without_the_file_nothing_is_planned_for_it),
		cmocka_unit_test(a_level_that_keeps_its_io_weight_keeps_bfqs),
		cmocka_unit_test(
			a_class_with_somebody_unknown_in_it_is_not_lowered_in_bfqs_numbers_either),
		cmocka_unit_test(the_numbers_are_systemds),
		APPLY(it_is_written_and_comes_back),
		APPLY(what_its_owner_set_since_is_not_written_over_at_the_end),
		APPLY(with_its_module_the_record_goes_and_nobody_is_said_to_have_written),
		APPLY(a_file_that_goes_before_the_write_or_the_end_is_no_refusal),
		UNITS(what_systemd_writes_is_what_colod_wrote_so_nobody_fights),
		UNITS(a_weight_that_systemd_wipes_with_what_it_is_told_is_put_back),
		UNITS(what_systemd_wrote_for_colod_is_nobodys_original),
		UNITS(what_systemd_alone_wrote_for_colod_goes_with_what_it_was_told),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
