// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/ctl/json_out.h"

static char *print(const cJSON *tree)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(json_out(tree, out), 0);
	fclose(out);
	return text;
}

TEST(what_must_not_reach_a_terminal_is_escaped_and_reads_back_the_same)
{
	const char *bad = "\x1b[31m\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81 \xe6\x97\xa5";
	cJSON *tree = cJSON_CreateString(bad), *back;
	char *text = print(tree);

	assert_string_equal(text,
			    "\"\\u001b[31m\\u007f\\u009b\\u202e\\udb40\\udc41 \xe6\x97\xa5\"\n");
	back = cJSON_Parse(text);
	assert_non_null(back);
	assert_string_equal(back->valuestring, bad);
	cJSON_Delete(back);
	cJSON_Delete(tree);
	free(text);
}

TEST(bytes_that_are_not_utf8_become_the_replacement_character)
{
	cJSON *tree = cJSON_CreateString("a\xff"), *back;
	char *text = print(tree);

	back = cJSON_Parse(text);
	assert_non_null(back);
	assert_string_equal(back->valuestring, "a\xef\xbf\xbd");
	cJSON_Delete(back);
	cJSON_Delete(tree);
	free(text);
}

TEST(a_full_disk_is_an_error)
{
	FILE *full = fopen("/dev/full", "we");
	cJSON *tree = cJSON_CreateString("a");

	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(json_out(tree, full), -EIO);
	fclose(full);
	cJSON_Delete(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_must_not_reach_a_terminal_is_escaped_and_reads_back_the_same),
		cmocka_unit_test(bytes_that_are_not_utf8_become_the_replacement_character),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
