// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences about cores, word for word where singular and plural, or what is missing, change them.
#include "policy/reason_text.h"

#include "policy/knob.h"
#include "tests/lib/test.h"

static const char *of(struct reason reason)
{
	static char text[REASON_TEXT_SIZE];

	reason.level = LEVEL_NONE;
	reason.rule = -1;
	return reason_text(&reason, NULL, text, sizeof(text));
}

TEST(one_and_many_are_told_apart)
{
	assert_string_equal(
		of((struct reason){.code = REASON_CORES_OWN, .observed = 500, .limit = 1}),
		"it has whole cores of its own, 1 CPU, for its request of 0.5 CPUs");
	assert_string_equal(of((struct reason){.code = REASON_CORES_CLASS, .observed = 4}),
			    "it may hand on 4 CPUs to pods below it that own cores");
	assert_string_equal(
		of((struct reason){.code = REASON_SMT_AVOIDED, .observed = 1, .limit = 1}),
		"it is pinned to 1 CPU: offline work is kept off the 1 that shares a core with them");
	assert_string_equal(
		of((struct reason){.code = REASON_CORES_FREE, .observed = 1, .limit = 2}),
		"no cores of its own: it asks for 2 CPUs on whole cores, and 1 on such cores is free");
}

TEST(where_the_kernel_keeps_nobody_off_that_is_said)
{
	assert_non_null(
		strstr(of((struct reason){
			       .code = REASON_CORES_OWN, .observed = 2000, .limit = 2, .extra = 1}),
		       "this kernel cannot keep other online pods off"));
}

TEST(a_limit_that_is_none_is_called_so)
{
	assert_non_null(strstr(
		of((struct reason){
			.code = REASON_CORES_LIMIT, .observed = KNOB_VALUE_MAX, .limit = 2000}),
		"its limit is not set, and cores for its request would hold it back at 2 "
		"CPUs"));
}

TEST(the_kernels_own_words_are_given)
{
	struct knob_value value;

	assert_int_equal(knob_parse(KNOB_CPUSET_PARTITION,
				    "root invalid (Parent is not a partition root)", &value),
			 0);
	assert_non_null(
		strstr(of((struct reason){.code = REASON_CORES_KERNEL, .extra = value.value}),
		       "(Parent is not a partition root)"));
	assert_non_null(
		strstr(of((struct reason){.code = REASON_CORES_KERNEL}), "(no reason given)"));
}

/* With the longest name that a reason holds: nothing is cut. */
TEST(every_sentence_fits)
{
	for (int code = REASON_CORES_OWN; code < REASON_COUNT; code++) {
		struct reason reason = {
			.code = (enum reason_code)code,
			.observed = 1234567,
			.limit = 1234567,
			.extra = PARTITION_ROOT,
		};

		memset(reason.who, 'x', sizeof(reason.who) - 1);
		assert_true(strlen(of(reason)) < REASON_TEXT_SIZE - 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_and_many_are_told_apart),
		cmocka_unit_test(where_the_kernel_keeps_nobody_off_that_is_said),
		cmocka_unit_test(a_limit_that_is_none_is_called_so),
		cmocka_unit_test(the_kernels_own_words_are_given),
		cmocka_unit_test(every_sentence_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
