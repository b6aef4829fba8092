// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/workload.h"

#include "tests/lib/test.h"

static const char *key_of(const char *kind, const char *name)
{
	static char key[WORKLOAD_KEY_SIZE];
	struct pod_facts facts = {
		.ns = (char *)"shop", .name = (char *)name, .owner_kind = (char *)kind};
	struct pod pod = {.kind = POD_KUBERNETES, .facts = &facts};

	workload_key(&pod, key);
	return key;
}

TEST(what_an_owner_generates_is_taken_off)
{
	assert_string_equal(key_of("ReplicaSet", "web-7d4b9c6f5-x2x4z"), "ReplicaSet:shop/web");
	assert_string_equal(key_of("DaemonSet", "log-shipper-x2x4z"), "DaemonSet:shop/log-shipper");
	assert_string_equal(key_of("StatefulSet", "db-0"), "StatefulSet:shop/db");
	assert_string_equal(key_of("Job", "import-x2x4z"), "Job:shop/import");
	assert_string_equal(key_of("Job", "backup-29384520-x2x4z"), "Job:shop/backup");
}

TEST(what_does_not_look_generated_stays)
{
	assert_string_equal(key_of("ReplicaSet", "web-prod"), "ReplicaSet:shop/web-prod");
	assert_string_equal(key_of("ReplicaSet", "web-cache-x2x4z"), "ReplicaSet:shop/web-cache");
	assert_string_equal(key_of("DaemonSet", "log-agent"), "DaemonSet:shop/log-agent");
	assert_string_equal(key_of("StatefulSet", "db-main"), "StatefulSet:shop/db-main");
	/* not of a Deployment, whose hashes are longer: else v2 and v4 would be one */
	assert_string_equal(key_of("ReplicaSet", "api-v2-x2x4z"), "ReplicaSet:shop/api-v2");
	assert_string_equal(key_of("Job", "shard-7-x2x4z"), "Job:shop/shard-7");
	assert_string_equal(key_of("Node", "etcd-x2x4z"), "Node:shop/etcd-x2x4z");
	assert_string_equal(key_of(NULL, "mine-x2x4z"), "Pod:shop/mine-x2x4z");
	assert_string_equal(key_of("DaemonSet", "-x2x4z"), "DaemonSet:shop/-x2x4z");
	assert_string_equal(key_of("DaemonSet", ""), "DaemonSet:shop/");
}

TEST(without_facts_it_is_the_pods_own_name)
{
	struct pod pod = {.kind = POD_KUBERNETES, .name = "0a0a-1"};
	char key[WORKLOAD_KEY_SIZE];

	workload_key(&pod, key);
	assert_string_equal(key, "uid:0a0a-1");
	pod.kind = POD_UNIT;
	workload_key(&pod, key);
	assert_string_equal(key, "unit:0a0a-1");
	pod.kind = POD_CGROUP;
	workload_key(&pod, key);
	assert_string_equal(key, "cgroup:0a0a-1");
}

TEST(a_name_of_any_length_is_cut)
{
	char name[1024];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(strlen(key_of("Job", name)), WORKLOAD_KEY_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_owner_generates_is_taken_off),
		cmocka_unit_test(what_does_not_look_generated_stays),
		cmocka_unit_test(without_facts_it_is_the_pods_own_name),
		cmocka_unit_test(a_name_of_any_length_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
