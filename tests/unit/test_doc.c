// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/ctl/doc.h"

static cJSON *doc;

static int setup(void **state)
{
	(void)state;
	doc = cJSON_Parse("{\"text\":\"a\",\"empty\":\"\",\"null\":null,\"n\":42,\"minus\":-1,"
			  "\"huge\":1e300,\"yes\":true,\"list\":[1],\"exact\":999999999999999}");
	return doc ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(doc);
	return 0;
}

TEST(a_text_is_read_and_anything_else_is_not_there)
{
	assert_string_equal(doc_text(doc, "text", "-"), "a");
	assert_string_equal(doc_text(doc, "null", "-"), "-");
	assert_string_equal(doc_text(doc, "n", "-"), "-");
	assert_string_equal(doc_text(doc, "list", "-"), "-");
	assert_string_equal(doc_text(doc, "nope", "-"), "-");
	assert_string_equal(doc_text(NULL, "text", "-"), "-");
	assert_true(doc_has(doc, "text"));
	assert_false(doc_has(doc, "empty"));
	assert_false(doc_has(doc, "null"));
}

TEST(a_number_is_read_and_anything_else_leaves_the_output)
{
	static const char *const bad[] = {"text", "null", "minus", "huge", "yes", "list", "nope"};
	uint64_t value = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(doc_u64(doc, bad[i], &value), -ENOENT);
		assert_int_equal(value, 7);
		assert_int_equal(doc_count(doc, bad[i]), 0);
	}
	assert_int_equal(doc_u64(doc, "n", &value), 0);
	assert_int_equal(value, 42);
	assert_int_equal(doc_count(doc, "exact"), 999999999999999);
}

TEST(quantities_read_as_people_write_them)
{
	char buf[DOC_TEXT_SIZE];

	assert_string_equal(doc_bytes(0, buf), "0 B");
	assert_string_equal(doc_bytes(1023, buf), "1023 B");
	assert_string_equal(doc_bytes(1024, buf), "1.0 KiB");
	assert_string_equal(doc_bytes(1536, buf), "1.5 KiB");
	assert_string_equal(doc_bytes(1048575, buf), "1023.9 KiB");
	assert_string_equal(doc_bytes(8ull << 30, buf), "8.0 GiB");
	assert_string_equal(doc_bytes(UINT64_MAX, buf), "15.9 EiB");
	assert_string_equal(doc_percent(0, buf), "0.0 %");
	assert_string_equal(doc_percent(124, buf), "12.4 %");
	assert_string_equal(doc_percent(1000, buf), "100.0 %");
	assert_string_equal(doc_milli(1500, buf), "1.50");
	assert_string_equal(doc_milli(9, buf), "0.00");
	assert_string_equal(doc_duration(400000, buf), "0.4 s");
	assert_string_equal(doc_duration(12000000, buf), "12 s");
	assert_string_equal(doc_duration(180000000, buf), "3 min");
	assert_string_equal(doc_duration(18000000000, buf), "5 h");
	assert_string_equal(doc_duration(172800000000, buf), "2 d");
}

TEST(a_number_that_is_not_there_is_a_dash)
{
	char buf[DOC_TEXT_SIZE];

	assert_string_equal(doc_format(doc, "n", doc_bytes, buf), "42 B");
	assert_string_equal(doc_format(doc, "null", doc_bytes, buf), "-");
}

#define DOC_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DOC_TEST(a_text_is_read_and_anything_else_is_not_there),
		DOC_TEST(a_number_is_read_and_anything_else_leaves_the_output),
		DOC_TEST(quantities_read_as_people_write_them),
		DOC_TEST(a_number_that_is_not_there_is_a_dash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
