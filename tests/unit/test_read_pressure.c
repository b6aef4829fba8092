// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define HEAD                                                                                       \
	"version: 1\n"                                                                             \
	"levels: {P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: 65%, floor: "       \
	"2%}}}}\n"                                                                                 \
	"assign: [{match: {qos: BestEffort}, level: P7}]\n"
/* Line 5 is the rule under test. */
#define RULE(text) HEAD "pressure:\n- " text "\n"
#define WHEN(text) RULE("{when: " text ", do: [squeeze cpu]}")

static struct policy *policy;

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	policy = NULL;
	return 0;
}

static const struct pressure_rule *read_rule(const char *yaml)
{
	policy_free(policy);
	policy = NULL;
	policy = policy_case_read(&yaml, 1);
	return &policy->pressure_cpu;
}

TEST(the_rule_is_read_with_its_threshold_and_window)
{
	const struct pressure_rule *rule = read_rule(WHEN("cpu.some of online > 5% over 2s"));

	assert_true(rule->on);
	assert_int_equal(rule->threshold_permille, 50);
	assert_int_equal(rule->window_us, 2000000);
	rule = read_rule(WHEN("'cpu.some  of online > 0.1% over 500ms '"));
	assert_int_equal(rule->threshold_permille, 1);
	assert_int_equal(rule->window_us, 500000);
	rule = read_rule(WHEN("cpu.some of online > 99.9% over 10s"));
	assert_int_equal(rule->threshold_permille, 999);
	assert_int_equal(rule->window_us, 10000000);
}

TEST(without_a_rule_nothing_is_squeezed)
{
	assert_false(read_rule(HEAD)->on);
	assert_false(read_rule(HEAD "pressure: []\n")->on);
}

#define FORM "cpu.some of online > 5% over 2s"

TEST(a_bad_rule_is_refused_at_the_word_that_is_wrong)
{
	static const struct policy_case cases[] = {
		{HEAD "pressure: {}\n", 4, 11, "pressure is a list", "[A, B]"},
		{RULE("squeeze"), 5, 3, "a pressure rule is a mapping", "{key"},
		{RULE("{do: [squeeze cpu]}"), 5, 3, "without \"when\"", FORM},
		{RULE("{when: cpu.some of online > 5% over 2s}"), 5, 3, "without \"do\"",
		 "[squeeze cpu]"},
		{WHEN("memory.some of online > 10% over 1s"), 5, 10,
		 "unknown sign of pressure \"memory.some\": this version knows cpu.some", FORM},
		{WHEN("memory.empty of node in 3s"), 5, 10, "\"memory.empty\"", FORM},
		{WHEN("'io.some of online > 10% over 2s'"), 5, 11, "\"io.some\"", FORM},
		{WHEN("cpu.full of online > 5% over 2s"), 5, 10, "\"cpu.full\"", FORM},
		{WHEN("cpu.some on online > 5% over 2s"), 5, 19,
		 "expects \"of\" here, found \"on\"", FORM},
		{WHEN("cpu.some of node > 5% over 2s"), 5, 22,
		 "expects \"online\" here, found \"node\"", FORM},
		{WHEN("cpu.some of online >5% over 2s"), 5, 29, "expects \">\" here, found \">5%\"",
		 FORM},
		{WHEN("cpu.some of online > 5 over 2s"), 5, 31, "\"5\" is not a share",
		 "0.1% to 99.9%"},
		{WHEN("cpu.some of online > 0% over 2s"), 5, 31, "\"0%\" is not a share",
		 "0.1% to 99.9%"},
		{WHEN("cpu.some of online > 100% over 2s"), 5, 31,
		 "\"100%\" is not a share of time that can be passed", "0.1% to 99.9%"},
		{WHEN("cpu.some of online > 5% for 2s"), 5, 34, "expects \"over\" here", FORM},
		{WHEN("cpu.some of online > 5% over 2"), 5, 39, "\"2\" is not a window",
		 "500ms to 10s"},
		{WHEN("cpu.some of online > 5% over 499ms"), 5, 39, "\"499ms\" is not a window",
		 "500ms to 10s"},
		{WHEN("cpu.some of online > 5% over 11s"), 5, 39, "\"11s\" is not a window",
		 "500ms to 10s"},
		{WHEN("cpu.some of online > 5%"), 5, 33, "expects \"over\" here, found \"\"", FORM},
		{WHEN("cpu.some of online > 5% over 2s twice"), 5, 42, "\"twice\" is too much here",
		 FORM},
		{WHEN("\"cpu.some \\x6ff online\""), 5, 10, "expects \">\" here", FORM},
		{WHEN("[cpu.some]"), 5, 10, "found a list", ""},
		{RULE("{when: cpu.some of online > 5% over 2s, do: []}"), 5, 47,
		 "a rule that does nothing", "[squeeze cpu]"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: squeeze cpu}"), 5, 47,
		 "do is a list, found a single value", "[A, B]"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeeze cpu, freeze]}"), 5, 61,
		 "\"freeze\" is not an action of this version", "accepted: squeeze cpu"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeeze memory]}"), 5, 48,
		 "is not an action", "accepted: squeeze cpu"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeeze cpu, squeeze cpu]}"), 5,
		 61, "the same action twice", ""},
		{RULE("{when: cpu.some of online > 5% over 2s, then: 1, do: [squeeze cpu]}"), 5, 43,
		 "unknown key \"then\" in a pressure rule", "accepted: when, do"},
		{WHEN("cpu.some of online > 5% over 2s") "- {when: cpu.some of online > 9% over "
							 "1s, do: [squeeze cpu]}\n",
		 6, 3, "a second rule for cpu.some", "one of the two"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_rule_is_read_with_its_threshold_and_window, teardown),
		cmocka_unit_test_teardown(without_a_rule_nothing_is_squeezed, teardown),
		cmocka_unit_test(a_bad_rule_is_refused_at_the_word_that_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
