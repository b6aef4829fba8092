// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define HEAD "version: 1\nlevels:\n  P7: {role: offline, cpu: {yield: ratio 50}}\n"
#define TAIL "\nassign: [{match: {qos: BestEffort}, level: P7}]\n"
/* Line 4: a level of its own, which the rules do not use. */
#define P4(fields) HEAD "  P4: {role: online, " fields "}" TAIL
#define P6(fields) HEAD "  P6: {role: offline, " fields "}" TAIL

static struct policy *policy;

static const struct level_policy *read_level(const char *yaml, enum level level)
{
	policy = policy_case_keep(&yaml, 1);
	return &policy->levels[level];
}

TEST(every_field_of_an_online_level_is_read)
{
	const struct level_policy *p = read_level(
		P4("sensitive: true, cpu: {weight: 250}, "
		   "memory: {min: 512Mi, low: request, high: 80.5% of limit}, io: {weight: 300}"),
		LEVEL_P4);

	assert_true(p->defined);
	assert_int_equal(p->role, ROLE_ONLINE);
	assert_true(p->sensitive);
	assert_int_equal(p->cpu.weight, WEIGHT_FIXED);
	assert_int_equal(p->cpu.weight_value, 250);
	assert_int_equal(p->cpu.yield, YIELD_NONE);
	assert_false(p->cpu.squeeze);
	assert_int_equal(p->memory.min.kind, AMOUNT_BYTES);
	assert_int_equal(p->memory.min.value, 512 << 20);
	assert_int_equal(p->memory.low.kind, AMOUNT_REQUEST);
	assert_int_equal(p->memory.high.kind, AMOUNT_PERMILLE_OF_LIMIT);
	assert_int_equal(p->memory.high.value, 805);
	assert_int_equal(p->io.weight, 300);
	assert_false(policy->levels[LEVEL_P3].defined);
}

TEST(every_field_of_an_offline_level_is_read)
{
	const struct level_policy *p =
		read_level(P6("cpu: {weight: request, yield: ratio 20, "
			      "squeeze: {target: 65%, floor: 2.5%}}, memory: {high: none}"),
			   LEVEL_P6);

	assert_int_equal(p->role, ROLE_OFFLINE);
	assert_int_equal(p->cpu.weight, WEIGHT_REQUEST);
	assert_int_equal(p->cpu.yield, YIELD_RATIO);
	assert_int_equal(p->cpu.yield_ratio, 20);
	assert_true(p->cpu.squeeze);
	assert_int_equal(p->cpu.squeeze_target_permille, 650);
	assert_int_equal(p->cpu.squeeze_floor_permille, 25);
	assert_int_equal(p->memory.high.kind, AMOUNT_NONE);
}

TEST(what_a_level_does_not_say_is_left_as_it_is)
{
	const struct level_policy *p = read_level(P4(""), LEVEL_P4);

	assert_int_equal(p->cpu.weight, WEIGHT_KEEP);
	assert_int_equal(p->memory.min.kind, AMOUNT_NONE);
	assert_int_equal(p->memory.high.kind, AMOUNT_NONE);
	assert_int_equal(p->io.weight, 0);
	p = read_level(P4("cpu: {weight: keep}, io: {weight: keep}"), LEVEL_P4);
	assert_int_equal(p->cpu.weight, WEIGHT_KEEP);
	assert_int_equal(p->io.weight, 0);
}

TEST(the_edges_of_the_kernels_ranges_are_accepted)
{
	assert_int_equal(read_level(P4("cpu: {weight: 1}"), LEVEL_P4)->cpu.weight_value, 1);
	assert_int_equal(read_level(P4("cpu: {weight: 10000}"), LEVEL_P4)->cpu.weight_value, 10000);
	assert_int_equal(read_level(P4("io: {weight: 10000}"), LEVEL_P4)->io.weight, 10000);
	assert_int_equal(read_level(P4("memory: {low: 4Ki}"), LEVEL_P4)->memory.low.value, 4096);
	assert_int_equal(
		read_level(P4("memory: {high: 100% of limit}"), LEVEL_P4)->memory.high.value, 1000);
}

#define WEIGHTS "request, keep, 1..10000"
#define AMOUNTS "request, N% of limit, bytes like 512Mi, none"
#define HIGHS "request, N% of limit, request + N% of headroom, bytes like 512Mi, none"

TEST(a_bad_level_or_key_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{HEAD "  P8: {role: online}" TAIL, 4, 3, "unknown key \"P8\" in levels", "P0, P1"},
		{HEAD "  p4: {role: online}" TAIL, 4, 3, "unknown key \"p4\"",
		 "did you mean \"P4\"?"},
		{HEAD "  P4: online" TAIL, 4, 7, "P4 is a mapping, found a single value", "{key"},
		{HEAD "  P4:" TAIL, 4, 6, "P4 is a mapping, found nothing", "{key"},
		{"version: 1\nlevels: [P0]\n", 2, 9, "levels is a mapping, found a list", "{key"},
		{HEAD "  P4: {role: onlien}" TAIL, 4, 14, "\"onlien\" is not a role",
		 "did you mean \"online\"? accepted: online, offline"},
		{HEAD "  P4: {role: Online}" TAIL, 4, 14, "\"Online\" is not a role",
		 "did you mean \"online\"?"},
		{P4("roel: online"), 4, 22, "unknown key \"roel\" in P4", "did you mean \"role\"?"},
		{P4("nets: {share: 4}"), 4, 22, "unknown key \"nets\" in P4",
		 "accepted: role, sensitive, cpu, memory, io"},
		{P4("sensitive: yes"), 4, 33, "\"yes\" is not true or false",
		 "accepted: false, true"},
		{P4("sensitive: [true]"), 4, 33, "expects true or false, found a list", ""},
		{P4("cpu: {wieght: 5}"), 4, 28, "unknown key \"wieght\" in cpu",
		 "did you mean \"weight\"?"},
		{P4("cpu: {core: shared}"), 4, 28, "unknown key \"core\" in cpu",
		 "accepted: weight, yield, squeeze"},
		{P4("cpu: 100"), 4, 27, "cpu is a mapping, found a single value", "{key"},
		{P4("memory: {grow: 1}"), 4, 31, "unknown key \"grow\" in memory",
		 "accepted: min, low, high"},
		{P4("io: {squeezes: 1}"), 4, 27, "unknown key \"squeezes\" in io",
		 "accepted: weight"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_bad_cpu_value_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{P4("cpu: {weight: 0}"), 4, 36, "0 is out of range for a weight", "1 to 10000"},
		{P4("cpu: {weight: 10001}"), 4, 36, "10001 is out of range", "1 to 10000"},
		{P4("cpu: {weight: 99999999999999999999999}"), 4, 36, "is out of range",
		 "1 to 10000"},
		{P4("cpu: {weight: high}"), 4, 36, "\"high\" is not a weight", WEIGHTS},
		{P4("cpu: {weight: -5}"), 4, 36, "\"-5\" is not a weight", WEIGHTS},
		{P4("cpu: {weight: 1.5}"), 4, 36, "\"1.5\" is not a weight", "whole number"},
		{P4("cpu: {weight: 5%}"), 4, 36, "\"5%\" is not a weight", "whole number"},
		{P4("cpu: {weight: }"), 4, 36, "found nothing", ""},
		{P6("cpu: {yield: ratio}"), 4, 36, "\"ratio\" is not a way to yield", "ratio N"},
		{P6("cpu: {yield: ratio 0}"), 4, 42, "0 is out of range for a ratio", "1 to 10000"},
		{P6("cpu: {yield: ratio x}"), 4, 42, "\"x\" is not a ratio", "whole number"},
		{P6("cpu: {yield: 'ratio 10001'}"), 4, 43, "out of range", "1 to 10000"},
		{P6("cpu: {yield: 50}"), 4, 36, "\"50\" is not a way to yield", "idle, none"},
		{P6("cpu: {yield: ratio 50, squeeze: {target: 65, floor: 2%}}"), 4, 64,
		 "\"65\" is not a share", "0.1% to 100.0%"},
		{P6("cpu: {yield: ratio 50, squeeze: {target: 101%, floor: 2%}}"), 4, 64,
		 "101% is out of range", "0.1% to 100.0%"},
		{P6("cpu: {yield: ratio 50, squeeze: {target: 65%, floor: 0%}}"), 4, 76,
		 "0% is out of range", "0.1% to 100.0%"},
		{P6("cpu: {yield: ratio 50, squeeze: {target: 65%, flor: 2%, floor: 1%}}"), 4, 69,
		 "unknown key \"flor\" in squeeze", "did you mean \"floor\"?"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(a_bad_memory_or_io_value_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{P4("memory: {min: 512MiB}"), 4, 36, "\"512MiB\" is not an amount of memory",
		 AMOUNTS},
		{P4("memory: {min: lots}"), 4, 36, "\"lots\" is not an amount", AMOUNTS},
		{P4("memory: {min: -1}"), 4, 36, "\"-1\" is not an amount", AMOUNTS},
		{P4("memory: {low: 0}"), 4, 36, "0 is less than a page", "write none"},
		{P4("memory: {low: 512}"), 4, 36, "512 is less than a page", "write none"},
		{P4("memory: {low: 16Ei}"), 4, 36, "more than a kernel can count", AMOUNTS},
		{P4("memory: {high: 80%}"), 4, 37, "80% of what?", "80% of limit"},
		{P4("memory: {high: 0% of limit}"), 4, 37, "is not a share of the limit",
		 "100% of limit"},
		{P4("memory: {high: 101% of limit}"), 4, 37, "is not a share of the limit",
		 "100% of limit"},
		{P4("memory: {high: half of limit}"), 4, 37, "is not a share of the limit",
		 "100% of limit"},
		{P4("memory: {high: 80% of request}"), 4, 37, "is not an amount", HIGHS},
		{P4("memory: {high: ' of limit'}"), 4, 37, "is not an amount", HIGHS},
		{P4("memory: {high: [1Gi]}"), 4, 37, "found a list", ""},
		{P4("io: {weight: 0}"), 4, 35, "0 is out of range for a weight", "1 to 10000"},
		{P4("io: {weight: 10001}"), 4, 35, "out of range", "1 to 10000"},
		{P4("io: {weight: request}"), 4, 35, "\"request\" is not a weight",
		 "keep, 1..10000"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_field_of_an_online_level_is_read,
					  policy_case_teardown),
		cmocka_unit_test_teardown(every_field_of_an_offline_level_is_read,
					  policy_case_teardown),
		cmocka_unit_test_teardown(what_a_level_does_not_say_is_left_as_it_is,
					  policy_case_teardown),
		cmocka_unit_test_teardown(the_edges_of_the_kernels_ranges_are_accepted,
					  policy_case_teardown),
		cmocka_unit_test(a_bad_level_or_key_is_refused_where_it_stands),
		cmocka_unit_test(a_bad_cpu_value_is_refused_where_it_stands),
		cmocka_unit_test(a_bad_memory_or_io_value_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
