// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include <cjson/cJSON.h>

#include "agent/discover/pod_requests.h"
#include "colod/knob.h"

#define MI (1024ull * 1024)

static struct pod_resources of(const char *json)
{
	cJSON *pod = cJSON_Parse(json);
	struct pod_resources r;

	assert_non_null(pod);
	r = pod_requests(pod);
	cJSON_Delete(pod);
	return r;
}

static void expect(struct fact_u64 fact, uint64_t value)
{
	assert_int_equal(fact.state, FACT_KNOWN);
	assert_true(fact.value == value);
}

TEST(containers_are_summed)
{
	struct pod_resources r = of(
		"{\"spec\":{\"containers\":["
		"{\"resources\":{\"requests\":{\"cpu\":\"500m\",\"memory\":\"64Mi\"},"
		"\"limits\":{\"cpu\":\"1\",\"memory\":\"128Mi\"}}},"
		"{\"resources\":{\"requests\":{\"cpu\":\"0.25\"},\"limits\":{\"cpu\":\"2\"}}}]}}");

	expect(r.cpu_request_milli, 750);
	expect(r.cpu_limit_milli, 3000);
	expect(r.memory_request_bytes, 64 * MI);
	expect(r.cpu_spec_milli, 3000);
	/* One container has no memory limit: then neither has the pod. */
	expect(r.memory_limit_bytes, KNOB_VALUE_MAX);
}

/* Whole numbers, in each container; one that asks for none may use what it likes. */
TEST(what_it_asks_for_as_batch_is_known_where_each_container_asks)
{
	struct pod_resources r = of(
		"{\"spec\":{\"containers\":["
		"{\"resources\":{\"limits\":{\"colod.io/batch-cpu\":\"1k\"}}},"
		"{\"resources\":{\"limits\":{\"colod.io/batch-cpu\":\"500\",\"colod.io/batch-memory\":\"1Gi\"}}}]}}");

	expect(r.cpu_batch_milli, 1500);
	assert_int_equal(r.memory_batch_bytes.state, FACT_UNKNOWN);
	expect(r.cpu_limit_milli, KNOB_VALUE_MAX);
	expect(r.cpu_request_milli, 0);
	r = of("{\"spec\":{\"containers\":["
	       "{\"resources\":{\"limits\":{\"colod.io/batch-cpu\":\"1k\"}}},{\"name\":\"b\"}]}}");
	assert_int_equal(r.cpu_batch_milli.state, FACT_UNKNOWN);
	r = of("{\"spec\":{\"containers\":["
	       "{\"resources\":{\"limits\":{\"colod.io/batch-cpu\":\"many\"}}}]}}");
	assert_int_equal(r.cpu_batch_milli.state, FACT_UNKNOWN);
	r = of("{\"spec\":{\"containers\":["
	       "{\"resources\":{\"limits\":{\"colod.io/batch-memory\":\"1Gi\"}}}]}}");
	expect(r.memory_batch_bytes, 1024 * MI);
	expect(r.memory_limit_bytes, KNOB_VALUE_MAX);
	assert_int_equal(r.cpu_batch_milli.state, FACT_UNKNOWN);
}

TEST(a_limit_without_a_request_is_a_request_too)
{
	struct pod_resources r = of("{\"spec\":{\"containers\":[{\"resources\":{\"limits\":"
				    "{\"cpu\":\"300m\",\"memory\":\"1Gi\"}}}]}}");

	expect(r.cpu_request_milli, 300);
	expect(r.memory_request_bytes, 1024 * MI);
}

TEST(a_pod_that_asks_for_nothing_is_known_to_ask_for_nothing)
{
	struct pod_resources r = of("{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}");

	expect(r.cpu_request_milli, 0);
	expect(r.memory_request_bytes, 0);
	expect(r.cpu_limit_milli, KNOB_VALUE_MAX);
	expect(r.memory_limit_bytes, KNOB_VALUE_MAX);
}

TEST(the_largest_init_step_counts_beside_the_sidecars_started_before_it)
{
	struct pod_resources r =
		of("{\"spec\":{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"100m\"}}}],"
		   "\"initContainers\":["
		   "{\"resources\":{\"requests\":{\"cpu\":\"700m\"}}},"
		   "{\"restartPolicy\":\"Always\",\"resources\":{\"requests\":{\"cpu\":\"200m\"}}},"
		   "{\"resources\":{\"requests\":{\"cpu\":\"600m\"}}}]}}");

	/* Running: 100 + 200. Steps: 700, 200, 200 + 600. */
	expect(r.cpu_request_milli, 800);
}

TEST(a_sidecar_runs_beside_the_containers)
{
	struct pod_resources r = of(
		"{\"spec\":{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1\"},\"limits\":"
		"{\"cpu\":\"1\"}}}],\"initContainers\":[{\"restartPolicy\":\"Always\",\"resources\":"
		"{\"requests\":{\"cpu\":\"200m\"},\"limits\":{\"cpu\":\"400m\"}}}]}}");

	expect(r.cpu_request_milli, 1200);
	expect(r.cpu_limit_milli, 1400);
}

TEST(pod_level_resources_replace_the_sum_one_by_one)
{
	struct pod_resources r = of(
		"{\"spec\":{\"resources\":{\"requests\":{\"cpu\":\"3\"},\"limits\":{\"memory\":\"4Gi\"}},"
		"\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"64Mi\"}}},"
		"{\"name\":\"b\"}]}}");

	expect(r.cpu_request_milli, 3000);
	expect(r.memory_request_bytes, 64 * MI);
	expect(r.memory_limit_bytes, 4096 * MI);
	expect(r.cpu_limit_milli, KNOB_VALUE_MAX);
}

TEST(overhead_comes_on_top_of_requests_and_of_limits_that_exist)
{
	struct pod_resources r = of(
		"{\"spec\":{\"overhead\":{\"cpu\":\"250m\",\"memory\":\"100Mi\"},\"containers\":[{"
		"\"resources\":{\"requests\":{\"cpu\":\"1\"},\"limits\":{\"cpu\":\"1\"}}}]}}");

	expect(r.cpu_request_milli, 1250);
	expect(r.cpu_limit_milli, 1250);
	expect(r.memory_request_bytes, 100 * MI);
	expect(r.memory_limit_bytes, KNOB_VALUE_MAX);
}

#define RESIZE(status)                                                                             \
	"{\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{\"requests\":{\"cpu\":\"3\"},"  \
	"\"limits\":{\"cpu\":\"3\"}}}]},\"status\":{" status "\"containerStatuses\":["             \
	"{\"name\":\"b\",\"allocatedResources\":{\"cpu\":\"9\"}},"                                 \
	"{\"name\":\"a\",\"allocatedResources\":{\"cpu\":\"2\"},\"resources\":{\"requests\":"      \
	"{\"cpu\":\"1\"},\"limits\":{\"cpu\":\"1\"}}}]}}"

TEST(during_a_resize_the_larger_counts)
{
	struct pod_resources r = of(RESIZE(""));

	expect(r.cpu_request_milli, 3000);
	expect(r.cpu_limit_milli, 3000);
}

TEST(a_sidecar_is_resized_like_a_container_and_a_step_that_is_over_is_not)
{
	struct pod_resources r = of(
		"{\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{\"requests\":{\"cpu\":"
		"\"100m\"}}}],\"initContainers\":[{\"name\":\"side\",\"restartPolicy\":\"Always\","
		"\"resources\":{\"requests\":{\"cpu\":\"100m\"}}},{\"name\":\"step\",\"resources\":"
		"{\"requests\":{\"cpu\":\"50m\"}}}]},\"status\":{\"initContainerStatuses\":["
		"{\"name\":\"side\",\"allocatedResources\":{\"cpu\":\"400m\"}},"
		"{\"name\":\"step\",\"allocatedResources\":{\"cpu\":\"9\"}}]}}");

	expect(r.cpu_request_milli, 500);
}

#define POD_RESIZE(status)                                                                         \
	"{\"spec\":{\"resources\":{\"requests\":{\"cpu\":\"3\"},\"limits\":{\"cpu\":\"4\"}},"      \
	"\"containers\":[{\"name\":\"a\"}]},\"status\":{" status                                   \
	"\"allocatedResources\":{\"cpu\":\"2\"},\"resources\":{\"requests\":{\"cpu\":\"1\"},"      \
	"\"limits\":{\"cpu\":\"5\"}}}}"

TEST(a_pod_that_is_resized_as_a_whole_has_the_larger_too)
{
	struct pod_resources r = of(POD_RESIZE(""));

	expect(r.cpu_request_milli, 3000);
	expect(r.cpu_limit_milli, 5000);
	/* Downward: what the larger of the two hides. */
	expect(r.cpu_spec_milli, 4000);
	expect(r.memory_request_bytes, 0);
	r = of(POD_RESIZE("\"conditions\":[{\"type\":\"PodResizePending\",\"reason\":"
			  "\"Infeasible\"}],"));
	expect(r.cpu_request_milli, 2000);
	expect(r.cpu_limit_milli, 5000);
}

TEST(overhead_also_comes_on_top_of_the_pod_as_a_whole)
{
	struct pod_resources r = of(
		"{\"spec\":{\"overhead\":{\"cpu\":\"250m\"},\"resources\":{\"requests\":{\"cpu\":\"1\"},"
		"\"limits\":{\"cpu\":\"2\"}},\"containers\":[{\"name\":\"a\"}]}}");

	expect(r.cpu_request_milli, 1250);
	expect(r.cpu_limit_milli, 2250);
	expect(r.cpu_spec_milli, 2250);
}

TEST(an_init_step_without_a_limit_leaves_the_pod_without_one)
{
	struct pod_resources r =
		of("{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}],"
		   "\"initContainers\":[{\"resources\":{\"requests\":{\"cpu\":\"2\"}}}]}}");

	expect(r.cpu_request_milli, 2000);
	expect(r.cpu_limit_milli, KNOB_VALUE_MAX);
}

TEST(a_resize_that_cannot_be_done_is_what_is_there)
{
	struct pod_resources r = of(RESIZE("\"conditions\":[{\"type\":\"PodResizePending\","
					   "\"reason\":\"Infeasible\"}],"));

	expect(r.cpu_request_milli, 2000);
	expect(r.cpu_limit_milli, 1000);
	expect(of(RESIZE("\"resize\":\"Infeasible\",")).cpu_request_milli, 2000);
	expect(of(RESIZE("\"conditions\":[{\"type\":\"PodResizePending\",\"reason\":\"Deferred\"}],"))
		       .cpu_request_milli,
	       3000);
}

TEST(a_quantity_that_is_none_is_unknown_and_costs_only_itself)
{
	static const char *const bad[] = {"\"lots\"", "\"-1\"", "true", "{}",
					  "-1",	      "1e300",	"\"\"", "\"1 \""};
	char json[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pod_resources r;

		assert_true(
			snprintf(json, sizeof(json),
				 "{\"spec\":{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":%s,"
				 "\"memory\":\"1Mi\"}}}]}}",
				 bad[i]) < (int)sizeof(json));
		r = of(json);
		assert_int_equal(r.cpu_request_milli.state, FACT_UNKNOWN);
		expect(r.memory_request_bytes, MI);
		expect(r.cpu_limit_milli, KNOB_VALUE_MAX);
	}
}

TEST(plain_numbers_of_a_file_made_by_hand_are_read)
{
	struct pod_resources r = of("{\"spec\":{\"containers\":[{\"resources\":{\"requests\":"
				    "{\"cpu\":0.5,\"memory\":1048576},\"limits\":{\"cpu\":2}}}]}}");

	expect(r.cpu_request_milli, 500);
	expect(r.memory_request_bytes, MI);
	expect(r.cpu_limit_milli, 2000);
}

TEST(sums_never_become_the_word_max)
{
	struct pod_resources r = of("{\"spec\":{\"containers\":["
				    "{\"resources\":{\"limits\":{\"memory\":\"15E\"}}},"
				    "{\"resources\":{\"limits\":{\"memory\":\"15E\"}}}]}}");

	expect(r.memory_limit_bytes, KNOB_VALUE_MAX - 1);
	expect(r.memory_request_bytes, KNOB_VALUE_MAX - 1);
}

TEST(shapes_that_make_no_sense_ask_for_nothing)
{
	static const char *const odd[] = {"{}",
					  "[]",
					  "1",
					  "{\"spec\":[]}",
					  "{\"spec\":{\"containers\":{\"a\":1}}}",
					  "{\"spec\":{\"containers\":[1,null,\"x\"]}}"};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		expect(of(odd[i]).cpu_request_milli, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_are_summed),
		cmocka_unit_test(what_it_asks_for_as_batch_is_known_where_each_container_asks),
		cmocka_unit_test(a_limit_without_a_request_is_a_request_too),
		cmocka_unit_test(a_pod_that_asks_for_nothing_is_known_to_ask_for_nothing),
		cmocka_unit_test(
			the_largest_init_step_counts_beside_the_sidecars_started_before_it),
		cmocka_unit_test(a_sidecar_runs_beside_the_containers),
		cmocka_unit_test(pod_level_resources_replace_the_sum_one_by_one),
		cmocka_unit_test(overhead_comes_on_top_of_requests_and_of_limits_that_exist),
		cmocka_unit_test(during_a_resize_the_larger_counts),
		cmocka_unit_test(
			a_sidecar_is_resized_like_a_container_and_a_step_that_is_over_is_not),
		cmocka_unit_test(a_pod_that_is_resized_as_a_whole_has_the_larger_too),
		cmocka_unit_test(overhead_also_comes_on_top_of_the_pod_as_a_whole),
		cmocka_unit_test(an_init_step_without_a_limit_leaves_the_pod_without_one),
		cmocka_unit_test(a_resize_that_cannot_be_done_is_what_is_there),
		cmocka_unit_test(a_quantity_that_is_none_is_unknown_and_costs_only_itself),
		cmocka_unit_test(plain_numbers_of_a_file_made_by_hand_are_read),
		cmocka_unit_test(sums_never_become_the_word_max),
		cmocka_unit_test(shapes_that_make_no_sense_ask_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
