// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences: one per reason code, with the numbers that were used and no others.
#include "tests/lib/test.h"

#include <inttypes.h>
#include <stdio.h>

#include "colod/knob.h"
#include "policy/reason_text.h"

static struct match match_qos = {.kind = MATCH_QOS, .qos = QOS_BESTEFFORT};
static struct match match_two[] = {
	{.kind = MATCH_NAMESPACE, .pattern = (char *)"batch"},
	{.kind = MATCH_LABEL, .key = (char *)"tier", .pattern = (char *)"low*"},
};
static struct match match_key = {.kind = MATCH_ANNOTATION, .key = (char *)"colod.io/level"};
static struct match match_static = {.kind = MATCH_STATIC, .flag = true};
static struct assign_rule rules[] = {
	{.matches = &match_qos,
	 .n_matches = 1,
	 .level = LEVEL_P7,
	 .file = "default.yaml",
	 .line = 31},
	{.matches = match_two, .n_matches = 2, .level = LEVEL_P7, .file = "own.yaml", .line = 4},
	{.matches = &match_key,
	 .n_matches = 1,
	 .level = LEVEL_NONE,
	 .from_value = true,
	 .file = "own.yaml",
	 .line = 9},
	{.matches = &match_static, .n_matches = 1, .level = LEVEL_P1, .built_in = true},
};
static const struct policy policy = {.rules = rules, .n_rules = 4};

static char buf[REASON_TEXT_SIZE];

static const char *of(struct reason reason)
{
	return reason_text(&reason, NULL, buf, sizeof(buf));
}

TEST(every_code_has_a_sentence_of_its_own)
{
	char all[REASON_COUNT][REASON_TEXT_SIZE];

	for (int code = 0; code < REASON_COUNT; code++) {
		struct reason reason = {
			.code = (enum reason_code)code,
			.level = LEVEL_NONE,
			.rule = -1,
			.observed = 200,
			.limit = 50,
			.for_us = 2000000,
			.extra = 2,
			.who = "default/web-1",
		};

		(void)reason_text(&reason, NULL, all[code], sizeof(all[code]));
		assert_true(strlen(all[code]) > 15);
		assert_null(strchr(all[code], '\n'));
		for (int other = 0; other < code; other++)
			assert_string_not_equal(all[code], all[other]);
	}
}

TEST(a_room_of_some_memory_nodes_says_of_which)
{
	const struct reason empty = {.code = REASON_MEMORY_EMPTY,
				     .observed = 1 << 20,
				     .extra = 5 << 20,
				     .for_us = 5000000,
				     .limit = 10000000,
				     .nodes = 1};
	char text[REASON_TEXT_NODES_SIZE];

	assert_non_null(strstr(of(empty), "the room of 5 MiB on NUMA node 0 falls by"));
	assert_non_null(strstr(of((struct reason){.code = REASON_MEMORY_MARK, .nodes = 6}),
			       "available on NUMA nodes 1-2, less than"));
	assert_non_null(strstr(of((struct reason){.code = REASON_MEMORY_GROWTH, .nodes = 2}),
			       "room for 0 bytes on NUMA node 1"));
	assert_non_null(strstr(of((struct reason){.code = REASON_FREEZE, .nodes = 2}),
			       "on NUMA node 1: it stands still"));
	assert_string_equal(reason_text_nodes(UINT64_C(1) << 63 | 5, text), "NUMA nodes 0,2,63");
	/* Every other node: the longest list. */
	assert_true(strlen(reason_text_nodes(0xaaaaaaaaaaaaaaaa, text)) < sizeof(text) - 1);
	assert_non_null(strstr(text, ",61,63"));
}

/* Which of the numbers a code uses, by the comments in reason.h. */
#define OBSERVED 1u
#define LIMIT 2u
#define FOR 4u
#define EXTRA 8u

static const unsigned used[REASON_COUNT] = {
	[REASON_WEIGHT_REQUEST] = OBSERVED,
	[REASON_WEIGHT_FIXED] = LIMIT,
	[REASON_YIELD_RATIO] = OBSERVED | LIMIT | EXTRA,
	[REASON_YIELD_REQUEST] = OBSERVED | LIMIT | EXTRA,
	[REASON_FLOOR_RAISED] = OBSERVED | LIMIT | FOR | EXTRA,
	[REASON_MIXED_WEIGHT] = OBSERVED | LIMIT,
	[REASON_BURST] = OBSERVED | LIMIT,
	[REASON_BURST_RESIZE] = OBSERVED | LIMIT,
	[REASON_CPU_BATCH] = OBSERVED,
	[REASON_MEMORY_BATCH] = OBSERVED,
	[REASON_MEMORY_REQUEST] = OBSERVED,
	[REASON_MEMORY_FIXED] = LIMIT,
	[REASON_MEMORY_CHILDREN] = OBSERVED | EXTRA,
	[REASON_MEMORY_BOUND] = OBSERVED | LIMIT,
	[REASON_MEMORY_OF_LIMIT] = OBSERVED | LIMIT,
	[REASON_MEMORY_OF_NODE] = OBSERVED | LIMIT,
	[REASON_MEMORY_HEADROOM] = OBSERVED | LIMIT | EXTRA,
	[REASON_MEMORY_LIFT] = OBSERVED | LIMIT | FOR,
	[REASON_MEMORY_LIFTED] = LIMIT,
	[REASON_IO_LEVEL] = LIMIT,
	[REASON_IO_CLASS] = LIMIT | EXTRA,
	[REASON_SQUEEZE] = OBSERVED | LIMIT | FOR | EXTRA,
	[REASON_SQUEEZE_FLOOR] = OBSERVED | LIMIT | FOR | EXTRA,
	[REASON_MEMORY_SYSTEM] = LIMIT,
	[REASON_EASED] = OBSERVED | LIMIT | FOR,
	[REASON_IO_WAITS] = OBSERVED | LIMIT | FOR | EXTRA,
	[REASON_IO_FLOOR] = OBSERVED | LIMIT | FOR | EXTRA,
	[REASON_IO_WORSE] = OBSERVED | LIMIT | FOR,
	[REASON_MEMORY_WAITS] = OBSERVED | LIMIT | FOR,
	[REASON_MEMORY_EMPTY] = OBSERVED | LIMIT | FOR | EXTRA,
	[REASON_MEMORY_MARK] = OBSERVED | LIMIT,
	[REASON_MEMORY_GROWTH] = OBSERVED | LIMIT | EXTRA,
	[REASON_RELEASED] = FOR,
	[REASON_INEFFECTIVE] = OBSERVED | LIMIT | FOR,
	[REASON_GAP] = FOR,
	[REASON_CORES_OWN] = OBSERVED | LIMIT,
	[REASON_CORES_CLASS] = OBSERVED,
	[REASON_CORES_OFFLINE] = OBSERVED | LIMIT,
	[REASON_SMT_OFFLINE] = OBSERVED | LIMIT,
	[REASON_SMT_AVOIDED] = OBSERVED | LIMIT,
	[REASON_CORES_IDS] = OBSERVED | LIMIT,
	[REASON_CORES_SMALL] = OBSERVED | LIMIT,
	[REASON_CORES_LIMIT] = OBSERVED | LIMIT,
	[REASON_CORES_FREE] = OBSERVED | LIMIT,
	[REASON_CORES_ROOM] = OBSERVED | LIMIT,
	[REASON_SMT_NO_SIBLING] = LIMIT,
	[REASON_SMT_ROOM] = OBSERVED,
	[REASON_FREEZE] = OBSERVED | FOR | EXTRA,
	[REASON_FREEZE_OVER] = OBSERVED | LIMIT | FOR,
	[REASON_FREEZE_ENDS] = OBSERVED | FOR,
	[REASON_FREEZE_MAY] = FOR,
	[REASON_FREEZE_START] = FOR,
	[REASON_FREEZE_PROBE] = OBSERVED | LIMIT,
	[REASON_RETURNED] = EXTRA,
	[REASON_RETURNED_IO] = LIMIT,
	[REASON_MANUAL] = OBSERVED | FOR,
	[REASON_CALIBRATE] = FOR | EXTRA,
	[REASON_NET_ONLINE] = OBSERVED | LIMIT | EXTRA,
	[REASON_NET_FLOOR] = OBSERVED | LIMIT | EXTRA,
	[REASON_NET_IDLE] = OBSERVED | LIMIT | FOR,
	[REASON_NET_BLIND] = FOR,
	[REASON_NET_RX_ONLINE] = OBSERVED | LIMIT | EXTRA,
	[REASON_NET_RX_FLOOR] = OBSERVED | LIMIT | EXTRA,
	[REASON_NET_RX_IDLE] = OBSERVED | LIMIT | FOR,
	[REASON_NET_RX_BLIND] = FOR,
	[REASON_NET_RX_GROWS] = OBSERVED | LIMIT | EXTRA,
	[REASON_NET_RX_CROWDED] = OBSERVED | LIMIT | EXTRA,
};

/* Changing a number changes the sentence if, and only if, the code uses that number. */
TEST(each_sentence_holds_the_numbers_that_were_used_and_no_others)
{
	for (int code = 0; code < REASON_COUNT; code++) {
		const struct reason base = {
			.code = (enum reason_code)code,
			.level = LEVEL_NONE,
			.rule = -1,
			.observed = 3ull << 20,
			.limit = 5ull << 20,
			.for_us = 7000000,
			.extra = 11,
		};
		char before[REASON_TEXT_SIZE], after[REASON_TEXT_SIZE];

		(void)reason_text(&base, NULL, before, sizeof(before));
		for (unsigned field = OBSERVED; field <= EXTRA; field <<= 1) {
			struct reason other = base;

			other.observed += field == OBSERVED ? 1 << 20 : 0;
			other.limit += field == LIMIT ? 1 << 20 : 0;
			other.for_us += field == FOR ? 1000000 : 0;
			other.extra += field == EXTRA ? 1 : 0;
			(void)reason_text(&other, NULL, after, sizeof(after));
			if (used[code] & field)
				assert_string_not_equal(before, after);
			else
				assert_string_equal(before, after);
		}
	}
}

TEST(units_are_those_of_people)
{
	assert_string_equal(of((struct reason){.code = REASON_WEIGHT_REQUEST,
					       .level = LEVEL_NONE,
					       .rule = -1,
					       .observed = 1500}),
			    "its share follows its CPU request of 1.5 CPUs");
	assert_non_null(strstr(of((struct reason){.code = REASON_WEIGHT_REQUEST,
						  .level = LEVEL_NONE,
						  .observed = 1000}),
			       " 1 CPU"));
	assert_non_null(strstr(of((struct reason){.code = REASON_WEIGHT_REQUEST,
						  .level = LEVEL_NONE,
						  .observed = 5}),
			       "0.005 CPUs"));
	assert_string_equal(of((struct reason){.code = REASON_MEMORY_OF_LIMIT,
					       .level = LEVEL_NONE,
					       .rule = -1,
					       .observed = 256ull << 20,
					       .limit = 805}),
			    "80.5 % of its memory limit 256 MiB");
	assert_non_null(strstr(of((struct reason){.code = REASON_MEMORY_REQUEST,
						  .level = LEVEL_NONE,
						  .observed = (3ull << 20) / 2}),
			       "1.5 MiB"));
	assert_non_null(strstr(of((struct reason){.code = REASON_MEMORY_REQUEST,
						  .level = LEVEL_NONE,
						  .observed = 2048}),
			       "2 KiB"));
	assert_non_null(strstr(of((struct reason){.code = REASON_MEMORY_REQUEST,
						  .level = LEVEL_NONE,
						  .observed = 100}),
			       "100 bytes"));
	assert_non_null(strstr(of((struct reason){.code = REASON_RELEASED,
						  .level = LEVEL_NONE,
						  .for_us = 10500000}),
			       "10.5 s"));
	assert_non_null(strstr(
		of((struct reason){.code = REASON_RELEASED, .level = LEVEL_NONE, .for_us = 500000}),
		"500 ms"));
}

TEST(a_squeeze_names_who_waited_how_long_and_what_offline_work_gets)
{
	struct reason reason = {
		.code = REASON_SQUEEZE,
		.level = LEVEL_P7,
		.rule = 0,
		.observed = 124,
		.limit = 50,
		.for_us = 2000000,
		.extra = 410,
		.who = "default/web-1",
	};

	assert_string_equal(
		reason_text(&reason, &policy, buf, sizeof(buf)),
		"default/web-1 waited for CPU 12.4 % of 2 s, more than 5 %: offline work "
		"may use 41 % of the node (P7, rule default.yaml:31)");
	assert_non_null(strstr(of(reason), "the node (P7)"));
	reason.usual_permille = 90;
	assert_non_null(strstr(of(reason), "CPU 12.4 % of 2 s over its usual 9 %, more than 5 %"));
}

TEST(the_yield_sentence_shows_the_sum_it_was_worked_out_from)
{
	struct reason reason = {
		.code = REASON_YIELD_RATIO,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = 2539,
		.limit = 50,
		.extra = 1,
		.who = "batch/hog",
	};

	assert_string_equal(
		of(reason),
		"it yields to its online siblings: one part in 50 of their CPU weight 2539, "
		"at least 1, because of batch/hog");
	reason.extra = 3;
	assert_non_null(strstr(of(reason), "shared by 3 cgroups"));
}

TEST(a_rule_that_is_not_known_is_not_named)
{
	struct reason reason = {
		.code = REASON_IO_LEVEL, .level = LEVEL_NONE, .rule = 99, .limit = 10};

	assert_string_equal(reason_text(&reason, &policy, buf, sizeof(buf)),
			    "its level has the IO weight 10");
	reason.rule = -1;
	assert_string_equal(reason_text(&reason, &policy, buf, sizeof(buf)),
			    "its level has the IO weight 10");
	reason.rule = 3;
	assert_string_equal(reason_text(&reason, &policy, buf, sizeof(buf)),
			    "its level has the IO weight 10 (the built-in rule)");
}

TEST(a_short_buffer_is_filled_and_terminated)
{
	struct reason reason = {.code = REASON_SQUEEZE, .level = LEVEL_P7, .rule = 0};
	char guard[REASON_TEXT_SIZE];

	memset(reason.who, 'w', sizeof(reason.who) - 1);
	for (size_t size = 1; size < sizeof(guard); size++) {
		memset(guard, '#', sizeof(guard));
		(void)reason_text(&reason, &policy, guard, size);
		assert_true(strlen(guard) < size);
		assert_int_equal(guard[size], '#');
	}
	/* The longest sentence fits. */
	(void)reason_text(&reason, &policy, guard, sizeof(guard));
	assert_non_null(strstr(guard, "default.yaml:31)"));
}

TEST(a_code_that_does_not_exist_still_gives_text)
{
	assert_string_equal(of((struct reason){.code = REASON_COUNT, .rule = 0}),
			    "no reason was recorded");
}

TEST(a_rule_is_told_with_what_it_matches)
{
	assert_string_equal(reason_text_rule(&policy, 0, buf, sizeof(buf)),
			    "P7 by default.yaml:31 (qos: BestEffort)");
	assert_string_equal(reason_text_rule(&policy, 1, buf, sizeof(buf)),
			    "P7 by own.yaml:4 (namespace: batch, label: tier=low*)");
	assert_string_equal(
		reason_text_rule(&policy, 2, buf, sizeof(buf)),
		"the level it names itself, by own.yaml:9 (annotation: colod.io/level)");
	assert_string_equal(reason_text_rule(&policy, 3, buf, sizeof(buf)),
			    "P1 by the built-in rule (static: true)");
	assert_string_equal(reason_text_rule(&policy, -1, buf, sizeof(buf)), "no rule matches");
	assert_string_equal(reason_text_rule(&policy, 4, buf, sizeof(buf)), "no rule matches");
	assert_string_equal(reason_text_rule(NULL, 0, buf, sizeof(buf)), "no rule matches");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_sentence_of_its_own),
		cmocka_unit_test(each_sentence_holds_the_numbers_that_were_used_and_no_others),
		cmocka_unit_test(a_room_of_some_memory_nodes_says_of_which),
		cmocka_unit_test(units_are_those_of_people),
		cmocka_unit_test(a_squeeze_names_who_waited_how_long_and_what_offline_work_gets),
		cmocka_unit_test(the_yield_sentence_shows_the_sum_it_was_worked_out_from),
		cmocka_unit_test(a_rule_that_is_not_known_is_not_named),
		cmocka_unit_test(a_short_buffer_is_filled_and_terminated),
		cmocka_unit_test(a_code_that_does_not_exist_still_gives_text),
		cmocka_unit_test(a_rule_is_told_with_what_it_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
