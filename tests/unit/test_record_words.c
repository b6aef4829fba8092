// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_words.h"

static struct record_buf buf;

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

static struct record_line text_of(const char *text)
{
	return (struct record_line){text, strlen(text)};
}

#define EVERY_WORD_BOTH_WAYS(name, count, type)                                                    \
	for (int i = 0; i < (int)(count); i++) {                                                   \
		struct record_line word = text_of(record_words_##name((type)i));                   \
                                                                                                   \
		assert_false(record_is(&word, "?"));                                               \
		assert_int_equal(record_words_##name##_from(&word), i);                            \
	}                                                                                          \
	assert_string_equal(record_words_##name((type)(count)), "?")

TEST(every_enum_has_a_word_and_every_word_an_enum)
{
	struct record_line unknown = text_of("?");

	EVERY_WORD_BOTH_WAYS(reason, REASON_COUNT, enum reason_code);
	EVERY_WORD_BOTH_WAYS(pod_kind, POD_KIND_COUNT, enum pod_kind);
	EVERY_WORD_BOTH_WAYS(cgroup_kind, CGROUP_KIND_COUNT, enum cgroup_kind);
	EVERY_WORD_BOTH_WAYS(cpu_manager, CPU_MANAGER_COUNT, enum cpu_manager);
	assert_int_equal(record_words_reason_from(&unknown), -EINVAL);
}

static const struct ladder ladder = {
	.rung = RUNG_SQUEEZE,
	.since_us = 1,
	.pressure_us = -2,
	.quota_cpu_milli = UINT64_MAX,
	.grown_us = INT64_MAX,
	.steps = 5,
	.efficacy =
		{.started_us = -7,
		 .n_trial = 2,
		 .n_marks = 1,
		 .trial = {{.slot = 1, .serial = 2, .number = 3},
			   {.slot = UINT32_MAX, .serial = UINT64_MAX, .full = 1, .number = 1000}},
		 .marks = {{.slot = 0, .serial = 9, .number = INT64_MAX}}},
	.reason = {.code = REASON_SQUEEZE_FLOOR,
		   .level = LEVEL_NONE,
		   .rule = -1,
		   .observed = 1,
		   .limit = 2,
		   .for_us = 3,
		   .extra = UINT64_MAX,
		   .who = "shop/web 1"},
};

TEST(a_ladder_goes_there_and_back)
{
	struct ladder back = {0};
	struct record_line line;

	record_words_put_ladder(&buf, &ladder, NULL);
	assert_int_equal(buf.text[0], ' ');
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_ladder(&line, &back), 0);
	assert_int_equal(line.len, 0);
	assert_memory_equal(&back, &ladder, sizeof(back));
	buf.n = 0;
}

TEST(a_room_that_is_not_the_machines_says_whose_it_is)
{
	struct reason reason = {.code = REASON_MEMORY_EMPTY, .level = LEVEL_NONE, .nodes = 5};
	struct record_line line;
	struct reason back;

	record_words_put_reason(&buf, &reason, NULL);
	assert_non_null(memmem(buf.text, buf.n, " who=\"\" nodes=5", 15));
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_reason(&line, &back), 0);
	assert_memory_equal(&back, &reason, sizeof(back));
	buf.n = 0;
	reason.usual_permille = 42;
	record_words_put_reason(&buf, &reason, NULL);
	assert_non_null(memmem(buf.text, buf.n, " nodes=5 usual=42", 17));
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_reason(&line, &back), 0);
	assert_memory_equal(&back, &reason, sizeof(back));
	buf.n = 0;
}

TEST(what_a_hold_is_judged_by_is_written_only_while_there_is_some)
{
	static const struct ladder calm = {.rung = RUNG_CALM};
	struct ladder back = {.steps = 77};
	struct record_line line;

	record_words_put_ladder(&buf, &calm, NULL);
	assert_null(memmem(buf.text, buf.n, " hold=", 6));
	assert_null(memmem(buf.text, buf.n, " waited=", 8));
	assert_null(memmem(buf.text, buf.n, " rest=", 6));
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_ladder(&line, &back), 0);
	assert_memory_equal(&back, &calm, sizeof(back));
	buf.n = 0;
}

#define LADDER(efficacy)                                                                           \
	"rung=calm since=1 pressure=2 quota=3 grown=4 steps=5 " efficacy                           \
	" code=none level=- rule=-1 observed=0 limit=0 for=0 extra=0 who=\"\""

TEST(lists_of_pods_that_are_too_long_or_broken_are_refused)
{
	static const char *const bad[] = {
		LADDER("hold=1 waited="),
		LADDER("hold=1 waited=1:2"),
		LADDER("hold=1 waited=1:2:"),
		LADDER("hold=1 waited=1:2:3,"),
		LADDER("hold=1 waited=1:2:3:"),
		LADDER("hold=1 waited=1:2:3:some"),
		LADDER("hold=1 waited=1:2:3:fullx"),
		LADDER("hold=1 waited=4294967296:2:3"),
		LADDER("waited=1:2:3"),
		LADDER("rest=1:2:9223372036854775808"),
		LADDER("rest=1:2:3 hold=1"),
		LADDER("hold=1 waited=1:1:1,2:1:1,3:1:1,4:1:1,5:1:1,6:1:1,7:1:1,8:1:1,9:1:1"),
	};
	struct record_line line = text_of(LADDER("hold=1 waited=1:2:3 rest=1:2:3"));
	struct ladder back = {.steps = 77};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct record_line broken = text_of(bad[i]);

		assert_int_equal(record_words_get_ladder(&broken, &back), -EBADMSG);
		assert_int_equal(back.steps, 77);
	}
	assert_int_equal(record_words_get_ladder(&line, &back), 0);
}

/* One that is cut anywhere is not taken for a smaller one. */
TEST(a_ladder_that_is_cut_short_is_refused)
{
	record_words_put_ladder(&buf, &ladder, NULL);
	for (size_t n = 0; n < buf.n - sizeof("shop/web\\x201") + 1; n++) {
		struct record_line line = {buf.text + 1, n};
		struct ladder back = {.steps = 77};

		assert_int_equal(record_words_get_ladder(&line, &back), -EBADMSG);
		assert_int_equal(back.steps, 77);
	}
	buf.n = 0;
}

TEST(modes_go_there_and_back)
{
	struct modes modes = {.all = MODE_SQUEEZE}, back = {0};
	struct record_line line;

	modes.by[RESOURCE_CPU] = MODE_OFF;
	modes.by[RESOURCE_MEMORY] = MODE_PROTECT;
	modes.by[RESOURCE_IO] = MODE_OBSERVE;
	modes.by[RESOURCE_NET] = MODE_PROTECT;
	record_words_put_modes(&buf, &modes);
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_modes(&line, &back), 0);
	assert_memory_equal(&back, &modes, sizeof(back));
	line = text_of("all=squeeze cpu=fast memory=off io=off");
	assert_int_equal(record_words_get_modes(&line, &back), -EBADMSG);
	line = text_of("all=squeeze cpu=off memory=off io=off net=fast");
	assert_int_equal(record_words_get_modes(&line, &back), -EBADMSG);
}

/* As in every recording from before the network had a mode. */
TEST(a_network_that_is_not_named_has_the_mode_of_the_whole)
{
	struct record_line line = text_of("all=protect cpu=off memory=off io=off");
	struct modes back = {0};

	assert_int_equal(record_words_get_modes(&line, &back), 0);
	assert_int_equal(back.by[RESOURCE_NET], MODE_PROTECT);
}

TEST(a_key_is_the_one_that_is_due)
{
	struct record_line line = text_of("cpus=4 cores=2"), value;
	uint64_t n = 0;

	assert_int_equal(record_words_key(&line, "cpu", &value), -EBADMSG);
	line = text_of("cpus=4 cores=2");
	assert_int_equal(record_words_number(&line, "cpus", 4, &n), 0);
	assert_int_equal(n, 4);
	assert_int_equal(record_words_number(&line, "cores", 1, &n), -EBADMSG);
	line = text_of("cpus=");
	assert_int_equal(record_words_number(&line, "cpus", 4, &n), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_enum_has_a_word_and_every_word_an_enum),
		cmocka_unit_test(a_ladder_goes_there_and_back),
		cmocka_unit_test(a_room_that_is_not_the_machines_says_whose_it_is),
		cmocka_unit_test(what_a_hold_is_judged_by_is_written_only_while_there_is_some),
		cmocka_unit_test(lists_of_pods_that_are_too_long_or_broken_are_refused),
		cmocka_unit_test(a_ladder_that_is_cut_short_is_refused),
		cmocka_unit_test(modes_go_there_and_back),
		cmocka_unit_test(a_network_that_is_not_named_has_the_mode_of_the_whole),
		cmocka_unit_test(a_key_is_the_one_that_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
