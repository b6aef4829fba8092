// SPDX-License-Identifier: LGPL-2.1-or-later
// The shipped profiles say what their comments and policy/README.md promise. Reads
// policy/profiles: run from the top of the repository, as make check does.
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/assign.h"
#include "policy/read.h"
#include "tests/lib/policy_case.h"

static struct policy *policy;

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	policy = NULL;
	return 0;
}

/* Fails the test for any message at all. */
static void load(const char *name)
{
	static char text[64 * 1024];
	const char *texts[] = {text};
	char path[128];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "policy/profiles/%s.yaml", name);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	policy = policy_case_read(texts, 1);
}

static void expect_amount(const struct amount *a, enum amount_kind kind, uint64_t value)
{
	assert_int_equal(a->kind, kind);
	assert_int_equal(a->value, value);
}

static void expect_defined(const char *levels)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		assert_int_equal(policy->levels[i].defined, strchr(levels, '0' + i) != NULL);
}

static void expect_offline_p7(void)
{
	const struct level_policy *p7 = &policy->levels[LEVEL_P7];

	assert_int_equal(p7->role, ROLE_OFFLINE);
	assert_int_equal(p7->cpu.yield, YIELD_RATIO);
	assert_int_equal(p7->cpu.yield_ratio, 50);
	assert_true(p7->cpu.squeeze);
	assert_int_equal(p7->cpu.squeeze_target_permille, 650);
	assert_int_equal(p7->cpu.squeeze_floor_permille, 20);
	expect_amount(&p7->memory.high, AMOUNT_PERMILLE_OF_LIMIT, 800);
	assert_int_equal(p7->io.weight, 10);
	/* A quota on work that yields by weight was measured to help nobody: none unless a policy asks. */
	assert_false(policy->pressure_cpu.on);
	assert_true(policy->pressure_memory.on);
	assert_int_equal(policy->pressure_memory.threshold_permille, 100);
	assert_int_equal(policy->pressure_memory.window_us, 1000000);
	assert_int_equal(policy->pressure_memory.steps &
				 ~(1u << ACTION_FREEZE | 1u << ACTION_EVICT),
			 1u << ACTION_SQUEEZE_MEMORY | 1u << ACTION_RECLAIM);
}

TEST(every_profile_observes_until_somebody_says_otherwise)
{
	static const char *const names[] = {"default", "colocation", "standalone", "strict-memory"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		load(names[i]);
		assert_int_equal(policy->mode, MODE_OBSERVE);
		policy_free(policy);
		policy = NULL;
	}
}

TEST(the_default_profile_is_the_one_of_the_design)
{
	const struct level_policy *levels;

	load("default");
	levels = policy->levels;
	assert_int_equal(policy->facts, FACTS_KUBELET);
	expect_defined("0147");
	assert_true(levels[LEVEL_P0].sensitive);
	assert_false(levels[LEVEL_P4].sensitive);
	for (int i = 0; i < LEVEL_P7; i++) {
		if (!levels[i].defined)
			continue;
		assert_int_equal(levels[i].role, ROLE_ONLINE);
		assert_int_equal(levels[i].cpu.weight, WEIGHT_REQUEST);
		expect_amount(&levels[i].memory.high, AMOUNT_NONE, 0);
	}
	expect_amount(&levels[LEVEL_P0].memory.min, AMOUNT_REQUEST, 0);
	expect_amount(&levels[LEVEL_P1].memory.low, AMOUNT_REQUEST, 0);
	expect_amount(&levels[LEVEL_P4].memory.low, AMOUNT_REQUEST, 0);
	expect_amount(&levels[LEVEL_P4].memory.min, AMOUNT_NONE, 0);
	assert_int_equal(levels[LEVEL_P0].io.weight, 1000);
	assert_int_equal(levels[LEVEL_P1].io.weight, 0);
	assert_int_equal(levels[LEVEL_P4].io.weight, 300);
	expect_offline_p7();
}

struct kind_of_pod {
	const char *ns;
	const char *priority_class;
	const char *owner_kind;
	const char *claim;
	enum qos qos;
	enum level level;
};

static enum level level_of(const struct kind_of_pod *k)
{
	struct pod_label claim = {(char *)"colod.io/level", (char *)k->claim};
	struct pod_facts facts = {
		.ns = (char *)k->ns,
		.name = (char *)"p",
		.priority_class = (char *)k->priority_class,
		.owner_kind = (char *)k->owner_kind,
		.annotations = &claim,
		.n_annotations = k->claim ? 1 : 0,
	};
	struct cgroup cgroup = {.path = (char *)"kubepods/x", .name = "x", .kind = CGROUP_POD};
	struct pod pod = {
		.kind = POD_KUBERNETES,
		.uid = "3ea3ef66-5f89-43b7-b88b-6ee26f5b18a4",
		.qos = k->qos,
		.cgroup = &cgroup,
		.facts_state = FACT_KNOWN,
		.facts = &facts,
	};
	struct assignment a;

	assign_pod(policy, &pod, &a);
	assert_int_equal(a.state, ASSIGNMENT_LEVEL);
	return a.level;
}

TEST(pods_of_a_real_cluster_get_the_level_they_should_by_default)
{
	static const struct kind_of_pod kinds[] = {
		{"shop", NULL, "ReplicaSet", NULL, QOS_GUARANTEED, LEVEL_P0},
		{"shop", NULL, "ReplicaSet", NULL, QOS_BURSTABLE, LEVEL_P4},
		{"shop", NULL, "Job", NULL, QOS_BESTEFFORT, LEVEL_P7},
		{"shop", "batch-low", "Job", NULL, QOS_GUARANTEED, LEVEL_P7},
		{"shop", NULL, "ReplicaSet", "P7", QOS_GUARANTEED, LEVEL_P7},
		{"shop", NULL, "ReplicaSet", "P0", QOS_BURSTABLE, LEVEL_P4},
		{"shop", NULL, "ReplicaSet", "P0", QOS_BESTEFFORT, LEVEL_P7},
		{"shop", "system-cluster-critical", "ReplicaSet", NULL, QOS_BESTEFFORT, LEVEL_P1},
		{"kube-system", "system-node-critical", "DaemonSet", NULL, QOS_BESTEFFORT,
		 LEVEL_P1},
		{"kube-system", NULL, "ReplicaSet", "P7", QOS_BURSTABLE, LEVEL_P1},
		{"monitoring", NULL, "DaemonSet", NULL, QOS_BESTEFFORT, LEVEL_P1},
	};

	load("default");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		enum level level = level_of(&kinds[i]);

		if (level != kinds[i].level)
			fail_msg("kind %zu: P%d instead of P%d", i, level, kinds[i].level);
	}
	assert_int_equal(assign_wants_cgroup(policy, "batch.slice/batch-x.slice"), POD_UNIT);
}

TEST(strict_memory_protects_and_limits_every_level_and_else_is_the_default)
{
	size_t n_rules;

	load("default");
	n_rules = policy->n_rules;
	policy_free(policy);
	policy = NULL;
	load("strict-memory");
	expect_defined("0147");
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (!policy->levels[i].defined)
			continue;
		expect_amount(&policy->levels[i].memory.min, AMOUNT_REQUEST, 0);
		expect_amount(&policy->levels[i].memory.high, AMOUNT_PERMILLE_OF_LIMIT, 800);
	}
	expect_offline_p7();
	assert_int_equal(policy->n_rules, n_rules);
}

static enum level level_of_unit(const char *name)
{
	struct cgroup cgroup = {.path = (char *)name, .name = name};
	struct pod pod = {.kind = POD_UNIT, .cgroup = &cgroup, .facts_state = FACT_ABSENT};
	struct assignment a;

	assert_int_equal(assign_wants_cgroup(policy, name), POD_UNIT);
	assign_pod(policy, &pod, &a);
	return a.level;
}

TEST(colocation_gives_sensitive_pods_their_own_cores_and_takes_batch_pods_first)
{
	load("colocation");
	expect_defined("0147");
	assert_true(policy->levels[LEVEL_P0].sensitive);
	assert_int_equal(policy->levels[LEVEL_P0].cpu.cores, CORES_EXCLUSIVE);
	assert_int_equal(policy->levels[LEVEL_P0].memory.oom, OOM_PROTECT);
	assert_int_equal(policy->levels[LEVEL_P7].memory.oom, OOM_FIRST);
	assert_true(policy->levels[LEVEL_P7].io.squeeze);
	assert_int_equal(policy->n_pressure, 3);
	assert_true(policy->pressure_memory.steps & (1u << ACTION_FREEZE));
	expect_offline_p7();
}

TEST(standalone_gives_slices_their_levels_and_needs_no_facts)
{
	load("standalone");
	assert_int_equal(policy->facts, FACTS_CGROUP);
	expect_defined("0147");
	expect_offline_p7();
	assert_int_equal(level_of_unit("latency.slice"), LEVEL_P0);
	assert_int_equal(level_of_unit("system.slice"), LEVEL_P1);
	assert_int_equal(level_of_unit("user.slice"), LEVEL_P4);
	assert_int_equal(level_of_unit("batch.slice"), LEVEL_P7);
	assert_true(assign_wants_cgroup(policy, "machine.slice") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_profile_observes_until_somebody_says_otherwise,
					  teardown),
		cmocka_unit_test_teardown(the_default_profile_is_the_one_of_the_design, teardown),
		cmocka_unit_test_teardown(
			pods_of_a_real_cluster_get_the_level_they_should_by_default, teardown),
		cmocka_unit_test_teardown(
			strict_memory_protects_and_limits_every_level_and_else_is_the_default,
			teardown),
		cmocka_unit_test_teardown(
			colocation_gives_sensitive_pods_their_own_cores_and_takes_batch_pods_first,
			teardown),
		cmocka_unit_test_teardown(standalone_gives_slices_their_levels_and_needs_no_facts,
					  teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
