// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/base/checksum.h"
#include "agent/base/history.h"
#include "agent/base/history_text.h"

static struct history_record record, got;
static char buf[HISTORY_TEXT_SIZE + 1], again[HISTORY_TEXT_SIZE + 1];

static void set(void)
{
	record = HISTORY_RECORD(HISTORY_WRITE);
	record.id = 17;
	record.wall_us = 1700000000123456;
	record.at_us = 5;
	record.level = LEVEL_P7;
	record.effect = EFFECT_HOLD;
	HISTORY_SET(record.pod, "shop/web 1");
	HISTORY_SET(record.what, "kubepods.slice/a b");
	HISTORY_SET(record.knob, "cpu.max");
	HISTORY_SET(record.from, "max 100000");
	HISTORY_SET(record.to, "20000 20000");
	HISTORY_SET(record.why, "one sentence");
}

static void comes_back(void)
{
	size_t len = history_text_format(&record, buf);

	assert_int_equal(len, strlen(buf));
	assert_true(len < HISTORY_TEXT_SIZE);
	assert_ptr_equal(strchr(buf, '\n'), buf + len - 1);
	assert_int_equal(history_text_parse(buf, len - 1, &got), 0);
	assert_int_equal(history_text_format(&got, again), len);
	assert_string_equal(again, buf);
	assert_true(got.id == record.id);
	assert_true(got.wall_us == record.wall_us);
	assert_true(got.at_us == record.at_us);
	assert_int_equal(got.kind, record.kind);
	assert_int_equal(got.would, record.would);
	assert_int_equal(got.level, record.level);
	assert_int_equal(got.effect, record.effect);
	assert_string_equal(got.pod, record.pod);
	assert_string_equal(got.what, record.what);
	assert_string_equal(got.knob, record.knob);
	assert_string_equal(got.from, record.from);
	assert_string_equal(got.to, record.to);
	assert_string_equal(got.why, record.why);
	assert_string_equal(got.numbers, record.numbers);
	assert_int_equal(got.caller.known, record.caller.known);
	assert_int_equal(got.caller.uid, record.caller.uid);
	assert_int_equal(got.caller.pid, record.caller.pid);
	assert_string_equal(got.caller.comm, record.caller.comm);
}

TEST(a_record_comes_back_as_it_was)
{
	set();
	comes_back();
	record.would = true;
	record.caller = (struct history_caller){.known = true, .uid = 4294967295u, .pid = 1};
	HISTORY_SET(record.caller.comm, "co lo");
	comes_back();
	record.caller.comm[0] = '\0';
	comes_back();
	record.caller = (struct history_caller){.known = true};
	comes_back();
}

TEST(numbers_stand_at_the_end_and_only_where_there_are_any)
{
	set();
	comes_back();
	assert_non_null(strstr(buf, " one\\x20sentence\n"));
	HISTORY_SET(record.numbers, "a_bytes=17,b=-");
	comes_back();
	assert_non_null(strstr(buf, " one\\x20sentence a_bytes=17,b=-\n"));
	HISTORY_SET(record.numbers, "no numbers");
	(void)history_text_format(&record, buf);
	assert_non_null(strstr(buf, " one\\x20sentence\n"));
}

TEST(every_kind_level_and_effect_comes_back)
{
	set();
	for (int kind = 0; kind < HISTORY_KIND_COUNT; kind++) {
		record.kind = (enum history_kind)kind;
		comes_back();
	}
	for (int level = 0; level < LEVEL_COUNT; level++) {
		record.level = (enum level)level;
		comes_back();
	}
	record.level = LEVEL_NONE;
	comes_back();
	for (int effect = 0; effect <= EFFECT_COUNT; effect++) {
		record.effect = (enum effect)effect;
		comes_back();
	}
}

TEST(texts_that_look_like_something_else_come_back)
{
	static const char *const texts[] = {"",	     "-",     "--",	    " ",   "a\nb",  "\\",
					    "\\x2d", "- - -", "\t\x01\x7f", "→ ü", "a b c", "\\x"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		set();
		HISTORY_SET(record.pod, "%s", texts[i]);
		HISTORY_SET(record.what, "%s", texts[i]);
		HISTORY_SET(record.why, "%s", texts[i]);
		record.caller.known = i % 2;
		if (record.caller.known)
			HISTORY_SET(record.caller.comm, "%s", texts[i]);
		comes_back();
	}
}

TEST(the_longest_texts_fit)
{
	set();
	record.id = INT64_MAX;
	record.wall_us = INT64_MAX;
	record.at_us = INT64_MAX;
	record.caller = (struct history_caller){.known = true, .uid = UINT32_MAX, .pid = INT32_MAX};
	memset(record.caller.comm, '\n', sizeof(record.caller.comm) - 1);
	memset(record.pod, '\n', sizeof(record.pod) - 1);
	memset(record.what, '\n', sizeof(record.what) - 1);
	memset(record.knob, '\n', sizeof(record.knob) - 1);
	memset(record.from, '\n', sizeof(record.from) - 1);
	memset(record.to, '\n', sizeof(record.to) - 1);
	memset(record.why, '\n', sizeof(record.why) - 1);
	memset(record.numbers, '9', sizeof(record.numbers) - 1);
	for (size_t i = 0; i + 6 < sizeof(record.numbers); i += 6)
		memcpy(record.numbers + i, i == 0 ? "a=1234" : ",a=123", 6);
	record.numbers[sizeof(record.numbers) - 1] = '\0';
	comes_back();
}

/* A line with this body and its right checksum. */
static int parse(const char *body)
{
	int n = snprintf(buf, sizeof(buf), "%08x %s", checksum_crc32(body, strlen(body)), body);

	return history_text_parse(buf, (size_t)n, &got);
}

TEST(only_what_is_written_is_read)
{
	static const char *const bad[] = {
		"",
		"1 2 3 write did P7 h - - - pod what knob from to",
		"1 2 3 write did P7 h - - - pod what knob from to why more",
		"1 2 3 write did P7 h - - - pod what knob from to why ",
		"1 2 3 write did P7 h - - - pod what knob from  why",
		"01 2 3 write did P7 h - - - pod what knob from to why",
		"-1 2 3 write did P7 h - - - pod what knob from to why",
		"+1 2 3 write did P7 h - - - pod what knob from to why",
		"9223372036854775808 2 3 write did P7 h - - - pod what knob from to why",
		"1 2 3 wrote did P7 h - - - pod what knob from to why",
		"1 2 3 write done P7 h - - - pod what knob from to why",
		"1 2 3 write did P8 h - - - pod what knob from to why",
		"1 2 3 write did P77 h - - - pod what knob from to why",
		"1 2 3 write did P7 x - - - pod what knob from to why",
		"1 2 3 write did P7 hh - - - pod what knob from to why",
		"1 2 3 write did P7 h - - comm pod what knob from to why",
		"1 2 3 write did P7 h - 7 comm pod what knob from to why",
		"1 2 3 write did P7 h 4294967296 7 comm pod what knob from to why",
		"1 2 3 write did P7 h 0 2147483648 comm pod what knob from to why",
		"1 2 3 write did P7 h 0 7 sixteen-bytes-xx pod what knob from to why",
		"1 2 3 write did P7 h - - - p\\x41d what knob from to why",
		"1 2 3 write did P7 h - - - p\\x00d what knob from to why",
		"1 2 3 write did P7 h - - - p\\x2d what knob from to why",
		"1 2 3 write did P7 h - - - p\\X20 what knob from to why",
		"1 2 3 write did P7 h - - - p\\x2 what knob from to why",
		"1 2 3 write did P7 h - - - p\x01 what knob from to why",
	};

	assert_int_equal(parse("1 2 3 write did P7 h - - - pod what knob from to why"), 0);
	assert_int_equal(parse("1 2 3 write did P7 h 0 7 fifteen-bytes-x p w k f t y"), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i]), -EBADMSG);
}

TEST(any_flipped_bit_and_any_cut_is_found)
{
	size_t len;

	set();
	len = history_text_format(&record, buf) - 1;
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			buf[i] = (char)(buf[i] ^ (1 << bit));
			assert_int_equal(history_text_parse(buf, len, &got), -EBADMSG);
			buf[i] = (char)(buf[i] ^ (1 << bit));
		}
		assert_int_equal(history_text_parse(buf, i, &got), -EBADMSG);
	}
	assert_int_equal(history_text_parse(buf, len, &got), 0);
}

TEST(the_checksum_is_the_common_one)
{
	assert_true(checksum_crc32("123456789", 9) == 0xcbf43926u);
	assert_true(checksum_crc32("", 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_as_it_was),
		cmocka_unit_test(numbers_stand_at_the_end_and_only_where_there_are_any),
		cmocka_unit_test(every_kind_level_and_effect_comes_back),
		cmocka_unit_test(texts_that_look_like_something_else_come_back),
		cmocka_unit_test(the_longest_texts_fit),
		cmocka_unit_test(only_what_is_written_is_read),
		cmocka_unit_test(any_flipped_bit_and_any_cut_is_found),
		cmocka_unit_test(the_checksum_is_the_common_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
