// SPDX-License-Identifier: LGPL-2.1-or-later
// How the rules were tried (assign_explain) and what is said of each.
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/assign_text.h"
#include "policy/names.h"
#include "policy/read.h"
#include "policy/reason_text.h"
#include "tests/lib/policy_case.h"

#define LEVELS                                                                                     \
	"version: 1\n"                                                                             \
	"levels:\n"                                                                                \
	"  P0: {role: online}\n"                                                                   \
	"  P1: {role: online}\n"                                                                   \
	"  P4: {role: online}\n"                                                                   \
	"  P7: {role: offline, cpu: {yield: ratio 50}}\n"                                          \
	"assign:\n"
#define R(match, level) "- {match: {" match "}, level: " level "}\n"
#define STATIC_UID "07bd11a0a13dfe5450a17a39eb8e32d2"

static struct policy *policy;
static struct pod pod;
static struct pod_facts facts;
static struct pod_label label, annotation;
static struct pod_container containers[2];
static struct cgroup cgroup;
static struct assignment got;
static char told[4096];

static int setup(void **state)
{
	(void)state;
	policy = NULL;
	told[0] = '\0';
	cgroup = (struct cgroup){.path = (char *)"kubepods.slice/pod1", .name = "pod1"};
	label = (struct pod_label){(char *)"app", (char *)"web"};
	annotation = (struct pod_label){(char *)"colod.io/level", (char *)"P1"};
	facts = (struct pod_facts){.ns = (char *)"shop",
				   .name = (char *)"web-1",
				   .owner_kind = (char *)"ReplicaSet",
				   .labels = &label,
				   .n_labels = 1,
				   .annotations = &annotation,
				   .n_annotations = 1};
	memset(&pod, 0, sizeof(pod));
	pod.kind = POD_KUBERNETES;
	pod.qos = QOS_BURSTABLE;
	pod.cgroup = &cgroup;
	pod.facts_state = FACT_KNOWN;
	pod.facts = &facts;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	return 0;
}

static void on_step(void *context, const struct assign_step *step)
{
	char wants[ASSIGN_TEXT_SIZE] = "", has[ASSIGN_TEXT_SIZE] = "", text[1024];

	(void)context;
	if (policy->rules[step->rule].built_in && step->outcome == ASSIGN_NO)
		return;
	if (step->match) {
		(void)reason_text_match(step->match, wants, sizeof(wants));
		(void)assign_text_has(step->match, &pod, has, sizeof(has));
	}
	(void)snprintf(text, sizeof(text), "%u %s%s%s%s%s%s%s\n", policy->rules[step->rule].line,
		       assign_text_outcome(step->outcome), step->match ? ": " : "", wants,
		       step->match ? " / " : "", has, step->outcome == ASSIGN_CLAIMS ? " " : "",
		       step->outcome == ASSIGN_CLAIMS ? names_level(step->claim) : "");
	(void)strcat(told, text);
}

/* What was told of each rule; the result must be what assign_pod() gives. */
static void expect(const char *yaml, const char *text)
{
	struct assignment plain;

	policy_free(policy);
	policy = NULL;
	policy = policy_case_read(&yaml, 1);
	told[0] = '\0';
	assign_explain(policy, &pod, on_step, NULL, &got);
	assign_pod(policy, &pod, &plain);
	assert_int_equal(plain.state, got.state);
	assert_int_equal(plain.level, got.level);
	assert_int_equal(plain.rule, got.rule);
	assert_string_equal(told, text);
}

TEST(the_first_condition_that_does_not_hold_is_told_and_the_search_ends_at_the_match)
{
	expect(LEVELS R("namespace: bank", "P0") R("namespace: shop, ownerKind: DaemonSet", "P1")
		       R("qos: Burstable", "P4") R("qos: BestEffort", "P7"),
	       "8 no: namespace: bank / shop\n"
	       "9 no: ownerKind: DaemonSet / ReplicaSet\n"
	       "10 matches\n");
	assert_int_equal(got.level, LEVEL_P4);
}

TEST(what_each_condition_is_held_against)
{
	expect(LEVELS R("name: api-*", "P0") R("label: app=db", "P0") R("label: tier", "P0")
		       R("annotation: colod.io/level=P0", "P0") R("priorityClass: gold", "P0")
			       R("static: true", "P0") R("qos: Guaranteed", "P0")
				       R("cgroup: a/b", "P0") R("unit: x.service", "P0")
					       R("runtime: docker", "P0"),
	       "8 no: name: api-* / web-1\n"
	       "9 no: label: app=db / app=web\n"
	       "10 no: label: tier / no label tier\n"
	       "11 no: annotation: colod.io/level=P0 / colod.io/level=P1\n"
	       "12 no: priorityClass: gold / none\n"
	       "13 no: static: true / false\n"
	       "14 no: qos: Guaranteed / Burstable\n"
	       "15 no: cgroup: a/b / kubepods.slice/pod1\n"
	       "16 no: unit: x.service / no unit: it is a Kubernetes pod\n"
	       "17 waits: runtime: docker / no container yet\n");
	assert_int_equal(got.state, ASSIGNMENT_WAITING);
}

TEST(an_unknown_fact_ends_the_search_and_an_absent_one_does_not)
{
	pod.facts = NULL;
	pod.facts_state = FACT_UNKNOWN;
	expect(LEVELS R("qos: Guaranteed, namespace: shop", "P0") R("namespace: shop", "P1")
		       R("qos: Burstable", "P4"),
	       "8 no: qos: Guaranteed / Burstable\n"
	       "9 waits: namespace: shop / not known yet\n");
	expect(LEVELS R("namespace: shop, qos: Burstable", "P0"),
	       "8 waits: namespace: shop / not known yet\n");
	expect(LEVELS R("namespace: shop, qos: BestEffort", "P0"),
	       "8 no: qos: BestEffort / Burstable\n");
	pod.facts_state = FACT_ABSENT;
	expect(LEVELS R("namespace: shop", "P1") R("qos: Burstable", "P4"),
	       "8 no: namespace: shop / no such thing: the policy has nobody asked for facts\n"
	       "9 matches\n");
	pod.kind = POD_UNIT;
	expect(LEVELS R("namespace: shop", "P1") R("qos: Burstable", "P4")
		       R("unit: b.service", "P7"),
	       "8 no: namespace: shop / no such thing: it is no Kubernetes pod\n"
	       "9 no: qos: Burstable / no class: it is no Kubernetes pod\n"
	       "10 no: unit: b.service / pod1\n");
}

TEST(a_static_uid_tells_without_facts)
{
	strcpy(pod.uid, STATIC_UID);
	pod.facts = NULL;
	pod.facts_state = FACT_UNKNOWN;
	expect(LEVELS R("static: false", "P0") R("qos: Burstable", "P4"),
	       "8 no: static: false / true\n9 matches\n");
}

TEST(containers_tell_their_runtimes)
{
	pod.containers = containers;
	pod.n_containers = 2;
	containers[0].runtime = containers[1].runtime = RUNTIME_CRIO;
	expect(LEVELS R("runtime: docker", "P0") R("qos: Burstable", "P4"),
	       "8 no: runtime: docker / cri-o\n9 matches\n");
	containers[1].runtime = RUNTIME_UNKNOWN;
	expect(LEVELS R("runtime: docker", "P0") R("qos: Burstable", "P4"),
	       "8 waits: runtime: docker / cri-o, a container whose cgroup does not say by whom\n");
	pod.kind = POD_UNIT;
	expect(LEVELS R("runtime: podman", "P0") R("cgroup: '*'", "P4"),
	       "8 no: runtime: podman / no container\n9 matches\n");
}

TEST(a_claim_and_what_is_none_are_told_apart)
{
	expect(LEVELS R("annotation: colod.io/level", "from-value") R("qos: Burstable", "P4"),
	       "8 claims P1\n9 matches\n");
	assert_int_equal(got.level, LEVEL_P4);
	annotation.value = (char *)"gold";
	expect(LEVELS R("annotation: colod.io/level", "from-value") R("qos: Burstable", "P4"),
	       "8 no-claim\n9 matches\n");
	assert_string_equal(assign_text_claim(&policy->rules[got.rule - 1], &pod), "gold");
	assert_null(assign_text_claim(&policy->rules[got.rule], &pod));
}

TEST(long_values_are_cut_and_never_overrun)
{
	static char long_value[4096];
	struct match match = {.kind = MATCH_LABEL, .key = (char *)"app"};
	char small[8], has[ASSIGN_TEXT_SIZE];

	memset(long_value, 'x', sizeof(long_value) - 1);
	label.value = long_value;
	assert_string_equal(assign_text_has(&match, &pod, small, sizeof(small)), "app=xxx");
	(void)assign_text_has(&match, &pod, has, sizeof(has));
	assert_int_equal(strlen(has), 4 + ASSIGN_TEXT_SIZE / 2);
	small[0] = 'a';
	(void)assign_text_has(&match, &pod, small, 0);
	assert_int_equal(small[0], 'a');
	assert_string_equal(assign_text_outcome(ASSIGN_OUTCOME_COUNT), "?");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_first_condition_that_does_not_hold_is_told_and_the_search_ends_at_the_match),
		CASE(what_each_condition_is_held_against),
		CASE(an_unknown_fact_ends_the_search_and_an_absent_one_does_not),
		CASE(a_static_uid_tells_without_facts),
		CASE(containers_tell_their_runtimes),
		CASE(a_claim_and_what_is_none_are_told_apart),
		CASE(long_values_are_cut_and_never_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
