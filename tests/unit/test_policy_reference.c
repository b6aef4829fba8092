// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/policy_reference.h"
#include "policy/reader.h"

static bool find(const char *path, struct policy_reference *ret_row)
{
	for (size_t at = 0; policy_reference_next(&at, ret_row);) {
		if (strcmp(ret_row->path, path) == 0)
			return true;
	}
	return false;
}

static void expect_row(const struct reader_key *keys, const char *above)
{
	for (const struct reader_key *key = keys; key->name; key++) {
		struct policy_reference row;
		char path[POLICY_REFERENCE_PATH_SIZE];

		(void)snprintf(path, sizeof(path), "%s%s%s", above, above[0] ? "." : "",
			       keys == read_levels_keys ? "P*" : key->name);
		if (strcmp(path, "levels.P*") != 0 && !find(path, &row))
			fail_msg("no row for %s", path);
		if (strcmp(path, "levels.P*") != 0 && key->accepts)
			assert_int_equal(strncmp(row.accepts, key->accepts, strlen(row.accepts)),
					 0);
		if (key->keys)
			expect_row(key->keys, path);
	}
}

TEST(every_key_of_the_reader_has_a_row_that_says_what_it_accepts)
{
	expect_row(reader_root_keys(), "");
}

static void expect_word(const struct reader_key *keys, const char *dictionary)
{
	for (const struct reader_key *key = keys; key->name; key++) {
		char word[64];

		(void)snprintf(word, sizeof(word), "\"%s:\"", key->name);
		if (keys != read_levels_keys && !strstr(dictionary, word))
			fail_msg("%s is not in tests/fuzz/policy.dict", word);
		if (key->keys)
			expect_word(key->keys, dictionary);
	}
}

TEST(every_key_of_the_reader_is_in_the_fuzzers_dictionary)
{
	static char dictionary[32768];
	FILE *f = fopen("tests/fuzz/policy.dict", "re");

	assert_non_null(f);
	assert_true(fread(dictionary, 1, sizeof(dictionary) - 1, f) > 0);
	(void)fclose(f);
	expect_word(reader_root_keys(), dictionary);
}

TEST(a_row_comes_without_markdown)
{
	struct policy_reference row;

	assert_true(find("levels.P*.cpu.yield", &row));
	assert_string_equal(row.accepts, "ratio N, idle, none");
	assert_non_null(strstr(row.meaning, "Offline only: how it yields. ratio N: "));
	assert_null(strchr(row.meaning, '`'));
	assert_null(strchr(row.meaning, '\n'));
}

static const struct reader_key *walk_unenforced(const struct reader_key *keys, const char *above)
{
	for (const struct reader_key *key = keys; key->name; key++) {
		struct policy_reference row;
		char path[POLICY_REFERENCE_PATH_SIZE];

		(void)snprintf(path, sizeof(path), "%s%s%s", above, above[0] ? "." : "",
			       keys == read_levels_keys ? "P*" : key->name);
		if (strncmp(path, "levels.P*.", 10) == 0 && find(path, &row) && !key->keys &&
		    strstr(row.meaning, "Not acted on yet"))
			assert_true(key->unenforced);
		if (key->keys)
			(void)walk_unenforced(key->keys, path);
	}
	return NULL;
}

TEST(what_the_page_calls_not_acted_on_the_reader_does_too)
{
	(void)walk_unenforced(reader_root_keys(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_the_reader_has_a_row_that_says_what_it_accepts),
		cmocka_unit_test(every_key_of_the_reader_is_in_the_fuzzers_dictionary),
		cmocka_unit_test(a_row_comes_without_markdown),
		cmocka_unit_test(what_the_page_calls_not_acted_on_the_reader_does_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
