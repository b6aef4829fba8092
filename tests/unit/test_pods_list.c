// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/discover/pods_list.h"
#include "tests/lib/alloc_count.h"

struct seen {
	int n;
	int sum;
	int stop_at; /* 0: never */
};

static int on_item(void *context, const cJSON *item)
{
	struct seen *s = context;

	s->n++;
	s->sum += cJSON_IsNumber(item) ? item->valueint : 0;
	return s->n == s->stop_at ? -E2BIG : 0;
}

static struct seen seen;
static char *more;

static int scan(const char *text, size_t *ret_at)
{
	struct pods_list list = {.on_item = on_item, .context = &seen};
	int r;

	free(more);
	seen = (struct seen){.stop_at = seen.stop_at};
	r = pods_list_scan(text, strlen(text), &list, ret_at);
	more = list.more;
	return r;
}

static int teardown(void **state)
{
	(void)state;
	free(more);
	more = NULL;
	seen = (struct seen){0};
	return 0;
}

static void expect(const char *text, int r, int n, int sum)
{
	size_t at = 0;

	assert_int_equal(scan(text, &at), r);
	assert_int_equal(seen.n, n);
	assert_int_equal(seen.sum, sum);
}

TEST(items_are_handed_over_one_by_one)
{
	expect("{\"items\":[1,2 , 3]}", 0, 3, 6);
	expect(" \n{ \"kind\" : \"PodList\" , \"items\" : [ 4 ] , \"x\" : {\"items\":[1]} } \n", 0,
	       1, 4);
	expect("{\"items\":[]}", 0, 0, 0);
	expect("{\"items\":null}", 0, 0, 0);
	expect("{\"items\":[[],{},null,\"]\",7]}", 0, 5, 7);
	/* JSON's other way to write the key. */
	expect("{\"\\u0069tems\":[5]}", 0, 1, 5);
}

TEST(the_next_page_is_told_wherever_it_stands)
{
	expect("{\"metadata\":{\"continue\":\"abc\"},\"items\":[1]}", 0, 1, 1);
	assert_string_equal(more, "abc");
	expect("{\"items\":[1],\"metadata\":{\"resourceVersion\":\"1\",\"continue\":\"d\"}}", 0, 1,
	       1);
	assert_string_equal(more, "d");
	expect("{\"items\":[],\"metadata\":{\"continue\":\"\"}}", 0, 0, 0);
	assert_null(more);
	expect("{\"items\":[],\"metadata\":{\"continue\":1}}", 0, 0, 0);
	assert_null(more);
	expect("{\"items\":[{\"metadata\":{\"continue\":\"x\"}}]}", 0, 1, 0);
	assert_null(more);
}

TEST(what_is_no_list_of_items_is_refused)
{
	expect("{}", -EINVAL, 0, 0);
	expect("{\"items\":{}}", -EINVAL, 0, 0);
	expect("{\"items\":1}", -EINVAL, 0, 0);
	expect("[1,2]", -EINVAL, 0, 0);
	expect("\"items\"", -EINVAL, 0, 0);
	/* Which of the two is meant, nobody knows. */
	expect("{\"items\":[1],\"items\":[2]}", -EINVAL, 1, 1);
	expect("{\"items\":null,\"items\":[2]}", -EINVAL, 0, 0);
}

TEST(what_is_no_json_is_refused_where_it_stops_making_sense)
{
	static const struct {
		const char *text;
		size_t at;
	} bad[] = {
		{"", 0},
		{"   ", 3},
		{"{", 1},
		{"{\"items\"", 8},
		{"{\"items\":[", 10},
		{"{\"items\":[1", 11},
		{"{\"items\":[1,", 12},
		{"{\"items\":[1]", 12},
		{"{\"items\":[1],", 13},
		{"{\"items\":[1] 2}", 13},
		{"{\"items\":[1 2]}", 12},
		{"{\"items\":[1]} x", 14},
		{"{\"items\":[1]}}", 13},
		{"{1:2}", 2},
		{"{\"items\" [1]}", 9},
		{"nonsense", 0},
		{"1 2", 2},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t at = 99;

		assert_int_equal(scan(bad[i].text, &at), -EBADMSG);
		if (at != bad[i].at)
			fail_msg("%s: at %zu, not %zu", bad[i].text, at, bad[i].at);
	}
}

TEST(a_nul_inside_ends_no_list)
{
	static const char text[] = "{\"items\":[1]}\0{}";
	struct pods_list list = {.on_item = on_item, .context = &seen};
	size_t at;

	assert_int_equal(pods_list_scan(text, sizeof(text) - 1, &list, &at), -EBADMSG);
	assert_int_equal(at, 13);
}

TEST(who_takes_the_items_may_end_the_scan)
{
	seen.stop_at = 2;
	expect("{\"items\":[1,2,3]}", -E2BIG, 2, 3);
}

/* A list of 20 MB must not stand in memory as a tree several times as large. */
TEST(what_is_allocated_at_once_is_one_item)
{
	static char one[64], many[64 * 1024];
	unsigned long before, for_one, for_many;
	size_t at;
	char *p = stpcpy(many, "{\"items\":[{\"a\":[1,2,3]}");

	strcpy(one, "{\"items\":[{\"a\":[1,2,3]}]}");
	for (int i = 1; i < 1000; i++)
		p = stpcpy(p, ",{\"a\":[1,2,3]}");
	strcpy(p, "]}");
	before = alloc_count();
	assert_int_equal(scan(one, &at), 0);
	for_one = alloc_count() - before;
	before = alloc_count();
	assert_int_equal(scan(many, &at), 0);
	for_many = alloc_count() - before;
	assert_int_equal(seen.n, 1000);
	/* The same few for each: nothing is gathered on the way, which would take some more. */
	assert_in_range(for_many, 999 * (for_one - 2), 1000 * for_one);
}

#define T(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(items_are_handed_over_one_by_one),
		T(the_next_page_is_told_wherever_it_stands),
		T(what_is_no_list_of_items_is_refused),
		T(what_is_no_json_is_refused_where_it_stops_making_sense),
		T(a_nul_inside_ends_no_list),
		T(who_takes_the_items_may_end_the_scan),
		T(what_is_allocated_at_once_is_one_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
