// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/doc.h"
#include "agent/ctl/pick.h"
#include "tests/lib/ctl_case.h"

static cJSON *doc;
static char *err;
static size_t err_size;

static int setup(void **state)
{
	(void)state;
	doc = ctl_case_read("twins");
	err = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(doc);
	free(err);
	return 0;
}

/* The name of the picked pod, or NULL; messages are in `err`. */
static const char *pick(const char *word)
{
	struct ctl ctl = {.doc = doc, .args = {word}, .term = {.utf8 = true}};
	const cJSON *pod = NULL;
	int r;

	free(err);
	err = NULL;
	ctl.err = open_memstream(&err, &err_size);
	assert_non_null(ctl.err);
	r = pick_pod(&ctl, &pod);
	fclose(ctl.err);
	assert_int_equal(r, pod ? CTL_OK : CTL_NO_POD);
	assert_ptr_equal(pick_one(&ctl), pod);
	assert_true(pod ? err_size == 0 : err_size > 0);
	return pod ? doc_text(pod, "name", "") : NULL;
}

TEST(a_pod_is_found_by_each_of_its_names)
{
	assert_string_equal(pick("green/web-1"), "green/web-1");
	assert_string_equal(pick("web-2"), "green/web-2");
	assert_string_equal(pick("aaaa1112"), "green/web-1");
	assert_string_equal(pick("bbbb1113-0000-4000-8000-000000000003"), "green/web-2");
	assert_string_equal(pick("batch-x.slice"), "batch.slice/batch-x.slice");
	assert_string_equal(pick("/kubepods.slice/p1"), "blue/web-1");
}

TEST(a_name_that_two_pods_have_lists_both_and_no_third)
{
	assert_null(pick("web-1"));
	assert_non_null(strstr(err, "several pods go by 'web-1'"));
	assert_non_null(strstr(err, "blue/web-1"));
	assert_non_null(strstr(err, "green/web-1"));
	assert_null(strstr(err, "green/web-2"));
}

TEST(the_start_of_two_uids_lists_both)
{
	assert_null(pick("aaaa"));
	assert_non_null(strstr(err, "aaaa1111-"));
	assert_non_null(strstr(err, "aaaa1112-"));
	assert_null(strstr(err, "bbbb1113-"));
}

TEST(an_unknown_name_lists_what_is_near)
{
	assert_null(pick("gren/web-2"));
	assert_non_null(strstr(err, "Did you mean:\n  green/web-2"));
	assert_null(pick("batch"));
	assert_non_null(strstr(err, "batch-x.slice"));
}

TEST(a_name_far_from_all_lists_none_and_says_where_to_look)
{
	assert_null(pick("zzzzzzzz"));
	assert_null(strstr(err, "Did you mean"));
	assert_non_null(strstr(err, "coloctl pods"));
	assert_null(pick(""));
	assert_null(strstr(err, "Did you mean"));
}

TEST(the_word_itself_is_escaped)
{
	assert_null(pick("x\x1b[31m"));
	assert_non_null(strstr(err, "'x\\x1b[31m'"));
}

TEST(a_word_longer_than_any_name_is_no_overflow)
{
	char word[5000];

	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(pick(word));
}

#define PICK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PICK_TEST(a_pod_is_found_by_each_of_its_names),
		PICK_TEST(a_name_that_two_pods_have_lists_both_and_no_third),
		PICK_TEST(the_start_of_two_uids_lists_both),
		PICK_TEST(an_unknown_name_lists_what_is_near),
		PICK_TEST(a_name_far_from_all_lists_none_and_says_where_to_look),
		PICK_TEST(the_word_itself_is_escaped),
		PICK_TEST(a_word_longer_than_any_name_is_no_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
