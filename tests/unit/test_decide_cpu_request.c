// SPDX-License-Identifier: LGPL-2.1-or-later
// What a CPU request stands for, and what an offline pod gets beside online ones because of it.
#include "policy/decide_cpu.h"

#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/test.h"

TEST(request_weights_are_the_kubelets)
{
	assert_int_equal(decide_cpu_request_weight(0), 1);
	assert_int_equal(decide_cpu_request_weight(100), 4);
	assert_int_equal(decide_cpu_request_weight(1000), 39);
	assert_int_equal(decide_cpu_request_weight(64000), 2500);
	assert_int_equal(decide_cpu_request_weight(256000), 10000);
	assert_int_equal(decide_cpu_request_weight(UINT64_MAX), 10000);
}

/* B1 is large and may sleep: what B2 gets beside the small pods of the class is bounded by its own
 * request. */
TEST(an_offline_pod_gets_no_more_weight_than_its_request_stands_for)
{
	const struct plan_entry *e;
	struct pod *b2;
	struct fake f;

	decide_usual_node(&f);
	b2 = decide_pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	fake_request(fake_cgroup(&f, B1)->pod, 64000, 1 << 28); /* 2500 */
	fake_request(b2, 100, 1 << 28);				/* 4 */
	decide_run(&f);
	e = decide_entry(&f, B2, KNOB_CPU_WEIGHT);
	assert_int_equal(e->want.value, 4);
	assert_int_equal(e->reason.code, REASON_YIELD_REQUEST);
	assert_int_equal(e->reason.extra, 4);
	assert_int_equal(e->reason.limit, 50);
	assert_string_equal(e->reason.who, "");
	/* The ratio, where that is less. */
	fake_request(b2, 4000, 1 << 28);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 50);
	/* Nobody told what it asks for: it stays what it is. */
	b2->resources.cpu_request_milli.state = FACT_DERIVED;
	fake_set(fake_cgroup(&f, B2), KNOB_CPU_WEIGHT, 7);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 7);
	fake_free(&f);
}

TEST(an_offline_pod_gets_no_more_for_its_request_than_its_lightest_online_sibling)
{
	struct fake f;

	decide_usual_node(&f);
	fake_request(decide_pod(&f, B2, QOS_BURSTABLE, LEVEL_P7), 1000, 1 << 28); /* 39 */
	fake_request(fake_cgroup(&f, B1)->pod, 64000, 1 << 28);			  /* 2500 */
	f.policy.levels[LEVEL_P4].cpu.weight = WEIGHT_FIXED;
	f.policy.levels[LEVEL_P4].cpu.weight_value = 250;
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_CPU_WEIGHT), 250);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 250 * 39 / 2500);
	assert_string_equal(decide_entry(&f, B2, KNOB_CPU_WEIGHT)->reason.who,
			    fake_cgroup(&f, B1)->pod->name);
	/* A pod that ends has what the kubelet left it: no measure for others. */
	fake_set(fake_cgroup(&f, B1), KNOB_CPU_WEIGHT, 250);
	fake_cgroup(&f, B1)->pod->facts->deleting = true;
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 250 / 50);
	fake_free(&f);
}

TEST(a_sibling_that_takes_no_weight_has_no_part_of_what_is_shared)
{
	struct fake f;

	decide_usual_node(&f);
	decide_pod(&f, B2, QOS_BURSTABLE, LEVEL_P7);
	decide_pod(&f, BURSTABLE "/kubepods-burstable-podb3.slice", QOS_BURSTABLE, LEVEL_P7);
	fake_request(fake_cgroup(&f, B1)->pod, 64000, 1 << 28); /* 2500 */
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 2500 / 50 / 2);
	fake_missing(fake_cgroup(&f, BURSTABLE "/kubepods-burstable-podb3.slice"), KNOB_CPU_WEIGHT);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B2, KNOB_CPU_WEIGHT), 2500 / 50);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_weights_are_the_kubelets),
		cmocka_unit_test(an_offline_pod_gets_no_more_weight_than_its_request_stands_for),
		cmocka_unit_test(
			an_offline_pod_gets_no_more_for_its_request_than_its_lightest_online_sibling),
		cmocka_unit_test(a_sibling_that_takes_no_weight_has_no_part_of_what_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
