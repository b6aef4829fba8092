// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/read.h"
#include "policy/reader.h"
#include "policy/rule.h"
#include "tests/lib/policy_case.h"

#define HEAD                                                                                       \
	"version: 1\nlevels: {P0: {role: online}, P7: {role: offline, cpu: {yield: ratio 50}}}\n"  \
	"assign:\n"
/* Line 4 is the rule under test; the last rule keeps from-value rules bounded. */
#define RULE(text) HEAD "- " text "\n- {match: {name: last}, level: P7}\n"
#define MATCH(text) RULE("{match: {" text "}, level: P0}")

static struct policy *policy;

static const struct assign_rule *first_rule(void)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		if (!policy->rules[i].built_in)
			return &policy->rules[i];
	}
	fail_msg("no rule");
	return NULL;
}

static const struct match *read_match(const char *yaml)
{
	const struct assign_rule *rule;

	policy = policy_case_keep(&yaml, 1);
	rule = first_rule();
	assert_int_equal(rule->n_matches, 1);
	return &rule->matches[0];
}

static void expect_glob(const char *yaml, enum match_kind kind, const char *pattern)
{
	const struct match *m = read_match(yaml);

	assert_int_equal(m->kind, kind);
	assert_string_equal(m->pattern, pattern);
	assert_null(m->key);
}

static void expect_pair(const char *yaml, enum match_kind kind, const char *key,
			const char *pattern)
{
	const struct match *m = read_match(yaml);

	assert_int_equal(m->kind, kind);
	assert_string_equal(m->key, key);
	if (pattern)
		assert_string_equal(m->pattern, pattern);
	else
		assert_null(m->pattern);
}

TEST(every_kind_of_condition_is_read)
{
	expect_glob(MATCH("namespace: kube-system"), MATCH_NAMESPACE, "kube-system");
	expect_glob(MATCH("namespace: 123"), MATCH_NAMESPACE, "123");
	expect_glob(MATCH("name: \"web-*\""), MATCH_NAME, "web-*");
	expect_glob(MATCH("priorityClass: 'batch-[a-c]?'"), MATCH_PRIORITY_CLASS, "batch-[a-c]?");
	expect_glob(MATCH("ownerKind: DaemonSet"), MATCH_OWNER_KIND, "DaemonSet");
	expect_glob(MATCH("unit: 'batch-*.slice'"), MATCH_UNIT, "batch-*.slice");
	expect_glob(MATCH("unit: 'dev-\\x2d.mount'"), MATCH_UNIT, "dev-\\x2d.mount");
	expect_glob(MATCH("cgroup: 'machine.slice/libpod-*.scope'"), MATCH_CGROUP,
		    "machine.slice/libpod-*.scope");
	expect_glob(MATCH("cgroup: /system.slice/a"), MATCH_CGROUP, "system.slice/a");
	assert_int_equal(read_match(MATCH("qos: Guaranteed"))->qos, QOS_GUARANTEED);
	assert_int_equal(read_match(MATCH("qos: Burstable"))->qos, QOS_BURSTABLE);
	assert_int_equal(read_match(MATCH("qos: BestEffort"))->qos, QOS_BESTEFFORT);
	assert_int_equal(read_match(MATCH("qos: BestEffort"))->kind, MATCH_QOS);
	assert_true(read_match(MATCH("static: true"))->flag);
	assert_false(read_match(MATCH("static: false"))->flag);
	assert_int_equal(read_match(MATCH("static: false"))->kind, MATCH_STATIC);
}

TEST(a_label_or_annotation_is_a_key_with_or_without_a_value)
{
	expect_pair(MATCH("label: app"), MATCH_LABEL, "app", NULL);
	expect_pair(MATCH("label: \"app=web-*\""), MATCH_LABEL, "app", "web-*");
	expect_pair(MATCH("label: app="), MATCH_LABEL, "app", "");
	expect_pair(MATCH("label: 'a.b/c=x=y z'"), MATCH_LABEL, "a.b/c", "x=y z");
	expect_pair(MATCH("annotation: colod.io/level"), MATCH_ANNOTATION, "colod.io/level", NULL);
	expect_pair(MATCH("annotation: 'k=[ab]'"), MATCH_ANNOTATION, "k", "[ab]");
}

TEST(a_rule_keeps_its_level_its_conditions_and_where_it_stands)
{
	const char *yaml = RULE("{match: {qos: Burstable, namespace: a, label: b}, level: P0}");
	const struct assign_rule *rule;

	policy = policy_case_keep(&yaml, 1);
	rule = first_rule();
	assert_int_equal(rule->n_matches, 3);
	assert_int_equal(rule->level, LEVEL_P0);
	assert_false(rule->from_value);
	assert_false(rule->built_in);
	assert_string_equal(rule->file, "a.yaml");
	assert_int_equal(rule->line, 4);
	assert_int_equal(rule[1].line, 5);
}

TEST(from_value_has_no_level_of_its_own)
{
	const char *yaml = RULE("{match: {annotation: a/b}, level: from-value}");

	policy = policy_case_keep(&yaml, 1);
	assert_true(first_rule()->from_value);
	assert_int_equal(first_rule()->level, LEVEL_NONE);
	assert_string_equal(rule_value_match(first_rule())->key, "a/b");
}

TEST(trusted_namespaces_are_names_and_patterns)
{
	const char *yaml = RULE("{match: {annotation: a/b}, level: from-value, "
				"trusted-namespaces: [pay, 'team-*']}");

	policy = policy_case_keep(&yaml, 1);
	assert_int_equal(first_rule()->n_trusted, 2);
	assert_true(rule_trusts(first_rule(), "pay"));
	assert_true(rule_trusts(first_rule(), "team-a"));
	assert_false(rule_trusts(first_rule(), "payments"));
	assert_false(rule_trusts(first_rule(), NULL));
}

TEST(bad_trusted_namespaces_are_refused_where_they_stand)
{
	static const struct policy_case cases[] = {
		{RULE("{match: {annotation: a}, level: from-value, trusted-namespaces: x}"), 4, 67,
		 "trusted-namespaces is a list", "[A, B]"},
		{RULE("{match: {annotation: a}, level: from-value, trusted-namespaces: []}"), 4, 67,
		 "names none", "leave the key out"},
		{RULE("{match: {annotation: a}, level: from-value, trusted-namespaces: [{}]}"), 4,
		 68, "found a mapping", ""},
		{RULE("{match: {annotation: a}, level: from-value, trusted-namespaces: ['[a']}"), 4,
		 69, "\"[\" without \"]\"", "\\["},
		{RULE("{match: {annotation: a}, level: P0, trusted-namespaces: [a]}"), 4, 59,
		 "does not ask the pod", "level: from-value"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_bad_rule_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{"version: 1\nassign: {match: 1}\n", 2, 9, "assign is a list, found a mapping",
		 "[A, B]"},
		{"version: 1\nassign:\n", 2, 8, "assign is a list, found nothing", "[A, B]"},
		{RULE("P0"), 4, 3, "an assign rule is a mapping", "{key"},
		{RULE("{level: P0}"), 4, 3, "a rule without \"match\"", "e.g."},
		{RULE("{match: {name: a}}"), 4, 3, "a rule without \"level\"", "P0..P7"},
		{RULE("{match: {}, level: P0}"), 4, 11, "a match without a condition",
		 "namespace: \"*\""},
		{RULE("{match: name, level: P0}"), 4, 11, "match is a mapping", "{key"},
		{RULE("{match: {name: a}, levle: P0, level: P0}"), 4, 22,
		 "unknown key \"levle\" in an assign rule", "did you mean \"level\"?"},
		{RULE("{match: {name: a}, level: P8}"), 4, 29, "\"P8\" is not a level",
		 "accepted: P0, P1"},
		{RULE("{match: {name: a}, level: p7}"), 4, 29, "\"p7\" is not a level",
		 "did you mean \"P7\"?"},
		{RULE("{match: {name: a}, level: from_value}"), 4, 29, "is not a level",
		 "did you mean \"from-value\"?"},
		{RULE("{match: {name: a}, level: [P0]}"), 4, 29, "expects a level, found a list",
		 ""},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_bad_condition_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{MATCH("namspace: a"), 4, 12, "unknown key \"namspace\" in match",
		 "did you mean \"namespace\"? accepted: namespace, name, label, annotation, "
		 "priorityClass, qos, ownerKind, static, unit, cgroup"},
		{MATCH("hostNetwork: true"), 4, 12, "unknown key \"hostNetwork\"",
		 "accepted: namespace"},
		{MATCH("name: [a, b]"), 4, 18, "found a list", ""},
		{MATCH("name: ''"), 4, 18, "found nothing", ""},
		{MATCH("name: 'web-[ab'"), 4, 23, "\"[\" without \"]\"", "\\["},
		{MATCH("qos: BestEffrot"), 4, 17, "\"BestEffrot\" is not a QoS class",
		 "did you mean \"BestEffort\"?"},
		{MATCH("qos: 'Best*'"), 4, 17, "is not a QoS class", "accepted: Guaranteed"},
		{MATCH("static: 1"), 4, 20, "\"1\" is not true or false", "accepted: false, true"},
		{MATCH("label: '*'"), 4, 19, "has no plain key", "app=web-*"},
		{MATCH("label: 'app*=x'"), 4, 19, "has no plain key", "app=web-*"},
		{MATCH("label: '=x'"), 4, 19, "has no plain key", "app=web-*"},
		{MATCH("label: 'app = x'"), 4, 19, "has no plain key", "app=web-*"},
		{MATCH("label: {app: web}"), 4, 19, "found a mapping", ""},
		{MATCH("label: 'app=[x'"), 4, 24, "\"[\" without \"]\"", "\\["},
		{MATCH("unit: a.slice/b.service"), 4, 18, "no \"/\" in its name", "cgroup:"},
		{MATCH("cgroup: /sys/fs/cgroup/a"), 4, 20, "begins below /sys/fs/cgroup",
		 "below the mount"},
		{MATCH("cgroup: /"), 4, 20, "the root cgroup", ""},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_rule_without_the_part_that_yaml_refused_is_reported_once_and_not_kept)
{
	static const struct policy_case cases[] = {
		{RULE("{match: {name: a}, level: *x}"), 4, 29, "aliases", "write the value out"},
		{RULE("{match: {name: a}, level: &x P0}"), 4, 29, "anchors", "write the value out"},
		{RULE("{match: *x, level: P0}"), 4, 11, "aliases", "write the value out"},
		{RULE("{match: {name: *x}, level: P0}"), 4, 18, "aliases", "write the value out"},
		{RULE("*x"), 4, 3, "aliases", "write the value out"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_pattern_longer_than_any_name_is_refused)
{
	char yaml[4096];
	struct policy_case c = {yaml, 4, 18, "longer than any name", ""};

	snprintf(yaml, sizeof(yaml), RULE("{match: {name: %02000d}, level: P0}"), 0);
	policy_case_refused(&c, 1);
}

TEST(the_reader_and_the_rules_call_every_condition_by_the_same_name)
{
	const struct reader_key *keys = read_assign_keys[0].keys;

	for (int kind = 0; kind < MATCH_KIND_COUNT; kind++)
		assert_string_equal(keys[kind].name, rule_match_name((enum match_kind)kind));
	assert_null(keys[MATCH_KIND_COUNT].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_kind_of_condition_is_read, policy_case_teardown),
		cmocka_unit_test_teardown(a_label_or_annotation_is_a_key_with_or_without_a_value,
					  policy_case_teardown),
		cmocka_unit_test_teardown(a_rule_keeps_its_level_its_conditions_and_where_it_stands,
					  policy_case_teardown),
		cmocka_unit_test_teardown(from_value_has_no_level_of_its_own, policy_case_teardown),
		cmocka_unit_test_teardown(trusted_namespaces_are_names_and_patterns,
					  policy_case_teardown),
		cmocka_unit_test(bad_trusted_namespaces_are_refused_where_they_stand),
		cmocka_unit_test(a_bad_rule_is_refused_where_it_stands),
		cmocka_unit_test(a_bad_condition_is_refused_where_it_stands),
		cmocka_unit_test(
			a_rule_without_the_part_that_yaml_refused_is_reported_once_and_not_kept),
		cmocka_unit_test(a_pattern_longer_than_any_name_is_refused),
		cmocka_unit_test(the_reader_and_the_rules_call_every_condition_by_the_same_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
