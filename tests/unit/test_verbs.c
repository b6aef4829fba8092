// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of verbs: which row a command line means, and what is said where none fits. What is
// said on stderr is tested with the program itself (test_coloctl.c).
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/verbs.h"

static const struct verb *find(int argc, const char *a, const char *b, const char *c)
{
	char *argv[] = {(char *)a, (char *)b, (char *)c, NULL};
	const struct verb *verb = NULL;

	return verbs_find(argc, argv, 0, &verb) == CTL_OK ? verb : NULL;
}

TEST(a_verb_is_found_by_its_whole_name)
{
	assert_string_equal(find(1, "status", NULL, NULL)->name, "status");
	assert_string_equal(find(2, "why", "pod", NULL)->name, "why");
	assert_null(find(1, "statu", NULL, NULL));
	assert_null(find(1, "", NULL, NULL));
	assert_null(find(0, NULL, NULL, NULL));
}

TEST(the_number_of_arguments_must_fit)
{
	assert_null(find(1, "why", NULL, NULL));
	assert_null(find(3, "why", "a", "b"));
	assert_null(find(2, "status", "a", NULL));
}

TEST(an_option_goes_with_its_verbs_only)
{
	const struct verb *verb;
	char plan[] = "plan", pods[] = "pods";
	char *argv[] = {plan, NULL};

	assert_int_equal(verbs_find(1, argv, VERB_ALL, &verb), CTL_OK);
	assert_int_equal(verbs_find(1, argv, VERB_PERSIST, &verb), CTL_USAGE);
	argv[0] = pods;
	assert_int_equal(verbs_find(1, argv, VERB_ALL, &verb), CTL_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verb_is_found_by_its_whole_name),
		cmocka_unit_test(the_number_of_arguments_must_fit),
		cmocka_unit_test(an_option_goes_with_its_verbs_only),
	};

	if (!freopen("/dev/null", "w", stderr))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
