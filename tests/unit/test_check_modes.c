// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define RULES                                                                                      \
	"assign: [{match: {name: a}, level: P4}]\n"                                                \
	"levels: {P4: {role: online}}\n"

TEST(a_resource_above_the_whole_is_warned_of)
{
	static const struct policy_case cases[] = {
		{"version: 1\nmodes: {cpu: protect}\n" RULES, 2, 14, "cpu stays at observe",
		 "raise `mode`"},
		{"version: 1\nmode: protect\nmodes: {io: squeeze, cpu: protect}\n" RULES, 3, 13,
		 "io stays at protect", "raise `mode`"},
		{"version: 1\nmode: off\nmodes: {memory: observe}\n" RULES, 3, 17,
		 "memory stays at off", "raise `mode`"},
	};

	policy_case_warned(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(what_lowers_or_takes_back_is_right)
{
	const char *const texts[] = {
		"version: 1\nmode: protect\nmodes: {cpu: off, io: protect, memory: full}\n" RULES,
	};

	policy_free(policy_case_read(texts, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resource_above_the_whole_is_warned_of),
		cmocka_unit_test(what_lowers_or_takes_back_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
