// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/ctl/score_words.h"

#include "tests/lib/test.h"

static char words[SCORE_WORDS_SIZE];

static const char *stalled(const char *json)
{
	cJSON *value = cJSON_Parse(json);

	assert_non_null(value);
	score_words_stalled(value, words);
	cJSON_Delete(value);
	return words;
}

static const char *number(const char *json)
{
	cJSON *score = cJSON_Parse(json);

	assert_non_null(score);
	score_words_number(score, words);
	cJSON_Delete(score);
	return words;
}

#define SHARE "\"stalled_permille\": 124, \"state\": "

TEST(what_is_usual_comes_with_how_much_was_learned_and_when)
{
	assert_string_equal(
		stalled("{" SHARE "\"baseline\", \"baseline\": {\"basis\": \"calm\", "
			"\"median_permille\": 20, \"calm_windows\": 412, \"age_us\": 7200000000}}"),
		"12.4 % (usual is 2.0 %: 412 calm windows, the last 2 h ago)");
	assert_string_equal(
		stalled("{" SHARE "\"baseline\", \"baseline\": {\"basis\": \"calm\", "
			"\"median_permille\": 20, \"calm_windows\": 60, \"age_us\": 5000000, "
			"\"higher_load\": true}}"),
		"12.4 % (usual is 2.0 % at more load: 60 calm windows, the last 5.0 s ago)");
}

TEST(what_is_not_known_is_not_called_usual)
{
	assert_string_equal(
		stalled("{" SHARE "\"no calm baseline\", \"baseline\": {\"basis\": \"few\", "
			"\"median_permille\": 20, \"calm_windows\": 1, \"age_us\": 60000000}}"),
		"12.4 % (usual is about 2.0 %, still learning: 1 calm window, the last 60 s ago)");
	assert_string_equal(
		stalled("{" SHARE "\"no calm baseline\", \"baseline\": {\"basis\": \"estimate\", "
			"\"median_permille\": 300, \"calm_windows\": 0, \"age_us\": 1000000}}"),
		"12.4 % (what is usual is only estimated, at 30.0 %: no calm window yet)");
	assert_string_equal(
		stalled("{" SHARE "\"no calm baseline\", \"baseline\": {\"basis\": \"less load\", "
			"\"median_permille\": 40, \"calm_windows\": 65, \"age_us\": 1000000}}"),
		"12.4 % (usual is about 4.0 %, by less load: 65 calm windows, the last 1.0 s ago)");
	assert_string_equal(stalled("{" SHARE
				    "\"learning\", \"baseline\": {\"basis\": \"learning\", "
				    "\"calm_windows\": 12}}"),
			    "12.4 % (learning what is usual: 12 calm windows)");
	assert_string_equal(stalled("{" SHARE "\"learning\", \"baseline\": null}"),
			    "12.4 % (what is usual at this load is not known yet)");
}

TEST(its_own_doing_is_nobody_elses)
{
	assert_string_equal(stalled("{\"state\": \"self-throttled\", \"own_permille\": 500}"),
			    "50.0 % (by its own quota: nobody else's doing)");
	assert_string_equal(stalled("{\"state\": \"own limit\", \"own_permille\": 5}"),
			    "0.5 % (by its own memory limit: nobody else's doing)");
}

TEST(what_was_not_measured_is_not_there)
{
	assert_string_equal(stalled("{\"state\": \"none\", \"stalled_permille\": null}"), "");
	assert_string_equal(stalled("{}"), "");
	assert_string_equal(stalled("7"), "");
}

TEST(the_number_says_what_it_is)
{
	assert_string_equal(number("{\"state\": \"baseline\", \"permille\": 94}"), "9.4 of 100");
	assert_string_equal(number("{\"permille\": 1000, \"at_least\": true}"),
			    "at least 100.0 of 100");
	assert_string_equal(number("{\"state\": \"learning\", \"permille\": null}"),
			    "none: learning");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_usual_comes_with_how_much_was_learned_and_when),
		cmocka_unit_test(what_is_not_known_is_not_called_usual),
		cmocka_unit_test(its_own_doing_is_nobody_elses),
		cmocka_unit_test(what_was_not_measured_is_not_there),
		cmocka_unit_test(the_number_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
