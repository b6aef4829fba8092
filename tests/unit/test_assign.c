// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/assign.h"
#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define LEVELS                                                                                     \
	"version: 1\n"                                                                             \
	"levels:\n"                                                                                \
	"  P0: {role: online}\n"                                                                   \
	"  P1: {role: online}\n"                                                                   \
	"  P4: {role: online}\n"                                                                   \
	"  P6: {role: offline, cpu: {yield: ratio 50}}\n"                                          \
	"  P7: {role: offline, cpu: {yield: ratio 50}}\n"                                          \
	"assign:\n"
#define R(match, level) "- {match: {" match "}, level: " level "}\n"
#define BY_QOS R("qos: Guaranteed", "P0") R("qos: Burstable", "P4") R("qos: BestEffort", "P7")
#define UID "3ea3ef66-5f89-43b7-b88b-6ee26f5b18a4"
#define STATIC_UID "07bd11a0a13dfe5450a17a39eb8e32d2"

static struct policy *policy;
static struct pod pod;
static struct pod_facts facts;
static struct cgroup cgroup;
static struct assignment got;

static void use(const char *yaml)
{
	policy_free(policy);
	policy = NULL;
	policy = policy_case_read(&yaml, 1);
}

/* A pod of the namespace "shop" that the kubelet has told about. */
static int setup(void **state)
{
	(void)state;
	policy = NULL;
	memset(&cgroup, 0, sizeof(cgroup));
	cgroup.path = (char *)"kubepods.slice/kubepods-besteffort.slice/pod";
	cgroup.name = "pod";
	cgroup.kind = CGROUP_POD;
	facts = (struct pod_facts){.ns = (char *)"shop", .name = (char *)"web-1"};
	memset(&pod, 0, sizeof(pod));
	strcpy(pod.uid, UID);
	pod.kind = POD_KUBERNETES;
	pod.qos = QOS_BESTEFFORT;
	pod.cgroup = &cgroup;
	pod.facts_state = FACT_KNOWN;
	pod.facts = &facts;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	policy = NULL;
	return 0;
}

static void set_facts_state(enum fact_state state)
{
	pod.facts_state = state;
	pod.facts = state == FACT_KNOWN ? &facts : NULL;
}

static void be_unit(const char *path, enum pod_kind kind)
{
	const char *slash = strrchr(path, '/');

	pod.kind = kind;
	pod.uid[0] = '\0';
	pod.qos = QOS_NONE;
	set_facts_state(FACT_ABSENT);
	cgroup.kind = CGROUP_OTHER;
	cgroup.path = (char *)path;
	cgroup.name = slash ? slash + 1 : path;
}

/* The rule as its number among those of the file. */
static int user_rule(void)
{
	int n = got.rule;

	for (size_t i = 0; i < policy->n_rules && policy->rules[i].built_in; i++)
		n--;
	return n;
}

static void expect_level(enum level level, enum role role, int rule)
{
	assign_pod(policy, &pod, &got);
	assert_int_equal(got.state, ASSIGNMENT_LEVEL);
	assert_int_equal(got.level, level);
	assert_int_equal(got.role, role);
	assert_int_equal(user_rule(), rule);
	assert_null(got.waiting_for);
}

static void expect_none(void)
{
	assign_pod(policy, &pod, &got);
	assert_int_equal(got.state, ASSIGNMENT_NONE);
	assert_int_equal(got.level, LEVEL_NONE);
	assert_int_equal(got.role, ROLE_INVALID);
	assert_int_equal(got.rule, -1);
	assert_false(got.may_hold);
}

static void expect_waiting(const char *fact, int rule)
{
	assign_pod(policy, &pod, &got);
	assert_int_equal(got.state, ASSIGNMENT_WAITING);
	assert_int_equal(got.level, LEVEL_NONE);
	assert_int_equal(got.role, ROLE_INVALID);
	assert_string_equal(got.waiting_for, fact);
	assert_int_equal(user_rule(), rule);
	assert_false(got.may_hold);
}

TEST(the_first_rule_that_matches_gives_the_level)
{
	use(LEVELS R("namespace: bank", "P0") R("namespace: 'sh*'", "P4")
		    R("qos: BestEffort", "P7"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	facts.ns = (char *)"bank";
	expect_level(LEVEL_P0, ROLE_ONLINE, 0);
	facts.ns = (char *)"other";
	expect_level(LEVEL_P7, ROLE_OFFLINE, 2);
	assert_true(got.may_hold);
	pod.qos = QOS_BURSTABLE;
	expect_none();
}

TEST(each_fact_of_a_pod_can_decide)
{
	struct pod_label labels[] = {{(char *)"tier", (char *)"x"},
				     {(char *)"app", (char *)"web-7"}};
	struct pod_label annotations[] = {{(char *)"note", NULL}};

	facts.labels = labels;
	facts.n_labels = 2;
	facts.annotations = annotations;
	facts.n_annotations = 1;
	facts.priority_class = (char *)"gold";
	facts.owner_kind = (char *)"Job";
	use(LEVELS R("name: web-2", "P0") R("name: 'web-*'", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("label: app=api", "P0") R("label: 'app=web-*'", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("label: ap", "P0") R("label: app", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("annotation: app", "P0") R("annotation: note", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("priorityClass: silver", "P0") R("priorityClass: gold", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("ownerKind: DaemonSet", "P0") R("ownerKind: Job", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("static: true", "P0") R("static: false", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	use(LEVELS R("unit: pod", "P0") R("cgroup: 'kubepods.slice/*'", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
}

TEST(a_pod_that_has_no_such_thing_does_not_match)
{
	use(LEVELS R("priorityClass: '*'", "P0") R("ownerKind: '*'", "P0") R("label: a", "P0")
		    R("annotation: a", "P0") R("qos: BestEffort", "P7"));
	expect_level(LEVEL_P7, ROLE_OFFLINE, 4);
}

TEST(all_conditions_of_a_rule_must_hold)
{
	use(LEVELS R("namespace: shop, qos: Burstable", "P0")
		    R("namespace: shop, qos: BestEffort", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	facts.ns = (char *)"bank";
	expect_none();
}

TEST(a_rule_that_needs_an_unknown_fact_stops_the_search)
{
	set_facts_state(FACT_UNKNOWN);
	use(LEVELS R("namespace: kube-system", "P1") BY_QOS);
	expect_waiting("namespace", 0);
	use(LEVELS R("qos: Burstable", "P4") R("label: a", "P1") R("qos: BestEffort", "P7"));
	expect_waiting("label", 1);
	use(LEVELS R("qos: BestEffort, ownerKind: Job", "P7"));
	expect_waiting("ownerKind", 0);
	use(LEVELS R("static: true", "P1") BY_QOS);
	expect_waiting("static", 0);
	use(LEVELS R("annotation: colod.io/level", "from-value") BY_QOS);
	expect_waiting("annotation", 0);
}

TEST(a_condition_known_not_to_hold_makes_unknown_ones_moot)
{
	set_facts_state(FACT_UNKNOWN);
	pod.qos = QOS_BURSTABLE;
	use(LEVELS R("namespace: a, qos: BestEffort", "P7") R("qos: Burstable", "P4"));
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
}

TEST(known_facts_that_are_not_there_count_as_unknown)
{
	pod.facts = NULL;
	use(LEVELS R("namespace: a", "P1") BY_QOS);
	expect_waiting("namespace", 0);
}

TEST(an_absent_fact_makes_the_rule_not_match_and_forbids_holds)
{
	set_facts_state(FACT_ABSENT);
	use(LEVELS R("namespace: shop", "P0") R("static: true", "P0") R("static: false", "P0")
		    R("label: a", "P0") R("qos: BestEffort", "P7"));
	expect_level(LEVEL_P7, ROLE_OFFLINE, 4);
	assert_false(got.may_hold);
	assert_false(got.kept_online);
}

TEST(a_pod_with_unknown_facts_is_not_called_offline_by_its_class_alone)
{
	use(LEVELS BY_QOS);
	set_facts_state(FACT_UNKNOWN);
	expect_waiting("priorityClass", 2);
	pod.qos = QOS_GUARANTEED;
	expect_level(LEVEL_P0, ROLE_ONLINE, 0);
}

TEST(only_a_known_offline_pod_that_is_not_going_away_may_be_held)
{
	use(LEVELS BY_QOS);
	expect_level(LEVEL_P7, ROLE_OFFLINE, 2);
	assert_true(got.may_hold);
	facts.deleting = true;
	expect_level(LEVEL_P7, ROLE_OFFLINE, 2);
	assert_false(got.may_hold);
	facts.deleting = false;
	pod.qos = QOS_GUARANTEED;
	expect_level(LEVEL_P0, ROLE_ONLINE, 0);
	assert_false(got.may_hold);
}

static void expect_kept_online(int rule)
{
	expect_level(LEVEL_P1, ROLE_ONLINE, rule);
	assert_true(got.kept_online);
	assert_false(got.may_hold);
}

TEST(static_and_critical_pods_are_never_offline)
{
	use(LEVELS BY_QOS);
	facts.is_static = true;
	expect_kept_online(2);
	facts.is_static = false;
	facts.priority_class = (char *)"system-node-critical";
	expect_kept_online(2);
	facts.priority_class = (char *)"system-cluster-critical";
	expect_kept_online(2);
	facts.priority_class = (char *)"system-critical-batch";
	expect_level(LEVEL_P7, ROLE_OFFLINE, 2);
	assert_false(got.kept_online);
	facts.priority_class = NULL;
	strcpy(pod.uid, STATIC_UID);
	expect_kept_online(2);
}

TEST(an_online_level_of_a_critical_pod_stays_what_the_rule_says)
{
	use(LEVELS BY_QOS);
	facts.is_static = true;
	pod.qos = QOS_BURSTABLE;
	expect_level(LEVEL_P4, ROLE_ONLINE, 1);
	assert_false(got.kept_online);
}

TEST(a_static_pod_shows_by_its_uid_when_nobody_tells)
{
	use(LEVELS R("static: true", "P4") BY_QOS);
	strcpy(pod.uid, STATIC_UID);
	set_facts_state(FACT_ABSENT);
	expect_level(LEVEL_P4, ROLE_ONLINE, 0);
	set_facts_state(FACT_UNKNOWN);
	expect_level(LEVEL_P4, ROLE_ONLINE, 0);
	use(LEVELS BY_QOS);
	expect_kept_online(2);
	strcpy(pod.uid, "07bd11a0a13dfe5450a17a39eb8e32dX");
	set_facts_state(FACT_ABSENT);
	expect_level(LEVEL_P7, ROLE_OFFLINE, 2);
}

#define CLAIMS                                                                                     \
	LEVELS R("annotation: colod.io/level", "from-value") R("label: class", "from-value") BY_QOS

static struct pod_label claim = {(char *)"colod.io/level", NULL};
static struct pod_label second = {(char *)"class", NULL};

static void expect_claim(const char *value, enum level level, enum role role, int rule)
{
	claim.value = (char *)value;
	facts.annotations = &claim;
	facts.n_annotations = value ? 1 : 0;
	expect_level(level, role, rule);
}

TEST(a_claim_lowers_but_never_goes_above_what_the_rules_below_give)
{
	use(CLAIMS);
	pod.qos = QOS_GUARANTEED;
	expect_claim(NULL, LEVEL_P0, ROLE_ONLINE, 2);
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 0);
	expect_claim("P7", LEVEL_P7, ROLE_OFFLINE, 0);
	assert_true(got.may_hold);
	pod.qos = QOS_BURSTABLE;
	expect_claim("P0", LEVEL_P4, ROLE_ONLINE, 3);
	expect_claim("P1", LEVEL_P4, ROLE_ONLINE, 3);
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 0);
	pod.qos = QOS_BESTEFFORT;
	expect_claim("P4", LEVEL_P7, ROLE_OFFLINE, 4);
	expect_claim("P6", LEVEL_P7, ROLE_OFFLINE, 4);
}

TEST(a_claim_that_is_no_defined_level_counts_for_nothing)
{
	static const char *const values[] = {"", "P8", "p7", "7", "P3", "P7 ", "from-value"};

	use(CLAIMS);
	pod.qos = QOS_BURSTABLE;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		expect_claim(values[i], LEVEL_P4, ROLE_ONLINE, 3);
}

TEST(a_claim_without_a_rule_below_that_matches_gives_nothing)
{
	use(LEVELS R("annotation: colod.io/level", "from-value") R("qos: Burstable", "P4"));
	claim.value = (char *)"P4";
	facts.annotations = &claim;
	facts.n_annotations = 1;
	expect_none();
}

TEST(of_two_claims_the_lower_one_counts)
{
	use(CLAIMS);
	pod.qos = QOS_GUARANTEED;
	facts.labels = &second;
	facts.n_labels = 1;
	second.value = (char *)"P4";
	expect_claim("P7", LEVEL_P7, ROLE_OFFLINE, 0);
	expect_claim("P1", LEVEL_P4, ROLE_ONLINE, 1);
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 0);
}

TEST(a_critical_pod_cannot_claim_itself_offline)
{
	use(CLAIMS);
	pod.qos = QOS_GUARANTEED;
	facts.priority_class = (char *)"system-node-critical";
	claim.value = (char *)"P7";
	facts.annotations = &claim;
	facts.n_annotations = 1;
	expect_kept_online(0);
}

TEST(units_and_cgroups_match_by_name_and_path_and_by_no_fact)
{
	use(LEVELS R("namespace: '*'", "P0") R("static: false", "P0")
		    BY_QOS R("unit: 'batch-*.slice'", "P7") R("cgroup: 'machine.slice/*'", "P4"));
	be_unit("batch.slice/batch-x.slice", POD_UNIT);
	expect_level(LEVEL_P7, ROLE_OFFLINE, 5);
	assert_true(got.may_hold);
	be_unit("machine.slice/libpod-1.scope", POD_CGROUP);
	expect_level(LEVEL_P4, ROLE_ONLINE, 6);
	be_unit("other.slice", POD_UNIT);
	expect_none();
}

TEST(a_pod_of_kubernetes_is_no_unit)
{
	use(LEVELS R("unit: '*'", "P7") R("qos: BestEffort", "P6"));
	expect_level(LEVEL_P6, ROLE_OFFLINE, 1);
}

TEST(kubelet_runtime_and_colod_are_online_by_built_in_rules)
{
	static const char *const paths[] = {"a/kubelet.service", "a/containerd.service",
					    "a/crio.service", "docker.service", "a/colod.service"};

	use(LEVELS R("unit: '*'", "P7"));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		be_unit(paths[i], POD_UNIT);
		assign_pod(policy, &pod, &got);
		assert_int_equal(got.level, LEVEL_P1);
		assert_int_equal(got.role, ROLE_ONLINE);
		assert_true(policy->rules[got.rule].built_in);
		assert_false(got.may_hold);
	}
}

TEST(a_policy_without_p1_still_keeps_system_units_online)
{
	use("version: 1\nlevels: {P7: {role: offline, cpu: {yield: ratio 50}}}\n"
	    "assign: [{match: {unit: '*'}, level: P7}]\n");
	be_unit("system.slice/kubelet.service", POD_UNIT);
	assign_pod(policy, &pod, &got);
	assert_int_equal(got.level, LEVEL_P1);
	assert_int_equal(got.role, ROLE_ONLINE);
	assert_false(policy->levels[LEVEL_P1].defined);
}

TEST(a_slice_that_holds_a_system_unit_or_the_pods_is_never_offline)
{
	struct cgroup first = {.path = (char *)"system.slice/cron.service", .name = "cron.service"};
	struct cgroup inner = {.path = (char *)"system.slice/x.slice", .name = "x.slice"};
	struct cgroup deep = {.path = (char *)"system.slice/x.slice/y", .name = "y"};
	struct cgroup beside = {.path = (char *)"kubelet.service", .name = "kubelet.service"};

	use(LEVELS R("unit: '*.slice'", "P7"));
	be_unit("system.slice", POD_UNIT);
	cgroup.next_sibling = &beside;
	cgroup.first_child = &first;
	first.parent = inner.parent = &cgroup;
	first.next_sibling = &inner;
	inner.first_child = &deep;
	deep.parent = &inner;
	expect_level(LEVEL_P7, ROLE_OFFLINE, 0);
	assert_false(got.kept_online);
	deep.name = "kubelet.service";
	expect_kept_online(0);
	deep.name = "y";
	inner.kind = CGROUP_KUBEPODS;
	expect_kept_online(0);
}

TEST(cgroups_become_pods_only_by_unit_and_cgroup_rules)
{
	use(LEVELS R("name: 'cron*'", "P0") R("unit: 'batch-*.slice'", "P7")
		    R("cgroup: 'machine.slice/*.scope'", "P4")
			    R("unit: 'a.scope', cgroup: 'only/*'", "P4")
				    R("cgroup: 'kubepods*', qos: BestEffort", "P7"));
	assert_int_equal(assign_wants_cgroup(policy, "batch.slice/batch-1.slice"), POD_UNIT);
	assert_int_equal(assign_wants_cgroup(policy, "batch-1.slice"), POD_UNIT);
	assert_int_equal(assign_wants_cgroup(policy, "machine.slice/libpod-1.scope"), POD_CGROUP);
	assert_int_equal(assign_wants_cgroup(policy, "system.slice/kubelet.service"), POD_UNIT);
	assert_int_equal(assign_wants_cgroup(policy, "only/a.scope"), POD_UNIT);
	assert_int_equal(assign_wants_cgroup(policy, "elsewhere/a.scope"), -ENOENT);
	assert_int_equal(assign_wants_cgroup(policy, "batch-1.slice/inner"), -ENOENT);
	assert_int_equal(assign_wants_cgroup(policy, "system.slice/cron.service"), -ENOENT);
	assert_int_equal(assign_wants_cgroup(policy, ""), -ENOENT);
	assert_int_equal(assign_wants_cgroup(policy, "a/"), -ENOENT);
}

TEST(without_a_policy_nothing_has_a_level)
{
	policy = policy_none();
	assert_non_null(policy);
	expect_none();
	assert_int_equal(assign_wants_cgroup(policy, "system.slice/kubelet.service"), -ENOENT);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_first_rule_that_matches_gives_the_level),
		T(each_fact_of_a_pod_can_decide),
		T(a_pod_that_has_no_such_thing_does_not_match),
		T(all_conditions_of_a_rule_must_hold),
		T(a_rule_that_needs_an_unknown_fact_stops_the_search),
		T(a_condition_known_not_to_hold_makes_unknown_ones_moot),
		T(known_facts_that_are_not_there_count_as_unknown),
		T(an_absent_fact_makes_the_rule_not_match_and_forbids_holds),
		T(a_pod_with_unknown_facts_is_not_called_offline_by_its_class_alone),
		T(only_a_known_offline_pod_that_is_not_going_away_may_be_held),
		T(static_and_critical_pods_are_never_offline),
		T(an_online_level_of_a_critical_pod_stays_what_the_rule_says),
		T(a_static_pod_shows_by_its_uid_when_nobody_tells),
		T(a_claim_lowers_but_never_goes_above_what_the_rules_below_give),
		T(a_claim_that_is_no_defined_level_counts_for_nothing),
		T(a_claim_without_a_rule_below_that_matches_gives_nothing),
		T(of_two_claims_the_lower_one_counts),
		T(a_critical_pod_cannot_claim_itself_offline),
		T(units_and_cgroups_match_by_name_and_path_and_by_no_fact),
		T(a_pod_of_kubernetes_is_no_unit),
		T(kubelet_runtime_and_colod_are_online_by_built_in_rules),
		T(a_policy_without_p1_still_keeps_system_units_online),
		T(a_slice_that_holds_a_system_unit_or_the_pods_is_never_offline),
		T(cgroups_become_pods_only_by_unit_and_cgroup_rules),
		T(without_a_policy_nothing_has_a_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
