// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define LEVELS                                                                                     \
	"levels: {P0: {role: online}, P4: {role: online}, P7: {role: offline, cpu: {yield: ratio " \
	"50}}}\n"
/* Rules begin in line 4; at least one must follow a from-value rule. */
#define WITH(rules) "version: 1\n" LEVELS "assign:\n" rules
#define CGROUP(rules) "version: 1\n" LEVELS "facts: {from: cgroup}\nassign:\n" rules
#define R(match, level) "- {match: {" match "}, level: " level "}\n"

static void expect_fine(const char *yaml)
{
	policy_free(policy_case_read(&yaml, 1));
}

TEST(a_level_that_nobody_defines_is_refused)
{
	static const struct policy_case c = {WITH(R("name: a", "P3")), 4, 29,
					     "no file defines the level P3", "defined: P0, P4, P7"};
	static const struct policy_case none = {
		"version: 1\nassign: [{match: {name: a}, level: P0}]", 2, 36,
		"no file defines the level P0", "no level is defined"};

	policy_case_refused(&c, 1);
	policy_case_refused(&none, 1);
}

TEST(from_value_needs_one_plain_label_or_annotation_and_rules_below)
{
	static const struct policy_case cases[] = {
		{WITH(R("name: a", "from-value") R("name: b", "P0")), 4, 29,
		 "exactly one annotation or label without a pattern", "annotation: colod.io/level"},
		{WITH(R("annotation: a=b", "from-value") R("name: b", "P0")), 4, 37,
		 "exactly one annotation or label without a pattern", "annotation: colod.io/level"},
		{WITH(R("annotation: a, label: b", "from-value") R("name: b", "P0")), 4, 45,
		 "exactly one annotation or label without a pattern", "annotation: colod.io/level"},
		{WITH(R("name: b", "P0") R("annotation: a", "from-value")), 5, 35,
		 "never goes above what the rules below it give, and none does", "below it"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	expect_fine(WITH(R("annotation: a, namespace: n, label: b=c", "from-value")
				 R("label: d", "from-value") R("name: b", "P0")));
}

TEST(trusting_every_namespace_earns_a_warning_and_some_need_no_rule_below)
{
	static const struct policy_case c = {
		WITH("- {match: {annotation: a}, level: from-value, trusted-namespaces: [b, '*']}\n" R(
			"name: b", "P0")),
		4, 67, "any level", "name the namespaces"};

	policy_case_warned(&c, 1);
	expect_fine(
		WITH("- {match: {annotation: a}, level: from-value, trusted-namespaces: [b]}\n"));
}

TEST(a_unit_with_a_fact_of_a_pod_can_never_match)
{
	static const struct policy_case cases[] = {
		{WITH(R("unit: a.service, namespace: x", "P0")), 4, 11, "a unit has no namespace",
		 "two rules"},
		{WITH(R("qos: BestEffort, unit: a.service", "P0")), 4, 11, "a unit has no qos",
		 "two rules"},
		{WITH(R("unit: a.service, static: true", "P0")), 4, 11, "a unit has no static",
		 "two rules"},
		{WITH(R("unit: a.service, label: x", "P0")), 4, 11, "a unit has no label",
		 "two rules"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	expect_fine(WITH(R("unit: a.service, cgroup: 'x/*'", "P0")));
	expect_fine(WITH(R("cgroup: 'kubepods.slice/*', qos: BestEffort", "P0")));
}

TEST(a_rule_behind_one_that_takes_all_it_would_match_is_refused)
{
	static const struct policy_case cases[] = {
		{WITH(R("qos: BestEffort", "P7") R("qos: BestEffort", "P4")), 5, 11,
		 "can never match: line 4 takes all", "narrower rule first"},
		{WITH(R("namespace: '*'", "P7") R("namespace: a", "P4")), 5, 11, "line 4 takes all",
		 "narrower"},
		{WITH(R("namespace: 'kube-*'", "P7") R("namespace: kube-system", "P4")), 5, 11,
		 "line 4 takes all", "narrower"},
		{WITH(R("qos: BestEffort", "P7") R("name: x", "P0")
			      R("qos: BestEffort, namespace: a", "P4")),
		 6, 11, "line 4 takes all", "narrower"},
		{WITH(R("label: app", "P7") R("label: app=web", "P4")), 5, 11, "line 4 takes all",
		 "narrower"},
		{WITH(R("static: true", "P4") R("static: true", "P4")), 5, 11, "line 4 takes all",
		 "narrower"},
		{WITH(R("label: a", "P4") R("label: a", "from-value") R("name: b", "P0")), 5, 11,
		 "line 4 takes all", "narrower"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_rule_behind_one_that_leaves_something_is_fine)
{
	expect_fine(WITH(R("qos: BestEffort", "P7") R("qos: Burstable", "P4")));
	expect_fine(WITH(R("qos: BestEffort, namespace: a", "P7") R("qos: BestEffort", "P4")));
	expect_fine(WITH(R("namespace: a", "P7") R("namespace: '*'", "P4")));
	expect_fine(WITH(R("namespace: 'a*'", "P7") R("namespace: '*b'", "P4")));
	expect_fine(WITH(R("label: app=web", "P7") R("label: app", "P4")));
	expect_fine(WITH(R("label: app", "P7") R("label: tier", "P4")));
	expect_fine(WITH(R("label: app", "P7") R("annotation: app", "P4")));
	expect_fine(WITH(R("static: true", "P4") R("static: false", "P7")));
	expect_fine(WITH(R("label: app", "from-value") R("label: app", "P7")));
	expect_fine(WITH(R("name: 'a[bc]'", "P4") R("name: 'a[b]'", "P7")));
}

TEST(a_drop_in_may_override_a_rule_of_another_file)
{
	const char *files[] = {WITH(R("qos: BestEffort", "P7")),
			       "version: 1\nassign: [{match: {qos: BestEffort}, level: P4}]\n"};

	policy_free(policy_case_read(files, 2));
}

TEST(a_rule_for_what_a_built_in_rule_takes_is_refused)
{
	static const struct policy_case cases[] = {
		{WITH(R("unit: kubelet.service", "P7")), 4, 11,
		 "the built-in rule for kubelet.service comes first", "always P1"},
		{WITH(R("unit: colod.service", "P0")), 4, 11, "built-in rule for colod.service",
		 "always P1"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	expect_fine(WITH(R("unit: '*.service'", "P4")));
}

TEST(without_a_kubelet_each_rule_that_needs_one_is_named)
{
	static const struct policy_case cases[] = {
		{CGROUP(R("namespace: a", "P0")), 5, 11, "needs the pod's namespace",
		 "facts: {from: cgroup}"},
		{CGROUP(R("qos: BestEffort, priorityClass: a", "P0")), 5, 11,
		 "needs the pod's priorityClass", "nobody tells"},
		{CGROUP(R("label: a", "P0")), 5, 11, "needs the pod's label", "nobody tells"},
		{CGROUP(R("static: false", "P0")), 5, 11, "needs the pod's static", "nobody tells"},
	};

	policy_case_warned(cases, sizeof(cases) / sizeof(cases[0]));
	expect_fine(CGROUP(R("qos: BestEffort", "P7") R("static: true", "P0")
				   R("unit: a.slice", "P4") R("cgroup: a/b", "P4")));
}

TEST(all_of_several_rules_without_facts_are_named_not_only_the_first)
{
	struct diags diags;
	struct policy *policy = NULL;

	assert_int_equal(policy_case_try(CGROUP(R("name: a", "P0") R("qos: BestEffort", "P7")
							R("ownerKind: Job", "P7")),
					 &diags, &policy),
			 0);
	/* The third is about a level that no rule gives. */
	assert_int_equal(diags.n, 3);
	assert_int_equal(diags.list[0].line, 5);
	assert_int_equal(diags.list[1].line, 7);
	policy_free(policy);
}

static void expect_reach(const char *yaml, uint32_t line, const char *says)
{
	struct diags diags;
	struct policy *policy = NULL;

	assert_int_equal(policy_case_try(yaml, &diags, &policy), 0);
	policy_free(policy);
	assert_int_equal(diags.n, says ? 1 : 0);
	if (!says)
		return;
	assert_int_equal(diags.list[0].severity, DIAG_WARNING);
	assert_int_equal(diags.list[0].line, line);
	assert_non_null(strstr(diags.list[0].text, says));
}

#define REACH(levels, rules) "version: 1\nlevels:\n" levels "assign:\n" rules
#define ON(level) "  " level ": {role: online}\n"
#define OFF(level) "  " level ": {role: offline}\n"
#define GIVE(match, level) "- {match: {" match "}, level: " level "}\n"

TEST(a_level_that_no_rule_gives_earns_a_warning_at_the_level)
{
	expect_reach(REACH(ON("P0") ON("P4"), GIVE("qos: Guaranteed", "P0")), 4,
		     "no rule gives the level P4");
	expect_reach(REACH(ON("P0") ON("P4"),
			   GIVE("qos: Guaranteed", "P0") GIVE("qos: Burstable", "P4")),
		     0, NULL);
	/* the built-in rules give P1 */
	expect_reach(REACH(ON("P0") ON("P1"), GIVE("qos: Guaranteed", "P0")), 0, NULL);
	/* a pod may ask for what lies at or below what the rules below give */
	expect_reach(REACH(ON("P0") ON("P4"),
			   GIVE("annotation: a", "from-value") GIVE("qos: Guaranteed", "P0")),
		     0, NULL);
	expect_reach(REACH(ON("P0") OFF("P7"),
			   GIVE("annotation: a", "from-value") GIVE("qos: BestEffort", "P7")),
		     3, "no rule gives the level P0");
}

#define SMT(match)                                                                                 \
	REACH("  P0: {role: online, sensitive: true, cpu: {smt: avoid-offline}}\n",                \
	      GIVE(match, "P0"))

TEST(offline_work_is_kept_off_siblings_only_of_pods_that_something_pins)
{
	static const struct policy_case refused[] = {
		{SMT("qos: Burstable"), 3, 45, "on pods that nothing pins", "qos: Guaranteed"},
		{SMT("namespace: a"), 3, 45, "on pods that nothing pins", "units"},
	};

	policy_case_refused(refused, sizeof(refused) / sizeof(refused[0]));
	expect_fine(SMT("qos: Guaranteed"));
	expect_fine(SMT("unit: a.slice"));
	expect_fine(SMT("cgroup: a/b"));
}

TEST(a_policy_without_rules_earns_a_warning)
{
	static const struct policy_case c = {"version: 1\n", 0, 0, "no pod gets a level",
					     "policy/profiles"};

	policy_case_warned(&c, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_that_nobody_defines_is_refused),
		cmocka_unit_test(from_value_needs_one_plain_label_or_annotation_and_rules_below),
		cmocka_unit_test(
			trusting_every_namespace_earns_a_warning_and_some_need_no_rule_below),
		cmocka_unit_test(a_unit_with_a_fact_of_a_pod_can_never_match),
		cmocka_unit_test(a_rule_behind_one_that_takes_all_it_would_match_is_refused),
		cmocka_unit_test(a_rule_behind_one_that_leaves_something_is_fine),
		cmocka_unit_test(a_drop_in_may_override_a_rule_of_another_file),
		cmocka_unit_test(a_rule_for_what_a_built_in_rule_takes_is_refused),
		cmocka_unit_test(without_a_kubelet_each_rule_that_needs_one_is_named),
		cmocka_unit_test(all_of_several_rules_without_facts_are_named_not_only_the_first),
		cmocka_unit_test(a_level_that_no_rule_gives_earns_a_warning_at_the_level),
		cmocka_unit_test(
			offline_work_is_kept_off_siblings_only_of_pods_that_something_pins),
		cmocka_unit_test(a_policy_without_rules_earns_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
