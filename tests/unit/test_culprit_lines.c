// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/ctl/culprit_lines.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

static char text[4096];

/* One resource of a score, with this in it. */
static const char *say(const char *culprits)
{
	char json[1024];
	struct ctl ctl = {.term = {.now_us = 100000000}};
	cJSON *score;
	char *out = NULL;
	size_t n = 0;

	(void)snprintf(json, sizeof(json), "{\"cpu\": {\"culprits\": %s}}", culprits);
	score = cJSON_Parse(json);
	assert_non_null(score);
	ctl.term.out = open_memstream(&out, &n);
	assert_non_null(ctl.term.out);
	culprit_lines(&ctl, score);
	assert_int_equal(fclose(ctl.term.out), 0);
	(void)snprintf(text, sizeof(text), "%s", out);
	free(out);
	cJSON_Delete(score);
	return text;
}

TEST(why_there_is_no_list_is_said)
{
	static const char *const cases[][2] = {
		{"learning", "what is usual is still being learned"},
		{"no excess", "no more than is usual"},
		{"due", "nobody has looked yet"},
		{"too few samples", "too little of the last minute"},
		{"steady", "the same all the time"},
		{"its own load", "when it does more itself"},
		{"nobody", "nobody's use goes with it"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char json[128];

		(void)snprintf(json, sizeof(json), "{\"state\": \"%s\", \"found\": null}",
			       cases[i][0]);
		if (!strstr(say(json), cases[i][1]))
			fail_msg("%s: %s", cases[i][0], text);
	}
	assert_string_equal(say("{\"state\": \"none\"}"), "");
	assert_string_equal(say("{\"state\": \"its own doing\"}"), "");
}

TEST(a_list_of_an_earlier_time_is_called_that)
{
	static const char list[] =
		"{\"state\": \"no excess\", \"found\": \"ranked\", \"at_us\": 60000000,"
		" \"seconds\": 60, \"own_permille\": 0, \"list\": [{\"name\": \"a/b\", \"role\": null,"
		" \"gone\": false, \"confidence\": \"fair\", \"share_permille\": 500,"
		" \"fit_permille\": 600, \"lag_s\": 0, \"swings\": 3, \"alike\": false}]}";

	assert_non_null(strstr(say(list), "in the 60 s up to 40 s ago (it does not now):"));
	assert_non_null(strstr(text, "a/b: 50.0 %, confidence fair (came or went 3 times; fits by "
				     "60.0 %)\n"));
	assert_null(strstr(text, "own load"));
	assert_null(strstr(text, "online"));
}

TEST(what_a_hold_has_shown_is_said)
{
	static const char tried[] =
		"{\"state\": \"no excess\", \"tried\": [{\"name\": \"a/b\", \"gone\": true,"
		" \"verdict\": \"confirmed\", \"at_us\": 60000000, \"before_permille\": 310,"
		" \"after_permille\": 42, \"others\": 2}, {\"name\": \"a/c\", \"gone\": false,"
		" \"verdict\": \"no effect\", \"at_us\": 90000000, \"before_permille\": 310,"
		" \"after_permille\": 300, \"others\": 0}], \"found\": null}";

	assert_non_null(strstr(
		say(tried), "Confirmed: holding a/b and 2 others made it wait for cpu less: 31.0 % "
			    "before, 4.2 % after (40 s ago); it is gone since.\n"));
	assert_non_null(strstr(text, "No effect: holding a/c made it wait for cpu no less: 31.0 % "
				     "before, 30.0 % after (10 s ago).\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(why_there_is_no_list_is_said),
		cmocka_unit_test(what_a_hold_has_shown_is_said),
		cmocka_unit_test(a_list_of_an_earlier_time_is_called_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
