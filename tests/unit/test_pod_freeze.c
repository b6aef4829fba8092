// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod's spec says of whom would be hurt if it stood still. What cannot be understood never permits.
#include "agent/discover/pod_freeze.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/test.h"

#define S 1000000

static struct pod_freeze f;

static void of(const char *json)
{
	cJSON *spec = cJSON_Parse(json);

	assert_non_null(spec);
	free(f.runtime_class);
	free(f.shared_volume);
	memset(&f, 0, sizeof(f));
	assert_int_equal(pod_freeze(spec, &f), 0);
	cJSON_Delete(spec);
}

static int teardown(void **state)
{
	(void)state;
	free(f.runtime_class);
	free(f.shared_volume);
	memset(&f, 0, sizeof(f));
	return 0;
}

TEST(a_plain_pod_hurts_nobody)
{
	of("{\"containers\":[{\"name\":\"a\"}]}");
	assert_true(f.known);
	assert_false(f.host_ipc);
	assert_null(f.runtime_class);
	assert_null(f.shared_volume);
	assert_true(f.probe_us == UINT64_MAX);
}

TEST(what_is_no_pod_is_not_known)
{
	of("{}");
	assert_false(f.known);
	of("{\"containers\":[]}");
	assert_false(f.known);
	of("[1]");
	assert_false(f.known);
}

TEST(the_nodes_ipc_and_a_runtime_class_are_seen)
{
	of("{\"hostIPC\":true,\"runtimeClassName\":\"kata-qemu\",\"containers\":[{}]}");
	assert_true(f.host_ipc);
	assert_string_equal(f.runtime_class, "kata-qemu");
	of("{\"hostIPC\":false,\"runtimeClassName\":\"\",\"containers\":[{}]}");
	assert_false(f.host_ipc);
	assert_null(f.runtime_class);
	/* Neither yes nor no. */
	of("{\"hostIPC\":\"no\",\"containers\":[{}]}");
	assert_true(f.host_ipc);
}

/* One volume `v` of this kind, mounted so. */
static const char *shared(const char *kind, const char *mount)
{
	char json[512];

	(void)snprintf(json, sizeof(json),
		       "{\"volumes\":[{\"name\":\"v\",\"%s\":{}}],\"containers\":[{},{\"%s\":["
		       "{\"name\":\"w\"},{\"name\":\"v\"%s}]}]}",
		       kind, mount[0] == 'D' ? "volumeDevices" : "volumeMounts",
		       mount[0] == 'D' ? "" : mount);
	of(json);
	return f.shared_volume;
}

TEST(a_volume_that_others_may_write_too_counts_where_it_is_written)
{
	static const char *const own[] = {"emptyDir",  "ephemeral", "configMap",  "secret",
					  "projected", "image",	    "downwardAPI"};
	static const char *const others[] = {"hostPath", "persistentVolumeClaim", "nfs", "csi",
					     "newKind"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		assert_null(shared(own[i], ""));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_string_equal(shared(others[i], ""), "v");
		assert_string_equal(shared(others[i], ",\"readOnly\":false"), "v");
		assert_string_equal(shared(others[i], "D"), "v");
		assert_null(shared(others[i], ",\"readOnly\":true"));
	}
	/* Mounted by nobody; by an init container; without a name. */
	of("{\"volumes\":[{\"name\":\"v\",\"hostPath\":{}}],\"containers\":[{}]}");
	assert_null(f.shared_volume);
	of("{\"volumes\":[{\"name\":\"v\",\"nfs\":{}}],\"containers\":[{}],"
	   "\"initContainers\":[{\"volumeMounts\":[{\"name\":\"v\"}]}]}");
	assert_string_equal(f.shared_volume, "v");
	of("{\"volumes\":[{\"nfs\":{}}],\"containers\":[{}]}");
	assert_string_equal(f.shared_volume, "?");
}

static uint64_t probe(const char *kind, const char *fields)
{
	char json[256];

	(void)snprintf(json, sizeof(json), "{\"containers\":[{},{\"%s\":{%s}}]}", kind, fields);
	of(json);
	return f.probe_us;
}

/* So many whole periods but one, and the time of one answer. */
TEST(probes_are_as_patient_as_they_say)
{
	assert_true(probe("livenessProbe", "") == 21 * S);
	assert_true(probe("livenessProbe",
			  "\"periodSeconds\":4,\"failureThreshold\":3,\"timeoutSeconds\":2") ==
		    10 * S);
	assert_true(probe("startupProbe", "\"periodSeconds\":1,\"failureThreshold\":30") == 30 * S);
	assert_true(probe("livenessProbe", "\"failureThreshold\":1,\"timeoutSeconds\":5") == 5 * S);
	assert_true(probe("livenessProbe", "\"periodSeconds\":0") == 21 * S);
	assert_true(probe("readinessProbe", "\"periodSeconds\":1") == UINT64_MAX);
	/* What cannot be meant is the worst. */
	assert_true(probe("livenessProbe", "\"periodSeconds\":-1") == 0);
	assert_true(probe("livenessProbe", "\"periodSeconds\":\"10\"") == 0);
	assert_true(probe("livenessProbe", "\"failureThreshold\":1e300") == 0);
}

TEST(of_several_probes_the_least_patient_counts)
{
	of("{\"containers\":[{\"livenessProbe\":{}}],\"initContainers\":[{\"livenessProbe\":"
	   "{\"failureThreshold\":2}}],\"ephemeralContainers\":[{}]}");
	assert_true(f.probe_us == 11 * S);
	of("{\"containers\":[{\"livenessProbe\":{},\"startupProbe\":{\"periodSeconds\":2}}]}");
	assert_true(f.probe_us == 5 * S);
	of("{\"containers\":[{\"livenessProbe\":null}]}");
	assert_true(f.probe_us == UINT64_MAX);
}

#define CASE(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_plain_pod_hurts_nobody),
		CASE(what_is_no_pod_is_not_known),
		CASE(the_nodes_ipc_and_a_runtime_class_are_seen),
		CASE(a_volume_that_others_may_write_too_counts_where_it_is_written),
		CASE(probes_are_as_patient_as_they_say),
		CASE(of_several_probes_the_least_patient_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
