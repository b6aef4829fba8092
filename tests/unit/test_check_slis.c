// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/check.h"

#include "tests/lib/policy_case.h"
#include "tests/lib/test.h"

#define LEVELS                                                                                      \
	"version: 1\nfacts: {from: cgroup}\nlevels:\n  P0: {role: online}\n  P7: {role: offline}\n" \
	"assign:\n- {match: {qos: Guaranteed}, level: P0}\n- {match: {qos: BestEffort}, level: P7}\n"

TEST(an_sli_is_of_an_online_level_that_is_there)
{
	static const struct policy_case cases[] = {
		{LEVELS "sli:\n- {name: io.some, of: P7, p99: 5%}\n", 10, 3,
		 "an sli of level P7, which is offline: it yields, and waits",
		 "accepted: an online level, or online"},
		{LEVELS "sli:\n- {name: io.some, of: P3, p99: 5%}\n", 10, 3,
		 "an sli of level P3, which is not defined",
		 "define it under levels, or name another one"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(what_is_left_out_has_a_default)
{
	const char *text = LEVELS
		"sli:\n- {name: memory.some, of: online, p95: 2.5%}\n"
		"- {name: s, metric: score, pods: \"shop/*\", mean: 12.5, window: 5m}\n";
	const struct policy *policy = policy_case_keep(&text, 1);

	assert_int_equal(policy->n_slis, 2);
	assert_int_equal(policy->slis[0].sign, SLI_MEMORY_SOME);
	assert_int_equal(policy->slis[0].level, LEVEL_NONE);
	assert_int_equal(policy->slis[0].statistic, SLI_P95);
	assert_int_equal(policy->slis[0].bound, 25);
	assert_true(policy->slis[0].window_us == 60000000);
	assert_int_equal(policy->slis[1].bound, 125);
	assert_string_equal(policy->slis[1].pods, "shop/*");
	assert_true(policy->slis[1].window_us == 300000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_sli_is_of_an_online_level_that_is_there),
		cmocka_unit_test_teardown(what_is_left_out_has_a_default, policy_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
