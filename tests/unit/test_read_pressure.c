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

static const struct pressure_rule *read_rule(const char *yaml)
{
	policy = policy_case_keep(&yaml, 1);
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

/* What waits for a step before it, and what a version that is to come does, is not acted on. */
TEST(of_the_rule_for_memory_the_steps_of_this_version_count)
{
	const char *yaml = HEAD
		"pressure:\n"
		"- {when: memory.some of online > 12% over 1s, do: [squeeze memory, reclaim, freeze]}\n";

	assert_false(read_rule(yaml)->on);
	assert_true(policy->pressure_memory.on);
	assert_int_equal(policy->pressure_memory.steps,
			 1u << ACTION_SQUEEZE_MEMORY | 1u << ACTION_RECLAIM | 1u << ACTION_FREEZE);
	assert_int_equal(policy->pressure_memory.threshold_permille, 120);
	assert_int_equal(policy->pressure_memory.window_us, 1000000);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.some of online > 12% over 1s, do: [squeeze "
			"memory, reclaim after 5s]}\n");
	assert_int_equal(policy->pressure_memory.steps, 1u << ACTION_SQUEEZE_MEMORY);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.full of online > 12% over 1s, do: [squeeze "
			"memory, reclaim, evict after 7s]}\n");
	assert_false(policy->pressure_memory.on);
	assert_true(policy->pressure_full.on && policy->pressure_full.full);
	assert_int_equal(policy->pressure_full.threshold_permille, 120);
	assert_true(policy->pressure_full.evict_after_us == 7000000);
	assert_int_equal(policy_memory_steps(policy),
			 1u << ACTION_SQUEEZE_MEMORY | 1u << ACTION_RECLAIM | 1u << ACTION_EVICT);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.some of online > 12% over 1s, do: [squeeze "
			"memory, freeze for 2500ms, evict after 20s]}\n");
	assert_true(policy->pressure_memory.freeze_us == 2500000);
	assert_true(policy->pressure_memory.evict_after_us == 20000000);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.some of online > 12% over 1s, do: [evict]}\n");
	assert_int_equal(policy->pressure_memory.steps, 1u << ACTION_EVICT);
	assert_true(policy->pressure_memory.evict_after_us == 0);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.some of online > 12% over 1s, do: [squeeze "
			"memory, evict after 20s]}\n");
	assert_int_equal(policy->pressure_memory.steps,
			 1u << ACTION_SQUEEZE_MEMORY | 1u << ACTION_EVICT);
	assert_true(policy->pressure_memory.evict_after_us == 20000000);
	(void)read_rule(HEAD "pressure:\n- {when: io.some of online > 12% over 1s, do: [evict]}\n");
	assert_false(policy->pressure_memory.on);
	/* For the CPU after its hold, and never without one. */
	(void)read_rule(HEAD "pressure:\n- {when: cpu.some of online > 12% over 1s, do: [squeeze "
			     "cpu, evict after 30s]}\n");
	assert_int_equal(policy->pressure_cpu.steps, 1u << ACTION_SQUEEZE_CPU | 1u << ACTION_EVICT);
	assert_true(policy->pressure_cpu.evict_after_us == 30000000);
	(void)read_rule(HEAD
			"pressure:\n- {when: cpu.some of online > 12% over 1s, do: [evict]}\n");
	assert_false(policy->pressure_cpu.on);
	/* And so for IO. */
	(void)read_rule(
		"version: 1\n"
		"levels: {P0: {role: online}, P7: {role: offline, io: {squeeze: {floor: 10%}}}}\n"
		"assign: [{match: {qos: BestEffort}, level: P7}]\n"
		"pressure:\n- {when: io.some of online > 12% over 1s, do: [squeeze io, evict "
		"after 30s]}\n");
	assert_int_equal(policy->pressure_io.steps, 1u << ACTION_SQUEEZE_IO | 1u << ACTION_EVICT);
	assert_true(policy->pressure_io.evict_after_us == 30000000);
	(void)read_rule(HEAD "pressure:\n- {when: io.some of online > 12% over 1s, do: [evict]}\n");
	assert_false(policy->pressure_io.on);
}

TEST(a_kill_is_of_memory_that_is_nearly_empty)
{
	(void)read_rule(HEAD "pressure:\n- {when: memory.empty of node in 4s, do: [kill]}\n");
	assert_true(policy->pressure_kill.on);
	assert_int_equal(policy->pressure_kill.window_us, 4000000);
	assert_false(policy->pressure_memory.on);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.some of online > 12% over 1s, do: [kill]}\n");
	assert_false(policy->pressure_kill.on);
	(void)read_rule(HEAD
			"pressure:\n- {when: memory.empty of node in 4s, do: [squeeze memory]}\n");
	assert_false(policy->pressure_kill.on);
	assert_false(policy->pressure_memory.on);
	(void)read_rule(HEAD "pressure: []\n");
	assert_false(policy->pressure_kill.on);
}

TEST(every_sign_and_step_is_read)
{
	const char *yaml =
		"version: 1\n"
		"levels: {P7: {role: offline, cpu: {squeeze: {target: 65%, floor: 2%}}, io: {squeeze: "
		"{floor: 10%}}}}\n"
		"assign: [{match: {qos: BestEffort}, level: P7}]\n"
		"pressure:\n"
		"- {when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}\n"
		"- {when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim, freeze, "
		"evict after 20s]}\n"
		"- {when: memory.empty of node in 3s, do: [kill]}\n"
		"- {when: io.full of online > 0.5% over 500ms, do: [squeeze io, evict after 5m]}\n";
	const struct pressure_policy *p;

	assert_true(read_rule(yaml)->on);
	assert_int_equal(policy->n_pressure, 4);
	p = &policy->pressure[1];
	assert_int_equal(p->resource, RESOURCE_MEMORY);
	assert_int_equal(p->sign, PRESSURE_SOME);
	assert_int_equal(p->threshold_permille, 100);
	assert_int_equal(p->window_us, 1000000);
	assert_int_equal(p->n_steps, 4);
	assert_int_equal(p->steps[0].action, ACTION_SQUEEZE_MEMORY);
	assert_int_equal(p->steps[3].action, ACTION_EVICT);
	assert_int_equal(p->steps[3].after_us, 20000000);
	assert_int_equal(p->line, 6);
	assert_int_equal(policy->pressure[2].sign, PRESSURE_EMPTY);
	assert_int_equal(policy->pressure[2].window_us, 3000000);
	assert_int_equal(policy->pressure[3].steps[1].after_us, 300000000);
}

/* Only a CPU rule that begins with a squeeze makes the CPU ladder climb. */
TEST(a_rule_for_another_resource_or_without_a_squeeze_does_not_squeeze_the_cpu)
{
	assert_false(read_rule(HEAD "pressure:\n- {when: cpu.some of online > 5% over 2s, do: "
				    "[evict]}\n")
			     ->on);
	assert_false(read_rule(HEAD "pressure:\n- {when: io.some of online > 5% over 2s, do: "
				    "[evict]}\n")
			     ->on);
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
		{WHEN("net.some of online > 10% over 1s"), 5, 10,
		 "unknown sign of pressure \"net.some\"", "memory.empty"},
		{WHEN("cpu of online > 10% over 1s"), 5, 10, "unknown sign of pressure \"cpu\"",
		 "accepted: cpu.some"},
		{WHEN("cpu.empty of node in 3s"), 5, 10, "\"cpu.empty\"", "accepted: cpu.some"},
		{WHEN("cpu.full of online > 5% over 2s"), 5, 10, "\"cpu.full\"", "memory.full"},
		{WHEN("memory.empty of online in 3s"), 5, 26,
		 "expects \"node\" here, found \"online\"", FORM},
		{WHEN("memory.empty of node > 3s"), 5, 31, "expects \"in\" here", FORM},
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
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(bad_steps_are_refused_where_they_stand)
{
	static const struct policy_case cases[] = {
		{RULE("{when: cpu.some of online > 5% over 2s, do: []}"), 5, 47,
		 "a rule that does nothing", "[squeeze cpu]"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: squeeze cpu}"), 5, 47,
		 "do is a list, found a single value", "[A, B]"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeeze cpu, freeze]}"), 5, 3,
		 "the step freeze does not help against pressure on cpu", "for cpu: squeeze cpu"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeeze memory]}"), 5, 3,
		 "squeeze memory does not help against pressure on cpu", "for cpu: squeeze cpu"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [squeeze cpu]}"), 5, 3,
		 "squeeze cpu does not help against pressure on memory", "for memory: squeeze"},
		{RULE("{when: io.some of online > 5% over 2s, do: [squeeze io, kill]}"), 5, 3,
		 "kill does not help against pressure on io", "for io: squeeze io"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeze cpu]}"), 5, 48,
		 "\"squeze cpu\" is no step", "did you mean \"squeeze cpu\"?"},
		{RULE("{when: cpu.some of online > 5% over 2s, do: [squeeze cpu, squeeze cpu]}"), 5,
		 61, "the same step twice", ""},
		{RULE("{when: memory.some of online > 5% over 2s, do: [reclaim for 5s]}"), 5, 63,
		 "the step reclaim has no \"for\"", "only freeze"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [freeze for 11s]}"), 5, 62,
		 "nobody is frozen for \"11s\"", "1s to 10s"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [freeze for 999ms]}"), 5, 62,
		 "nobody is frozen for \"999ms\"", "1s to 10s"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [freeze for ever]}"), 5, 62,
		 "nobody is frozen for \"ever\"", "1s to 10s"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [freeze for 5s or so]}"), 5,
		 62, "nobody is frozen for \"5s or so\"", "1s to 10s"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [evict, reclaim]}"), 5, 58,
		 "a step that goes less far than the one before", "from the gentlest on"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [evict after 20]}"), 5, 63,
		 "\"20\" is no time to wait", "after 20s"},
		{RULE("{when: memory.some of online > 5% over 2s, do: [evict after 11m]}"), 5, 63,
		 "\"11m\" is no time to wait", "up to 10m"},
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
		cmocka_unit_test_teardown(the_rule_is_read_with_its_threshold_and_window,
					  policy_case_teardown),
		cmocka_unit_test_teardown(without_a_rule_nothing_is_squeezed, policy_case_teardown),
		cmocka_unit_test_teardown(of_the_rule_for_memory_the_steps_of_this_version_count,
					  policy_case_teardown),
		cmocka_unit_test_teardown(a_kill_is_of_memory_that_is_nearly_empty,
					  policy_case_teardown),
		cmocka_unit_test_teardown(every_sign_and_step_is_read, policy_case_teardown),
		cmocka_unit_test_teardown(
			a_rule_for_another_resource_or_without_a_squeeze_does_not_squeeze_the_cpu,
			policy_case_teardown),
		cmocka_unit_test(a_bad_rule_is_refused_at_the_word_that_is_wrong),
		cmocka_unit_test(bad_steps_are_refused_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
