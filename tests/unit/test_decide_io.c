// SPDX-License-Identifier: LGPL-2.1-or-later
// io.weight where levels meet: classes by their best pod, pods beside pods of another level.
#include "policy/decide.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define KUBE "kubepods.slice"
#define BURSTABLE KUBE "/kubepods-burstable.slice"
#define BESTEFFORT KUBE "/kubepods-besteffort.slice"
#define G1 KUBE "/kubepods-podg1.slice"
#define B1 BURSTABLE "/kubepods-burstable-podb1.slice"
#define B2 BURSTABLE "/kubepods-burstable-podb2.slice"
#define O1 BESTEFFORT "/kubepods-besteffort-podo1.slice"

static void run(struct fake *f)
{
	assert_int_equal(
		decide_assigned(&f->model, &f->samples, &f->policy, 0, &f->ladder, &f->plan), 0);
}

static const struct plan_entry *entry(struct fake *f, const char *path)
{
	return plan_find(&f->plan, fake_cgroup(f, path), KNOB_IO_WEIGHT);
}

static long long want(struct fake *f, const char *path)
{
	const struct plan_entry *e = entry(f, path);

	return e ? (long long)e->want.value : -1;
}

static void pod(struct fake *f, const char *path, enum qos qos, enum level level)
{
	fake_level(f, fake_pod(f, path, qos), level);
}

static void usual_node(struct fake *f)
{
	fake_init(f);
	fake_service(f, "system.slice");
	pod(f, G1, QOS_GUARANTEED, LEVEL_P0);
	pod(f, B1, QOS_BURSTABLE, LEVEL_P4);
	pod(f, O1, QOS_BESTEFFORT, LEVEL_P7);
}

TEST(classes_weigh_as_their_best_pod_and_pods_beside_them_as_their_level)
{
	struct fake f;

	usual_node(&f);
	run(&f);
	assert_int_equal(want(&f, G1), 1000);
	assert_int_equal(entry(&f, G1)->reason.code, REASON_IO_LEVEL);
	assert_int_equal(entry(&f, G1)->effect, EFFECT_SHARE);
	assert_int_equal(want(&f, BURSTABLE), 300);
	assert_int_equal(want(&f, BESTEFFORT), 10);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.code, REASON_IO_CLASS);
	assert_int_equal(entry(&f, BESTEFFORT)->reason.extra, 1);
	/* alone in their class: nothing to compare with */
	assert_int_equal(want(&f, B1), -1);
	assert_int_equal(want(&f, O1), -1);
	/* the root of all pods is not raised over the system's services */
	assert_int_equal(want(&f, KUBE), -1);
	assert_int_equal(want(&f, "system.slice"), -1);
	fake_free(&f);
}

TEST(an_offline_pod_in_an_online_class_is_weighed_against_its_siblings)
{
	struct fake f;

	usual_node(&f);
	pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	run(&f);
	assert_int_equal(want(&f, B1), 300);
	assert_int_equal(want(&f, B2), 10);
	assert_int_equal(want(&f, BURSTABLE), 300);
	fake_free(&f);
}

TEST(a_class_with_an_undecided_pod_is_not_lowered)
{
	struct fake f;

	usual_node(&f);
	fake_waiting(&f,
		     fake_pod(&f, BESTEFFORT "/kubepods-besteffort-podn.slice", QOS_BESTEFFORT));
	fake_waiting(&f, fake_pod(&f, B2, QOS_BURSTABLE));
	run(&f);
	assert_int_equal(want(&f, BESTEFFORT), -1);
	assert_int_equal(want(&f, BURSTABLE), 300);
	assert_int_equal(want(&f, O1), 10);
	assert_int_equal(want(&f, BESTEFFORT "/kubepods-besteffort-podn.slice"), -1);
	assert_int_equal(want(&f, B2), -1);
	fake_free(&f);
}

/* Found by the golden case system-besteffort: kube-proxy's class went down to the offline weight. */
TEST(a_class_with_an_online_pod_that_keeps_its_weight_is_not_lowered)
{
	struct fake f;

	usual_node(&f);
	f.policy.levels[LEVEL_P1].io.weight = 0;
	pod(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice", QOS_BESTEFFORT, LEVEL_P1);
	run(&f);
	assert_int_equal(want(&f, BESTEFFORT), -1);
	assert_int_equal(want(&f, BESTEFFORT "/kubepods-besteffort-podproxy.slice"), -1);
	assert_int_equal(want(&f, O1), 10);
	fake_free(&f);
}

TEST(an_all_offline_slice_of_units_yields_as_a_whole)
{
	struct fake f;

	usual_node(&f);
	pod(&f, "batch.slice/a.service", QOS_NONE, LEVEL_P7);
	pod(&f, "batch.slice/b.service", QOS_NONE, LEVEL_P7);
	run(&f);
	assert_int_equal(want(&f, "batch.slice"), 10);
	assert_int_equal(want(&f, "batch.slice/a.service"), -1);
	fake_free(&f);
}

TEST(a_level_without_a_weight_keeps_what_is_there)
{
	struct fake f;

	usual_node(&f);
	pod(&f, "kubelet.service", QOS_NONE, LEVEL_P1);
	run(&f);
	assert_int_equal(want(&f, "kubelet.service"), -1);
	fake_free(&f);
}

TEST(without_the_knob_nothing_is_planned)
{
	struct fake f;

	usual_node(&f);
	fake_missing(fake_cgroup(&f, BURSTABLE), KNOB_IO_WEIGHT);
	run(&f);
	assert_int_equal(want(&f, BURSTABLE), -1);
	assert_int_equal(want(&f, BESTEFFORT), 10);
	f.model.capabilities &= ~(1u << CAPABILITY_IO_WEIGHT);
	run(&f);
	assert_int_equal(want(&f, BESTEFFORT), -1);
	assert_int_equal(want(&f, G1), -1);
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
