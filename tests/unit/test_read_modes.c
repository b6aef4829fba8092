// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

static struct policy *policy;

#define RULES                                                                                      \
	"assign: [{match: {name: a}, level: P4}]\n"                                                \
	"levels: {P4: {role: online}}\n"

TEST(a_resource_that_is_not_named_says_nothing)
{
	const char *text = "version: 1\nmode: squeeze\nmodes: {memory: observe}\n" RULES;

	policy = policy_case_keep(&text, 1);
	assert_int_equal(policy->mode, MODE_SQUEEZE);
	assert_true(policy->modes[RESOURCE_MEMORY].given);
	assert_int_equal(policy->modes[RESOURCE_MEMORY].mode, MODE_OBSERVE);
	assert_false(policy->modes[RESOURCE_CPU].given);
	assert_false(policy->modes[RESOURCE_IO].given);
	assert_false(policy->modes[RESOURCE_NET].given);
}

TEST(a_later_file_wins_resource_by_resource)
{
	const char *const texts[] = {
		"version: 1\nmode: squeeze\nmodes: {cpu: off, memory: observe, io: protect, net: squeeze}\n" RULES,
		"version: 1\nmodes: {memory: full, io: off, net: protect}\n",
	};

	policy = policy_case_keep(texts, 2);
	assert_int_equal(policy->modes[RESOURCE_CPU].mode, MODE_OFF);
	assert_int_equal(policy->modes[RESOURCE_MEMORY].mode, MODE_FULL);
	assert_int_equal(policy->modes[RESOURCE_IO].mode, MODE_OFF);
	assert_int_equal(policy->modes[RESOURCE_NET].mode, MODE_PROTECT);
}

TEST(a_bad_resource_or_mode_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{"version: 1\nmodes: {cpus: off}\n" RULES, 2, 9, "unknown key \"cpus\" in modes",
		 "accepted: cpu, memory, io, net"},
		{"version: 1\nmodes: {cpu: on}\n" RULES, 2, 14, "\"on\" is not a mode",
		 "squeeze, full"},
		{"version: 1\nmodes: {cpu: [off]}\n" RULES, 2, 14, "found a list", ""},
		{"version: 1\nmodes: off\n" RULES, 2, 8, "modes is a mapping", "key: value"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

#define UNIT(name) cmocka_unit_test_teardown(name, policy_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_resource_that_is_not_named_says_nothing),
		UNIT(a_later_file_wins_resource_by_resource),
		UNIT(a_bad_resource_or_mode_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
