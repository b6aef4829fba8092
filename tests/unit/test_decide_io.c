// SPDX-License-Identifier: LGPL-2.1-or-later
// io.weight where levels meet: classes by their best pod, pods beside pods of another level.
#include "policy/decide.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/test.h"

static void usual_node(struct fake *f)
{
	fake_init(f);
	fake_service(f, "system.slice");
	decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0);
	decide_pod(f, B1, QOS_BURSTABLE, LEVEL_P4);
	decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
}

TEST(classes_weigh_as_their_best_pod_and_pods_beside_them_as_their_level)
{
	struct fake f;

	usual_node(&f);
	decide_run(&f);
	assert_int_equal(decide_want(&f, G1, KNOB_IO_WEIGHT), 1000);
	assert_int_equal(decide_entry(&f, G1, KNOB_IO_WEIGHT)->reason.code, REASON_IO_LEVEL);
	assert_int_equal(decide_entry(&f, G1, KNOB_IO_WEIGHT)->effect, EFFECT_SHARE);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_IO_WEIGHT), 300);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_IO_WEIGHT), 10);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_IO_WEIGHT)->reason.code,
			 REASON_IO_CLASS);
	assert_int_equal(decide_entry(&f, BESTEFFORT, KNOB_IO_WEIGHT)->reason.extra, 1);
	/* alone in their class: nothing to compare with */
	assert_int_equal(decide_want(&f, B1, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, O1, KNOB_IO_WEIGHT), -1);
	/* the root of all pods is not raised over the system's services */
	assert_int_equal(decide_want(&f, KUBE, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, "system.slice", KNOB_IO_WEIGHT), -1);
	fake_free(&f);
}

TEST(an_offline_pod_in_an_online_class_is_weighed_against_its_siblings)
{
	struct fake f;

	usual_node(&f);
	decide_pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_IO_WEIGHT), 300);
	assert_int_equal(decide_want(&f, B2, KNOB_IO_WEIGHT), 10);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_IO_WEIGHT), 300);
	fake_free(&f);
}

TEST(a_class_with_an_undecided_pod_is_not_lowered)
{
	struct fake f;

	usual_node(&f);
	fake_waiting(&f,
		     fake_pod(&f, BESTEFFORT "/kubepods-besteffort-podn.slice", QOS_BESTEFFORT));
	fake_waiting(&f, fake_pod(&f, B2, QOS_BURSTABLE));
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_IO_WEIGHT), 300);
	assert_int_equal(decide_want(&f, O1, KNOB_IO_WEIGHT), 10);
	assert_int_equal(
		decide_want(&f, BESTEFFORT "/kubepods-besteffort-podn.slice", KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, B2, KNOB_IO_WEIGHT), -1);
	fake_free(&f);
}

/* Found by the golden case system-besteffort: kube-proxy's class went down to the offline weight. */
TEST(a_class_with_an_online_pod_that_keeps_its_weight_is_not_lowered)
{
	struct fake f;

	usual_node(&f);
	f.policy.levels[LEVEL_P1].io.weight = 0;
	decide_pod(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice", QOS_BESTEFFORT, LEVEL_P1);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice",
				     KNOB_IO_WEIGHT),
			 -1);
	assert_int_equal(decide_want(&f, O1, KNOB_IO_WEIGHT), 10);
	fake_free(&f);
}

TEST(an_all_offline_slice_of_units_yields_as_a_whole)
{
	struct fake f;

	usual_node(&f);
	decide_pod(&f, "batch.slice/a.service", QOS_NONE, LEVEL_P7);
	decide_pod(&f, "batch.slice/b.service", QOS_NONE, LEVEL_P7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "batch.slice", KNOB_IO_WEIGHT), 10);
	assert_int_equal(decide_want(&f, "batch.slice/a.service", KNOB_IO_WEIGHT), -1);
	fake_free(&f);
}

TEST(a_level_without_a_weight_keeps_what_is_there)
{
	struct fake f;

	usual_node(&f);
	decide_pod(&f, "kubelet.service", QOS_NONE, LEVEL_P1);
	decide_run(&f);
	assert_int_equal(decide_want(&f, "kubelet.service", KNOB_IO_WEIGHT), -1);
	fake_free(&f);
}

TEST(without_the_knob_nothing_is_planned)
{
	struct fake f;

	usual_node(&f);
	fake_missing(fake_cgroup(&f, BURSTABLE), KNOB_IO_WEIGHT);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BURSTABLE, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_IO_WEIGHT), 10);
	f.model.capabilities &= ~(1u << CAPABILITY_IO_WEIGHT);
	decide_run(&f);
	assert_int_equal(decide_want(&f, BESTEFFORT, KNOB_IO_WEIGHT), -1);
	assert_int_equal(decide_want(&f, G1, KNOB_IO_WEIGHT), -1);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			classes_weigh_as_their_best_pod_and_pods_beside_them_as_their_level),
		cmocka_unit_test(an_offline_pod_in_an_online_class_is_weighed_against_its_siblings),
		cmocka_unit_test(a_class_with_an_undecided_pod_is_not_lowered),
		cmocka_unit_test(a_class_with_an_online_pod_that_keeps_its_weight_is_not_lowered),
		cmocka_unit_test(an_all_offline_slice_of_units_yields_as_a_whole),
		cmocka_unit_test(a_level_without_a_weight_keeps_what_is_there),
		cmocka_unit_test(without_the_knob_nothing_is_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
