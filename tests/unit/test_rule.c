// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/rule.h"

static struct assign_rule rule_of(struct match *matches, size_t n)
{
	return (struct assign_rule){.matches = matches, .n_matches = n};
}

TEST(a_glob_treats_slashes_and_dots_like_letters)
{
	assert_true(rule_glob("a*", "abc"));
	assert_true(rule_glob("*.slice", "batch-x.slice"));
	assert_true(rule_glob("a/*", "a/b/c"));
	assert_true(rule_glob("*", ".hidden"));
	assert_true(rule_glob("*", ""));
	assert_true(rule_glob("p[0-9]?", "p5x"));
	assert_true(rule_glob("a\\*b", "a*b"));
	assert_false(rule_glob("a\\*b", "axb"));
	assert_false(rule_glob("a*", "ba"));
	assert_false(rule_glob("Abc", "abc"));
	assert_false(rule_glob("", "a"));
}

TEST(what_needs_a_kubelet_is_told_from_what_the_cgroup_shows)
{
	struct match needs[] = {{.kind = MATCH_NAMESPACE},
				{.kind = MATCH_NAME},
				{.kind = MATCH_LABEL},
				{.kind = MATCH_ANNOTATION},
				{.kind = MATCH_PRIORITY_CLASS},
				{.kind = MATCH_OWNER_KIND},
				{.kind = MATCH_STATIC, .flag = false}};
	struct match free[] = {{.kind = MATCH_QOS},
			       {.kind = MATCH_UNIT},
			       {.kind = MATCH_CGROUP},
			       {.kind = MATCH_STATIC, .flag = true}};
	struct match mixed[] = {free[0], needs[0]};
	struct assign_rule rule = rule_of(mixed, 2);

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		assert_true(rule_match_needs_facts(&needs[i]));
	for (size_t i = 0; i < sizeof(free) / sizeof(free[0]); i++)
		assert_false(rule_match_needs_facts(&free[i]));
	assert_ptr_equal(rule_needs_facts(&rule), &mixed[1]);
	rule = rule_of(free, 4);
	assert_null(rule_needs_facts(&rule));
}

TEST(the_value_of_from_value_is_the_only_key_without_a_pattern)
{
	struct match m[] = {{.kind = MATCH_LABEL, .key = (char *)"a", .pattern = (char *)"x"},
			    {.kind = MATCH_ANNOTATION, .key = (char *)"b"},
			    {.kind = MATCH_NAMESPACE, .pattern = (char *)"n"},
			    {.kind = MATCH_LABEL, .key = (char *)"c"}};
	struct assign_rule rule = rule_of(m, 3);

	assert_ptr_equal(rule_value_match(&rule), &m[1]);
	rule.n_matches = 4;
	assert_null(rule_value_match(&rule));
	rule.n_matches = 1;
	assert_null(rule_value_match(&rule));
}

TEST(every_condition_has_a_name_and_nothing_else_has)
{
	for (int kind = 0; kind < MATCH_KIND_COUNT; kind++)
		assert_string_not_equal(rule_match_name((enum match_kind)kind), "?");
	assert_string_equal(rule_match_name(MATCH_KIND_COUNT), "?");
	assert_string_equal(rule_match_name((enum match_kind) - 1), "?");
}

TEST(kubelet_runtimes_and_colod_are_system_units)
{
	const char *const *units = rule_system_units();
	static const char *const must[] = {"kubelet.service", "containerd.service", "crio.service",
					   "docker.service", "colod.service"};

	for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++) {
		size_t n = 0;

		while (units[n] && strcmp(units[n], must[i]) != 0)
			n++;
		assert_non_null(units[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_glob_treats_slashes_and_dots_like_letters),
		cmocka_unit_test(what_needs_a_kubelet_is_told_from_what_the_cgroup_shows),
		cmocka_unit_test(the_value_of_from_value_is_the_only_key_without_a_pattern),
		cmocka_unit_test(every_condition_has_a_name_and_nothing_else_has),
		cmocka_unit_test(kubelet_runtimes_and_colod_are_system_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
