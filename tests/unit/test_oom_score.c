// SPDX-License-Identifier: LGPL-2.1-or-later
// Which scores were given from outside: by the class of the pod and what it requests, and nothing else.
#include "policy/oom_score.h"
#include "tests/lib/test.h"

#define GIB (1ull << 30)

static struct pod pod_of(enum qos qos)
{
	return (struct pod){.kind = POD_KUBERNETES, .qos = qos};
}

/* How many of all scores there are may be raised. */
static int count(const struct pod *pod, uint64_t memory_bytes)
{
	int n = 0;

	for (int score = -OOM_SCORE_MAX; score <= OOM_SCORE_MAX; score++)
		n += oom_score_is_given(pod, memory_bytes, score);
	return n;
}

TEST(a_guaranteed_pod_has_one_score_and_a_besteffort_one_is_first_already)
{
	struct pod guaranteed = pod_of(QOS_GUARANTEED), besteffort = pod_of(QOS_BESTEFFORT);

	assert_true(oom_score_is_given(&guaranteed, GIB, -997));
	assert_int_equal(count(&guaranteed, GIB), 1);
	assert_int_equal(count(&besteffort, GIB), 0);
}

TEST(a_class_that_is_not_known_is_given_nothing)
{
	struct pod pod = pod_of(QOS_NONE);

	assert_int_equal(count(&pod, GIB), 0);
}

TEST(outside_kubernetes_it_is_the_default_of_systemd)
{
	struct pod unit = {.kind = POD_UNIT}, cgroup = {.kind = POD_CGROUP};

	assert_true(oom_score_is_given(&unit, GIB, 0));
	assert_int_equal(count(&unit, GIB), 1);
	assert_true(oom_score_is_given(&cgroup, GIB, 0));
	assert_int_equal(count(&cgroup, GIB), 1);
}

TEST(a_burstable_pod_has_any_that_its_request_allows_but_never_the_highest)
{
	struct pod pod = pod_of(QOS_BURSTABLE);

	/* No container can have less than the whole pod would: 900. */
	pod.resources.memory_request_bytes = (struct fact_u64){FACT_KNOWN, GIB / 10};
	assert_true(oom_score_is_given(&pod, GIB, 900));
	assert_true(oom_score_is_given(&pod, GIB, 999));
	assert_false(oom_score_is_given(&pod, GIB, 890));
	assert_false(oom_score_is_given(&pod, GIB, OOM_SCORE_FIRST));
	assert_false(oom_score_is_given(&pod, GIB, OOM_SCORE_SANDBOX));
	/* A request that is not known, or more than there is, bounds nothing. */
	pod.resources.memory_request_bytes = (struct fact_u64){FACT_DERIVED, GIB / 10};
	assert_int_equal(oom_score_least(&pod, GIB), 2);
	assert_true(oom_score_is_given(&pod, GIB, 2));
	assert_false(oom_score_is_given(&pod, GIB, 1));
	pod.resources.memory_request_bytes = (struct fact_u64){FACT_KNOWN, 2 * GIB};
	assert_int_equal(oom_score_least(&pod, GIB), 2);
	assert_int_equal(oom_score_least(&pod, 0), 2);
}

/* The kubelet's own formula, of each container alone, is never ruled out. */
TEST(what_the_kubelet_gives_any_container_of_the_pod_is_always_taken)
{
	const uint64_t nodes[] = {GIB - 12345, 8 * GIB - 4096, 63 * GIB + 777, 1000 * GIB};

	for (size_t n = 0; n < sizeof(nodes) / sizeof(nodes[0]); n++) {
		for (uint64_t part = 1; part <= 128; part++) {
			struct pod pod = pod_of(QOS_BURSTABLE);
			uint64_t request = nodes[n] / 128 * part;
			long long score;

			pod.resources.memory_request_bytes = (struct fact_u64){FACT_KNOWN, request};
			for (uint64_t own = request; own > 0; own /= 2) {
				score = 1000 - (long long)(1000 * own / nodes[n]);
				score = score < 3 ? 3 : score > 999 ? 999 : score;
				assert_true(oom_score_is_given(&pod, nodes[n], (int)score));
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_guaranteed_pod_has_one_score_and_a_besteffort_one_is_first_already),
		cmocka_unit_test(a_class_that_is_not_known_is_given_nothing),
		cmocka_unit_test(outside_kubernetes_it_is_the_default_of_systemd),
		cmocka_unit_test(
			a_burstable_pod_has_any_that_its_request_allows_but_never_the_highest),
		cmocka_unit_test(what_the_kubelet_gives_any_container_of_the_pod_is_always_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
