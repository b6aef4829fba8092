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
	assert_int_equal(record_words_reason_from(&unknown), -EINVAL);
}

static const struct ladder_cpu ladder = {
	.rung = RUNG_SQUEEZE,
	.since_us = 1,
	.pressure_us = -2,
	.quota_cpu_milli = UINT64_MAX,
	.grown_us = INT64_MAX,
	.steps = 5,
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
	struct ladder_cpu back = {0};
	struct record_line line;

	record_words_put_ladder(&buf, &ladder, NULL);
	assert_int_equal(buf.text[0], ' ');
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_ladder(&line, &back), 0);
	assert_int_equal(line.len, 0);
	assert_memory_equal(&back, &ladder, sizeof(back));
	buf.n = 0;
}

/* One that is cut anywhere is not taken for a smaller one. */
TEST(a_ladder_that_is_cut_short_is_refused)
{
	record_words_put_ladder(&buf, &ladder, NULL);
	for (size_t n = 0; n < buf.n - sizeof("shop/web\\x201") + 1; n++) {
		struct record_line line = {buf.text + 1, n};
		struct ladder_cpu back = {.steps = 77};

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
	record_words_put_modes(&buf, &modes);
	line = (struct record_line){buf.text + 1, buf.n - 1};
	assert_int_equal(record_words_get_modes(&line, &back), 0);
	assert_memory_equal(&back, &modes, sizeof(back));
	line = text_of("all=squeeze cpu=fast memory=off io=off");
	assert_int_equal(record_words_get_modes(&line, &back), -EBADMSG);
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
		cmocka_unit_test(a_ladder_that_is_cut_short_is_refused),
		cmocka_unit_test(modes_go_there_and_back),
		cmocka_unit_test(a_key_is_the_one_that_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
