// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/discover/resources.h"
#include "colod/cgroup.h"

static const struct pod_resources nothing;

/* A pod whose cgroup shows these values. */
static void make(struct pod *pod, struct cgroup *cg, enum qos qos, uint64_t weight,
		 uint64_t quota_us, uint64_t memory_max)
{
	memset(pod, 0, sizeof(*pod));
	memset(cg, 0, sizeof(*cg));
	pod->cgroup = cg;
	pod->qos = qos;
	pod->facts_state = FACT_ABSENT;
	cg->knobs[KNOB_CPU_WEIGHT].now = (struct knob_value){.state = KNOB_KNOWN, .value = weight};
	cg->knobs[KNOB_CPU_IDLE].now = (struct knob_value){.state = KNOB_KNOWN, .value = 0};
	cg->knobs[KNOB_CPU_MAX].now =
		(struct knob_value){.state = KNOB_KNOWN, .value = quota_us, .period_us = 100000};
	cg->knobs[KNOB_MEMORY_MAX].now =
		(struct knob_value){.state = KNOB_KNOWN, .value = memory_max};
}

TEST(the_weight_is_the_kubelets)
{
	static const uint64_t known[][2] = {{0, 1},
					    {1, 1},
					    {2, 1},
					    {100, 4},
					    {250, 10},
					    {500, 20},
					    {1000, 39},
					    {2000, 79},
					    {64000, 2500},
					    {256000, 10000},
					    {UINT64_MAX, 10000}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(resources_weight_of_milli(known[i][0]), known[i][1]);
}

TEST(every_weight_gives_a_request_that_gives_this_weight_again)
{
	for (uint64_t weight = 1; weight <= 10000; weight++)
		assert_int_equal(resources_weight_of_milli(resources_milli_of_weight(weight)),
				 weight);
}

TEST(a_request_written_by_a_person_comes_back)
{
	static const uint64_t requests[] = {0, 100, 200, 250, 500, 1000, 1500, 2000, 4000, 64000};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_int_equal(resources_milli_of_weight(resources_weight_of_milli(requests[i])),
				 requests[i]);
}

TEST(a_guaranteed_pod_requests_what_it_is_limited_to)
{
	struct pod pod;
	struct cgroup cg;
	struct pod_resources r;

	make(&pod, &cg, QOS_GUARANTEED, 79, 200000, 1 << 30);
	r = resources_derive(&pod, &nothing);
	assert_int_equal(r.cpu_request_milli.state, FACT_DERIVED);
	assert_int_equal(r.cpu_request_milli.value, 2000);
	assert_int_equal(r.cpu_limit_milli.value, 2000);
	assert_int_equal(r.memory_limit_bytes.value, 1 << 30);
	assert_int_equal(r.memory_request_bytes.state, FACT_DERIVED);
	assert_int_equal(r.memory_request_bytes.value, 1 << 30);
}

TEST(a_burstable_pods_memory_request_shows_nowhere)
{
	struct pod pod;
	struct cgroup cg;
	struct pod_resources r;

	make(&pod, &cg, QOS_BURSTABLE, 4, KNOB_VALUE_MAX, 1 << 30);
	r = resources_derive(&pod, &nothing);
	assert_int_equal(r.memory_request_bytes.state, FACT_ABSENT);
	assert_true(r.cpu_limit_milli.value == KNOB_VALUE_MAX);
	pod.facts_state = FACT_UNKNOWN;
	r = resources_derive(&pod, &nothing);
	assert_int_equal(r.memory_request_bytes.state, FACT_UNKNOWN);
	assert_int_equal(r.cpu_request_milli.state, FACT_DERIVED);
}

TEST(a_besteffort_pod_requests_nothing_whatever_its_weight)
{
	struct pod pod;
	struct cgroup cg;
	struct pod_resources r;

	make(&pod, &cg, QOS_BESTEFFORT, 100, KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	r = resources_derive(&pod, &nothing);
	assert_int_equal(r.cpu_request_milli.state, FACT_DERIVED);
	assert_int_equal(r.cpu_request_milli.value, 0);
	assert_int_equal(r.memory_request_bytes.value, 0);
}

TEST(a_units_weight_is_no_request)
{
	struct pod pod;
	struct cgroup cg;
	struct pod_resources r;

	make(&pod, &cg, QOS_NONE, 100, 50000, 4096);
	pod.kind = POD_UNIT;
	r = resources_derive(&pod, &nothing);
	assert_int_equal(r.cpu_request_milli.state, FACT_ABSENT);
	assert_int_equal(r.memory_request_bytes.state, FACT_ABSENT);
	assert_int_equal(r.cpu_limit_milli.value, 500);
	assert_int_equal(r.memory_limit_bytes.value, 4096);
}

TEST(an_idle_group_keeps_what_was_known_of_it)
{
	struct pod pod;
	struct cgroup cg;
	struct pod_resources r, before;

	make(&pod, &cg, QOS_BURSTABLE, 39, KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	before = resources_derive(&pod, &nothing);
	cg.knobs[KNOB_CPU_IDLE].now.value = 1;
	cg.knobs[KNOB_CPU_WEIGHT].now.value = 0; /* 6.1 */
	r = resources_derive(&pod, &before);
	assert_int_equal(r.cpu_request_milli.value, 1000);
	assert_int_equal(resources_derive(&pod, &nothing).cpu_request_milli.state, FACT_ABSENT);
}

TEST(colods_hold_is_not_a_limit_of_the_pods)
{
	struct pod pod;
	struct cgroup cg;
	struct knob_state *max = &cg.knobs[KNOB_CPU_MAX];

	make(&pod, &cg, QOS_BURSTABLE, 39, 2000, KNOB_VALUE_MAX);
	max->owned = true;
	max->written = max->now;
	max->original =
		(struct knob_value){.state = KNOB_KNOWN, .value = 150000, .period_us = 100000};
	assert_int_equal(resources_derive(&pod, &nothing).cpu_limit_milli.value, 1500);
}

TEST(a_knob_that_is_missing_says_nothing)
{
	struct pod pod;
	struct cgroup cg;
	struct pod_resources r;

	make(&pod, &cg, QOS_GUARANTEED, 39, 1000, 4096);
	for (int k = 0; k < KNOB_COUNT; k++)
		cg.knobs[k].now.state = KNOB_MISSING;
	r = resources_derive(&pod, &nothing);
	assert_int_equal(r.cpu_request_milli.state, FACT_ABSENT);
	assert_int_equal(r.cpu_limit_milli.state, FACT_ABSENT);
	assert_int_equal(r.memory_limit_bytes.state, FACT_ABSENT);
	assert_int_equal(r.memory_request_bytes.state, FACT_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_weight_is_the_kubelets),
		cmocka_unit_test(every_weight_gives_a_request_that_gives_this_weight_again),
		cmocka_unit_test(a_request_written_by_a_person_comes_back),
		cmocka_unit_test(a_guaranteed_pod_requests_what_it_is_limited_to),
		cmocka_unit_test(a_burstable_pods_memory_request_shows_nowhere),
		cmocka_unit_test(a_besteffort_pod_requests_nothing_whatever_its_weight),
		cmocka_unit_test(a_units_weight_is_no_request),
		cmocka_unit_test(an_idle_group_keeps_what_was_known_of_it),
		cmocka_unit_test(colods_hold_is_not_a_limit_of_the_pods),
		cmocka_unit_test(a_knob_that_is_missing_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
