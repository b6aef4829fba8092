// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads policy/README.md: run from the top of the repository, as make check does.
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/reader.h"

#define README "policy/README.md"
#define PATH_SIZE 128

static char *readme;

static int load_readme(void **state)
{
	FILE *f = fopen(README, "re");
	size_t size = 64 * 1024, len;

	(void)state;
	readme = calloc(1, size);
	if (!f || !readme)
		return -1;
	len = fread(readme, 1, size - 1, f);
	fclose(f);
	return len > 0 ? 0 : -1;
}

static int drop_readme(void **state)
{
	(void)state;
	free(readme);
	return 0;
}

/* "levels.P7.cpu" is documented once for all levels, as "levels.P*.cpu". */
static void path_of(char *path, const char *parent, const struct reader_key *keys,
		    const struct reader_key *key)
{
	const char *name = keys == read_levels_keys ? "P*" : key->name;

	snprintf(path, PATH_SIZE, "%s%s%s", parent, parent[0] ? "." : "", name);
}

typedef void visit(const struct reader_key *key, const char *path, void *userdata);

static void walk(const struct reader_key *keys, const char *parent, visit *each, void *userdata)
{
	for (const struct reader_key *key = keys; key->name; key++) {
		char path[PATH_SIZE];

		path_of(path, parent, keys, key);
		each(key, path, userdata);
		if (key->keys)
			walk(key->keys, path, each, userdata);
	}
}

static void expect_row(const struct reader_key *key, const char *path, void *userdata)
{
	char row[2 * PATH_SIZE];
	size_t *n = userdata;

	(*n)++;
	if (strcmp(path, "levels.P*") == 0)
		snprintf(row, sizeof(row), "`levels.%s`", key->name);
	else if (key->accepts)
		snprintf(row, sizeof(row), "\n| `%s` | %s |", path, key->accepts);
	else
		snprintf(row, sizeof(row), "\n| `%s` | (", path);
	if (!strstr(readme, row))
		fail_msg("%s has no line that begins with: %s", README, row + (row[0] == '\n'));
}

TEST(the_readme_has_a_line_for_every_key_with_what_it_accepts)
{
	size_t n = 0;

	walk(reader_root_keys(), "", expect_row, &n);
	assert_true(n > 100);
}

struct search {
	const char *path;
	size_t found;
};

static void compare(const struct reader_key *key, const char *path, void *userdata)
{
	struct search *search = userdata;

	(void)key;
	search->found += strcmp(path, search->path) == 0;
}

TEST(the_readme_has_no_line_for_a_key_that_is_not_read)
{
	size_t rows = 0;

	for (const char *p = readme; (p = strstr(p, "\n| `")); p++) {
		struct search search = {.path = NULL};
		char path[PATH_SIZE] = "";
		size_t len = strcspn(p + 4, "`");

		assert_true(len < sizeof(path));
		memcpy(path, p + 4, len);
		if (strchr(path, '/'))
			continue;
		search.path = path;
		walk(reader_root_keys(), "", compare, &search);
		if (search.found == 0)
			fail_msg("%s documents %s, which is not read", README, path);
		rows++;
	}
	assert_true(rows > 30);
}

static void expect_fits(const struct reader_key *key, const char *path, void *userdata)
{
	const struct reader_key *sub = key->keys;
	size_t n = 0;

	(void)path;
	(void)userdata;
	while (sub && sub[n].name)
		n++;
	assert_true(n <= READER_KEYS_MAX);
	assert_true(key->accepts || key->keys);
	assert_non_null(key->read);
}

TEST(every_key_has_a_handler_and_says_what_it_accepts)
{
	walk(reader_root_keys(), "", expect_fits, NULL);
}

TEST(a_hint_names_the_near_word_and_all_accepted_ones)
{
	static const char *const words[] = {"alpha", "beta", "gamma"};
	char hint[DIAG_TEXT_SIZE];

	assert_string_equal(reader_hint("bete", words, 3, hint, sizeof(hint)),
			    "did you mean \"beta\"? accepted: alpha, beta, gamma");
	assert_string_equal(reader_hint("delta!", words, 3, hint, sizeof(hint)),
			    "accepted: alpha, beta, gamma");
	assert_string_equal(reader_hint("x", words, 0, hint, sizeof(hint)), "");
}

TEST(a_hint_that_does_not_fit_is_cut_and_ended)
{
	static const char *const words[] = {"alpha", "beta", "gamma"};
	char hint[20];

	reader_hint("zzz", words, 3, hint, sizeof(hint));
	assert_string_equal(hint, "accepted: alpha, be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_readme_has_a_line_for_every_key_with_what_it_accepts, load_readme,
			drop_readme),
		cmocka_unit_test_setup_teardown(the_readme_has_no_line_for_a_key_that_is_not_read,
						load_readme, drop_readme),
		cmocka_unit_test(every_key_has_a_handler_and_says_what_it_accepts),
		cmocka_unit_test(a_hint_names_the_near_word_and_all_accepted_ones),
		cmocka_unit_test(a_hint_that_does_not_fit_is_cut_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
