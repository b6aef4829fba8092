// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>

#include "agent/base/history.h"
#include "agent/serve/history_json.h"

static struct history *history;
static char text[65536];
static cJSON *doc;

static void add(enum history_kind kind, const char *what, const char *pod, int64_t wall_us)
{
	struct history_record r = HISTORY_RECORD(kind);

	HISTORY_SET(r.what, "%s", what);
	HISTORY_SET(r.pod, "%s", pod);
	HISTORY_SET(r.to, "5");
	r.wall_us = wall_us;
	history_add(history, &r);
}

static int setup(void **state)
{
	(void)state;
	doc = NULL;
	if (history_new(&history) < 0)
		return -1;
	add(HISTORY_WRITE, "a/pod1", "shop/web", 1000);
	add(HISTORY_RESTORE, "a/pod2", "shop/db", 2000);
	add(HISTORY_RUNG, "cpu", "", 3000);
	add(HISTORY_WRITE, "a/pod1/container", "shop/web", 4000);
	add(HISTORY_WRITE, "a/pod11", "jobs/web", 5000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(doc);
	history_free(history);
	return 0;
}

/* The ids that a filter lets through. */
static const char *ids(const struct history_filter *filter)
{
	static char list[256];
	const cJSON *record;
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	assert_int_equal(history_json(history, filter, out), 0);
	fclose(out);
	cJSON_Delete(doc);
	doc = cJSON_Parse(text);
	assert_non_null(doc);
	list[0] = '\0';
	cJSON_ArrayForEach(record, cJSON_GetObjectItem(doc, "records"))
	{
		size_t len = strlen(list);

		(void)snprintf(list + len, sizeof(list) - len, "%d ",
			       cJSON_GetObjectItem(record, "id")->valueint);
	}
	return list;
}

static int number(const char *key)
{
	return cJSON_GetObjectItem(doc, key)->valueint;
}

TEST(everything_the_oldest_first)
{
	assert_string_equal(ids(&(struct history_filter){.word = ""}), "1 2 3 4 5 ");
	assert_int_equal(number("schema"), 1);
	assert_int_equal(number("oldest_us"), 1000);
	assert_int_equal(number("left_out"), 0);
	assert_string_equal(cJSON_GetObjectItem(doc, "disk")->valuestring, "none");
}

TEST(by_time_kind_and_number)
{
	assert_string_equal(ids(&(struct history_filter){.word = "", .since_us = 3000}), "3 4 5 ");
	assert_string_equal(ids(&(struct history_filter){.word = "", .kinds = 1u << HISTORY_RUNG}),
			    "3 ");
	assert_string_equal(ids(&(struct history_filter){.word = "", .max = 2}), "4 5 ");
	assert_int_equal(number("left_out"), 3);
	assert_string_equal(ids(&(struct history_filter){.word = "", .since_us = 9000}), "");
}

TEST(by_pod_or_cgroup_as_people_name_it)
{
	assert_string_equal(ids(&(struct history_filter){.word = "shop/web"}), "1 4 ");
	assert_string_equal(ids(&(struct history_filter){.word = "web"}), "1 4 5 ");
	assert_string_equal(ids(&(struct history_filter){.word = "/a/pod1"}), "1 4 ");
	assert_string_equal(ids(&(struct history_filter){.word = "pod2"}), "2 ");
	assert_string_equal(ids(&(struct history_filter){.word = "nobody"}), "");
}

TEST(names_can_forge_neither_a_record_nor_a_line)
{
	struct history_record r = HISTORY_RECORD(HISTORY_WRITE);
	const cJSON *record;

	HISTORY_SET(r.pod, "a\"},{\"id\":99,\"x\":\"\\\n\x1b[2Jb\xff");
	r.caller = (struct history_caller){.known = true, .uid = 3, .pid = 4, .comm = "\"\\\t"};
	history_add(history, &r);
	assert_string_equal(ids(&(struct history_filter){.word = "", .max = 1}), "6 ");
	record = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "records"), 0);
	assert_string_equal(cJSON_GetObjectItem(record, "pod")->valuestring,
			    "a\"},{\"id\":99,\"x\":\"\\??[2Jb?");
	record = cJSON_GetObjectItem(record, "caller");
	assert_int_equal(cJSON_GetObjectItem(record, "uid")->valueint, 3);
	assert_string_equal(cJSON_GetObjectItem(record, "comm")->valuestring, "\"\\?");
	assert_null(strchr(text, '\n'));
}

TEST(numbers_are_numbers_and_what_was_not_measured_is_null)
{
	struct history_record r = HISTORY_RECORD(HISTORY_KILL);
	const cJSON *record;

	HISTORY_SET(r.numbers, "expected_bytes=5,freed_bytes=-,room_bytes=-3");
	history_add(history, &r);
	(void)ids(&(struct history_filter){.word = ""});
	record = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "records"), 5);
	assert_non_null(strstr(text, ",\"numbers\":{\"expected_bytes\":5,\"freed_bytes\":null,"
				     "\"room_bytes\":-3}}"));
	assert_non_null(cJSON_GetObjectItem(record, "numbers"));
	record = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "records"), 0);
	assert_null(cJSON_GetObjectItem(record, "numbers"));
}

TEST(kinds_are_a_list_of_names)
{
	uint32_t kinds = 7;

	assert_int_equal(history_json_kinds("", &kinds), 0);
	assert_int_equal(kinds, 0);
	assert_int_equal(history_json_kinds("kill,candidate", &kinds), 0);
	assert_int_equal(kinds, 1u << HISTORY_KILL | 1u << HISTORY_CANDIDATE);
	assert_int_equal(history_json_kinds("write,rung", &kinds), 0);
	assert_int_equal(kinds, 1u << HISTORY_WRITE | 1u << HISTORY_RUNG);
	assert_int_equal(history_json_kinds("write,no", &kinds), -EINVAL);
	assert_int_equal(history_json_kinds(",", &kinds), -EINVAL);
	assert_int_equal(history_json_kinds("a-word-that-is-far-too-long-for-a-kind", &kinds),
			 -EINVAL);
}

TEST(what_cannot_be_written_is_an_error)
{
	char small[64];
	FILE *out = fmemopen(small, sizeof(small), "w");

	assert_non_null(out);
	setbuf(out, NULL);
	assert_int_equal(history_json(history, &(struct history_filter){.word = ""}, out), -EIO);
	fclose(out);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(everything_the_oldest_first),
		CASE(by_time_kind_and_number),
		CASE(by_pod_or_cgroup_as_people_name_it),
		CASE(names_can_forge_neither_a_record_nor_a_line),
		CASE(numbers_are_numbers_and_what_was_not_measured_is_null),
		CASE(kinds_are_a_list_of_names),
		CASE(what_cannot_be_written_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
