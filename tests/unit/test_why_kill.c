// SPDX-License-Identifier: LGPL-2.1-or-later
// What `coloctl why` says of kills, and which records it asks for.
#include "agent/ctl/why_kill.h"
#include "tests/lib/test.h"

#include <stdlib.h>

#include "agent/ctl/client.h"
#include "tests/lib/ctl_case.h"

static const char records[] =
	"{\"now_us\":1767276000000000,\"records\":["
	"{\"time_us\":1767275990000000,\"kind\":\"candidate\",\"would\":true,\"pod\":\"batch/hog-1\","
	"\"to\":\"passed over\",\"why\":\"jobs/other went first\",\"numbers\":{\"place\":2}},"
	"{\"time_us\":1767275995000000,\"kind\":\"kill\",\"would\":false,\"pod\":\"batch/hog-1\","
	"\"to\":\"dead: 1 process, 5 MiB back in 9 ms\",\"why\":\"memory falls\"}]}";

static char *run(const char *word, bool with_records, int exit_code)
{
	const struct ctl_case c = {.verb = verb_why, .pod = word};
	cJSON *doc = ctl_case_read("node");
	char *text;
	int r;

	if (with_records)
		assert_true(cJSON_AddItemToObject(doc, "history", cJSON_Parse(records)));
	text = ctl_case_run(&c, doc, &r);
	assert_int_equal(r, exit_code);
	cJSON_Delete(doc);
	return text;
}

TEST(a_pod_shows_when_it_was_passed_over_and_when_it_was_killed)
{
	char *text = run("hog-1", true, CTL_OK);

	assert_non_null(
		strstr(text, "\n  kills    13:59:50 passed over: jobs/other went first (nobody was "
			     "killed: the mode does not allow it)\n"
			     "           13:59:55 killed, dead: 1 process, 5 MiB back in 9 ms: "
			     "memory falls\n"));
	free(text);
}

TEST(without_records_nothing_is_said)
{
	char *text = run("hog-1", false, CTL_OK);

	assert_null(strstr(text, "kills"));
	free(text);
}

TEST(a_pod_that_is_gone_still_has_its_history)
{
	char *text = run("jobs/gone", true, CTL_NO_POD);

	assert_non_null(strstr(text, "batch/hog-1  13:59:55 killed, dead"));
	assert_non_null(strstr(text, "no pod goes by 'jobs/gone'"));
	free(text);
}

TEST(it_asks_by_the_cgroup_and_by_the_word_where_there_is_none)
{
	cJSON *doc = ctl_case_read("node");
	struct ctl ctl = {.doc = doc, .args = {"hog-1"}};
	struct client_filter f;

	assert_int_equal(verb_why_ask(&ctl, 0, &f), CTL_OK);
	assert_string_equal(f.kinds, "kill,evict,candidate");
	assert_non_null(strstr(f.of, "kubepods-besteffort"));
	assert_true(f.max > 0);
	ctl.args[0] = "jobs/gone";
	assert_int_equal(verb_why_ask(&ctl, 0, &f), CTL_OK);
	assert_string_equal(f.of, "jobs/gone");
	cJSON_Delete(doc);
}

TEST(the_json_has_the_records_and_null_without_a_history)
{
	cJSON *doc = ctl_case_read("node"), *object;
	struct ctl ctl = {.doc = doc, .args = {"hog-1"}};
	int exit_code = CTL_OK;

	object = verb_why_json(&ctl, &exit_code);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(object, "kills")));
	cJSON_Delete(object);
	assert_true(cJSON_AddItemToObject(doc, "history", cJSON_Parse(records)));
	object = verb_why_json(&ctl, &exit_code);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(object, "kills")), 2);
	cJSON_Delete(object);
	cJSON_Delete(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_shows_when_it_was_passed_over_and_when_it_was_killed),
		cmocka_unit_test(without_records_nothing_is_said),
		cmocka_unit_test(a_pod_that_is_gone_still_has_its_history),
		cmocka_unit_test(it_asks_by_the_cgroup_and_by_the_word_where_there_is_none),
		cmocka_unit_test(the_json_has_the_records_and_null_without_a_history),
	};

	if (setenv("TZ", "UTC", 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
