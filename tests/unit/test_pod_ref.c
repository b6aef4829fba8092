// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/base/pod_ref.h"

#define UID "12345678-aaaa-4bbb-8ccc-000000000001"

static const struct pod_ref web = {
	.label = "default/web-1",
	.name = "web-1",
	.uid = UID,
	.cgroup = "kubepods.slice/kubepods-pod12345678.slice",
};

TEST(the_full_name_the_uid_and_the_path_are_exact)
{
	assert_int_equal(pod_ref_match(&web, "default/web-1"), POD_REF_EXACT);
	assert_int_equal(pod_ref_match(&web, UID), POD_REF_EXACT);
	assert_int_equal(pod_ref_match(&web, web.cgroup), POD_REF_EXACT);
	assert_int_equal(pod_ref_match(&web, "/kubepods.slice/kubepods-pod12345678.slice"),
			 POD_REF_EXACT);
}

TEST(the_bare_name_and_the_unit_are_names)
{
	assert_int_equal(pod_ref_match(&web, "web-1"), POD_REF_NAME);
	assert_int_equal(pod_ref_match(&web, "kubepods-pod12345678.slice"), POD_REF_NAME);
}

TEST(the_start_of_the_uid_needs_four_characters)
{
	assert_int_equal(pod_ref_match(&web, "1234"), POD_REF_PREFIX);
	assert_int_equal(pod_ref_match(&web, "12345678-aaaa"), POD_REF_PREFIX);
	assert_int_equal(pod_ref_match(&web, "123"), POD_REF_NO);
	assert_int_equal(pod_ref_match(&web, "2345"), POD_REF_NO);
}

TEST(other_words_match_nothing)
{
	static const char *const words[] = {"",	     "web",	    "default",	      "default/",
					    "Web-1", "default/web", "kubepods.slice", "/"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_int_equal(pod_ref_match(&web, words[i]), POD_REF_NO);
}

TEST(what_a_pod_does_not_have_matches_no_empty_word)
{
	const struct pod_ref unit = {.label = "batch.slice", .uid = "", .cgroup = "batch.slice"};

	assert_int_equal(pod_ref_match(&unit, ""), POD_REF_NO);
	assert_int_equal(pod_ref_match(&unit, "batch.slice"), POD_REF_EXACT);
	assert_int_equal(pod_ref_match(&unit, "batch"), POD_REF_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_full_name_the_uid_and_the_path_are_exact),
		cmocka_unit_test(the_bare_name_and_the_unit_are_names),
		cmocka_unit_test(the_start_of_the_uid_needs_four_characters),
		cmocka_unit_test(other_words_match_nothing),
		cmocka_unit_test(what_a_pod_does_not_have_matches_no_empty_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
