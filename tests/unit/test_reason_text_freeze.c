// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences about freezing: each says what to know, and none is cut.
#include "policy/reason_text.h"

#include "tests/lib/test.h"

static const char *of(struct reason reason)
{
	static char text[REASON_TEXT_SIZE];

	reason.level = LEVEL_NONE;
	reason.rule = -1;
	return reason_text(&reason, NULL, text, sizeof(text));
}

TEST(a_freeze_says_why_and_for_how_long_at_most)
{
	struct reason r = {
		.code = REASON_FREEZE, .observed = 50 << 20, .extra = 200 << 20, .for_us = 5000000};

	assert_string_equal(of(r),
			    "it grew by 50 MiB a second while the node has room for 200 MiB: "
			    "it stands still, for 5 s at most");
	(void)strcpy(r.who, "web/db");
	assert_non_null(strstr(of(r), " and memory is waited for by web/db: it stands"));
}

TEST(a_thaw_says_how_long_it_was)
{
	const struct reason r = {.code = REASON_FREEZE_OVER,
				 .observed = 4800000,
				 .limit = 5000000,
				 .for_us = 60000000};

	assert_string_equal(of(r), "it stood still for 4.8 s, and 5 s are the most: it runs again, "
				   "for 60 s at least");
}

TEST(a_refusal_names_its_cause)
{
	assert_non_null(strstr(of((struct reason){.code = REASON_FREEZE_VOLUME, .who = "data"}),
			       "its volume data,"));
	assert_non_null(strstr(of((struct reason){.code = REASON_FREEZE_CLASS, .who = "kata"}),
			       "runtime class kata"));
	assert_non_null(strstr(of((struct reason){.code = REASON_FREEZE_PROBE,
						  .observed = 5000000,
						  .limit = 7500000}),
			       "killed after 5 s, and with less than 7.5 s"));
	assert_non_null(strstr(of((struct reason){.code = REASON_FREEZE_GUARD}), "--with-guard"));
}

TEST(every_sentence_fits)
{
	for (int code = REASON_FREEZE; code <= REASON_FREEZE_INNER; code++) {
		struct reason reason = {
			.code = (enum reason_code)code,
			.observed = 123456789012,
			.limit = 123456789012,
			.extra = 123456789012,
			.for_us = 123456789012,
		};

		memset(reason.who, 'x', sizeof(reason.who) - 1);
		assert_true(strlen(of(reason)) < REASON_TEXT_SIZE - 40);
		assert_true(strlen(of(reason)) > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_freeze_says_why_and_for_how_long_at_most),
		cmocka_unit_test(a_thaw_says_how_long_it_was),
		cmocka_unit_test(a_refusal_names_its_cause),
		cmocka_unit_test(every_sentence_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
