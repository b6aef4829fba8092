// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define P7 "  P7: {role: offline, cpu: {yield: ratio 50}}\n"
#define RULES "assign: [{match: {qos: BestEffort}, level: P7}]\n"
/* Line 3 is the level under test. */
#define WITH(level) "version: 1\nlevels:\n  " level "\n" P7 RULES
#define ONLY(level) "version: 1\nlevels:\n  " level "\n" RULES

TEST(what_only_offline_levels_may_have_is_refused_on_an_online_one)
{
	static const struct policy_case cases[] = {
		{WITH("P4: {role: online, cpu: {yield: ratio 50}}"), 3, 28,
		 "P4 is online: it does not yield", "role: offline"},
		{WITH("P4: {role: online, cpu: {yield: idle}}"), 3, 28,
		 "P4 is online: it does not yield", "role: offline"},
		{WITH("P4: {role: online, cpu: {squeeze: {target: 65%, floor: 2%}}}"), 3, 28,
		 "P4 is online: it is never squeezed", "role: offline"},
		{WITH("P4: {role: online, io: {squeeze: {floor: 10%}}}"), 3, 27,
		 "P4 is online: it is never squeezed", "role: offline"},
		{WITH("P4: {role: online, memory: {growth: 1MB/s}}"), 3, 31,
		 "P4 is online: its growth is never held", "role: offline"},
		{WITH("P4: {role: online, memory: {oom: first}}"), 3, 31,
		 "P4 is online: the kernel must not take it first", "keep, protect"},
		{WITH("P0: {role: online, memory: {watermark: +50%}}"), 3, 31,
		 "P0 is online: nothing is ever reclaimed from it", "role: offline"},
		{WITH("P4: {role: online, memory: {watermark: +50%}}"), 3, 31,
		 "P4 is online: nothing is ever reclaimed from it", "role: offline"},
		{WITH("P4: {role: online, cpu: {scheduling: idle}}"), 3, 28,
		 "P4 is online: its threads do not yield", "accepted here: keep"},
		{WITH("P0: {role: online, cpu: {cores: exclusive}}"), 3, 28,
		 "cores of their own are for sensitive pods", "sensitive: true"},
	};
	const char *fine[] = {WITH("P4: {role: online, memory: {high: 80% of limit}, "
				   "cpu: {yield: none, squeeze: none}}")};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	policy_free(policy_case_read(fine, 1));
}

TEST(a_level_without_a_role_is_refused)
{
	static const struct policy_case cases[] = {
		{WITH("P4: {cpu: {weight: 5}}"), 3, 3, "level P4 has no role", "role: online"},
		{WITH("P4: {}"), 3, 3, "level P4 has no role", "role: online"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(an_offline_level_must_make_sense_as_one)
{
	static const struct policy_case refused[] = {
		{WITH("P1: {role: offline, cpu: {yield: ratio 50}}"), 3, 8, "P1 must be online",
		 "lower level"},
		{WITH("P6: {role: offline, sensitive: true, cpu: {yield: ratio 50}}"), 3, 23,
		 "P6 is offline: nothing is done for its latency", "role: online"},
		{WITH("P6: {role: offline, memory: {oom: protect}}"), 3, 32,
		 "P6 is offline: the kernel takes it before online pods", "keep, first"},
		{WITH("P6: {role: offline, cpu: {smt: avoid-offline}}"), 3, 29,
		 "P6 is offline: it cannot keep itself off", "role: online"},
		{ONLY("P7: {role: offline, cpu: {yield: none}}"), 3, 36,
		 "P7 is offline: it always yields", "ratio N, idle"},
	};
	static const struct policy_case warned[] = {
		{ONLY("P7: {role: offline, cpu: {yield: idle}}"), 3, 29, "14 to 28 s beside 2500",
		 "ratio 50"},
	};

	policy_case_refused(refused, sizeof(refused) / sizeof(refused[0]));
	policy_case_warned(warned, sizeof(warned) / sizeof(warned[0]));
}

TEST(an_offline_level_above_an_online_one_is_refused)
{
	static const struct policy_case c = {
		WITH("P3: {role: offline, cpu: {yield: ratio 50}}\n  P5: {role: online}"), 3, 8,
		"P3 is offline, but the lower P5 is online", "after every online one"};
	const char *fine[] = {
		WITH("P5: {role: online}\n  P6: {role: offline, cpu: {yield: ratio 50}}")};

	policy_case_refused(&c, 1);
	policy_free(policy_case_read(fine, 1));
}

TEST(a_squeeze_needs_a_target_and_a_floor_below_it)
{
	static const struct policy_case cases[] = {
		{ONLY("P7: {role: offline, cpu: {yield: ratio 50, squeeze: {floor: 2%}}}"), 3, 46,
		 "squeeze without a target", "target: 65%"},
		{ONLY("P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: 65%}}}"), 3, 46,
		 "squeeze without a floor", "floor: 2%"},
		{ONLY("P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: 20%, floor: "
		      "20.1%}}}"),
		 3, 69, "the floor is above the target", "target: 65%"},
	};
	const char *fine[] = {ONLY("P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: "
				   "20%, floor: 20%}}}")};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	policy_free(policy_case_read(fine, 1));
}

TEST(protection_above_the_limit_is_refused_where_that_can_be_told)
{
	static const struct policy_case cases[] = {
		{WITH("P4: {role: online, memory: {min: 2Gi, high: 1Gi}}"), 3, 31,
		 "memory.min is above memory.high", ""},
		{WITH("P4: {role: online, memory: {low: 90% of limit, high: 80% of limit}}"), 3, 31,
		 "memory.low is above memory.high", ""},
	};
	const char *fine[] = {WITH("P4: {role: online, memory: {min: request, low: 2Gi, high: 80% "
				   "of limit}}")};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	policy_free(policy_case_read(fine, 1));
}

TEST(a_pressure_rule_with_nothing_to_squeeze_earns_a_warning)
{
	static const struct policy_case c = {
		"version: 1\nlevels:\n" P7 RULES
		"pressure: [{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}]\n",
		5, 1, "no level can be acted on: the step squeeze cpu", "squeeze: {target: 65%"};

	policy_case_warned(&c, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_offline_levels_may_have_is_refused_on_an_online_one),
		cmocka_unit_test(a_level_without_a_role_is_refused),
		cmocka_unit_test(an_offline_level_must_make_sense_as_one),
		cmocka_unit_test(an_offline_level_above_an_online_one_is_refused),
		cmocka_unit_test(a_squeeze_needs_a_target_and_a_floor_below_it),
		cmocka_unit_test(protection_above_the_limit_is_refused_where_that_can_be_told),
		cmocka_unit_test(a_pressure_rule_with_nothing_to_squeeze_earns_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
