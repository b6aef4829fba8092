// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom the kernel takes as a whole: pods of a level that goes first, of which enough is known, and nobody else.
#include "policy/diff.h"
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
	fake_rare_knobs(f);
	f->policy.levels[LEVEL_P0].memory.oom = OOM_PROTECT;
	f->policy.levels[LEVEL_P7].memory.oom = OOM_FIRST;
}

static struct assignment *assignment(struct fake *f, const char *path)
{
	return &f->plan.assignments[fake_cgroup(f, path)->pod->slot];
}

TEST(an_offline_pod_that_goes_first_goes_as_a_whole)
{
	struct fake f;
	const struct plan_entry *e;

	node(&f);
	decide_run(&f);
	e = decide_entry(&f, B2, KNOB_MEMORY_OOM_GROUP);
	assert_non_null(e);
	assert_int_equal(e->want.value, 1);
	assert_int_equal(e->effect, EFFECT_PROTECTION);
	assert_int_equal(e->reason.code, REASON_OOM_WHOLE);
	assert_int_equal(e->reason.level, LEVEL_P7);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_OOM_GROUP), 1);
	/* Neither online pods, whatever their level says, nor what stands above a pod. */
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_MEMORY_OOM_GROUP), -1);
	fake_free(&f);
}

/* The kubelet gives BestEffort pods that score itself. */
TEST(its_processes_go_before_others_where_the_kubelet_does_not_see_to_it)
{
	struct fake f;
	const struct plan_entry *e;

	node(&f);
	decide_pod(&f, "batch.service", QOS_NONE, LEVEL_P7)->kind = POD_UNIT;
	fake_rare_knobs(&f);
	decide_run(&f);
	e = decide_entry(&f, B2, KNOB_OOM_SCORE_ADJ);
	assert_non_null(e);
	assert_int_equal(e->want.value, KNOB_SCORE_ZERO + 1000);
	assert_int_equal(e->effect, EFFECT_PROTECTION);
	assert_int_equal(e->reason.code, REASON_OOM_FIRST);
	assert_int_equal(e->reason.level, LEVEL_P7);
	assert_non_null(decide_entry(&f, "batch.service", KNOB_OOM_SCORE_ADJ));
	assert_null(decide_entry(&f, O1, KNOB_OOM_SCORE_ADJ));
	assert_null(decide_entry(&f, G1, KNOB_OOM_SCORE_ADJ));
	assert_null(decide_entry(&f, B1, KNOB_OOM_SCORE_ADJ));
	f.policy.levels[LEVEL_P7].memory.oom = OOM_KEEP;
	decide_run(&f);
	assert_null(decide_entry(&f, B2, KNOB_OOM_SCORE_ADJ));
	fake_free(&f);
}

TEST(without_the_policys_word_or_the_file_nothing_is_planned)
{
	struct fake f;

	node(&f);
	f.policy.levels[LEVEL_P7].memory.oom = OOM_KEEP;
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_OOM_GROUP), -1);
	f.policy.levels[LEVEL_P7].memory.oom = OOM_FIRST;
	fake_missing(fake_cgroup(&f, O1), KNOB_MEMORY_OOM_GROUP);
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, B2, KNOB_MEMORY_OOM_GROUP), 1);
	fake_free(&f);
}

TEST(a_pod_of_which_too_little_is_known_is_left_alone)
{
	struct fake f;

	node(&f);
	assignment(&f, O1)->may_hold = false;
	assignment(&f, B2)->state = ASSIGNMENT_WAITING;
	decide_run(&f);
	assert_int_equal(decide_want(&f, O1, KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, B2, KNOB_MEMORY_OOM_GROUP), -1);
	fake_free(&f);
}

/* All of the outer one would go with what lives in the inner one. */
TEST(a_pod_that_holds_another_one_is_no_whole)
{
	struct fake f;

	node(&f);
	decide_pod(&f, "batch.slice", QOS_NONE, LEVEL_P7);
	decide_pod(&f, "batch.slice/inner.service", QOS_NONE, LEVEL_P7);
	decide_pod(&f, "other.slice", QOS_NONE, LEVEL_P7);
	decide_pod(&f, "other.slice/web.service", QOS_NONE, LEVEL_P4);
	fake_rare_knobs(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "batch.slice", KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, "batch.slice/inner.service", KNOB_MEMORY_OOM_GROUP), 1);
	assert_int_equal(decide_want(&f, "other.slice", KNOB_MEMORY_OOM_GROUP), -1);
	assert_int_equal(decide_want(&f, "other.slice/web.service", KNOB_MEMORY_OOM_GROUP), -1);
	fake_free(&f);
}

static size_t n_of(const struct changes *changes, enum change_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < changes->n; i++)
		n += changes->list[i].knob == KNOB_MEMORY_OOM_GROUP &&
		     changes->list[i].kind == kind;
	return n;
}

/* It takes nothing away from a pod that is not killed, so that protect is enough; a lower mode gives it back. */
TEST(the_mode_protect_is_enough_and_observe_gives_it_back)
{
	struct modes modes = {.all = MODE_PROTECT,
			      .by = {MODE_PROTECT, MODE_PROTECT, MODE_PROTECT}};
	struct changes changes = {0};
	struct fake f;

	node(&f);
	decide_run(&f);
	assert_int_equal(diff(&f.model, &f.plan, &modes, false, &changes), 0);
	assert_int_equal(n_of(&changes, CHANGE_WRITE), 2);
	fake_own(fake_cgroup(&f, O1), KNOB_MEMORY_OOM_GROUP, 0, 1);
	decide_run(&f);
	assert_int_equal(diff(&f.model, &f.plan, &modes, false, &changes), 0);
	assert_int_equal(n_of(&changes, CHANGE_WRITE), 1);
	modes = (struct modes){
		.all = MODE_OBSERVE,
		.by = {MODE_OBSERVE, MODE_OBSERVE, MODE_OBSERVE},
	};
	assert_int_equal(diff(&f.model, &f.plan, &modes, false, &changes), 0);
	assert_int_equal(n_of(&changes, CHANGE_RESTORE), 1);
	assert_int_equal(changes.list[0].want.value, 0);
	changes_free(&changes);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offline_pod_that_goes_first_goes_as_a_whole),
		cmocka_unit_test(
			its_processes_go_before_others_where_the_kubelet_does_not_see_to_it),
		cmocka_unit_test(without_the_policys_word_or_the_file_nothing_is_planned),
		cmocka_unit_test(a_pod_of_which_too_little_is_known_is_left_alone),
		cmocka_unit_test(a_pod_that_holds_another_one_is_no_whole),
		cmocka_unit_test(the_mode_protect_is_enough_and_observe_gives_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
