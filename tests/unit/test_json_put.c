// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/serve/json_put.h"

static struct json_put put;
static cJSON *object;

static int setup(void **state)
{
	(void)state;
	put = (struct json_put){0};
	object = cJSON_CreateObject();
	return object ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(object);
	return 0;
}

static void assert_printed(const char *expected)
{
	char *text = cJSON_PrintUnformatted(object);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_false(put.failed);
	free(text);
}

TEST(keys_keep_the_order_in_which_they_were_put)
{
	json_put_bool(&put, object, "z", true);
	json_put_null(&put, object, "a");
	json_put_text(&put, object, "m", "x");
	json_put_text(&put, object, "n", NULL);
	assert_printed("{\"z\":true,\"a\":null,\"m\":\"x\",\"n\":null}");
}

TEST(whole_numbers_of_any_size_print_as_digits)
{
	json_put_u64(&put, object, "a", 0);
	json_put_u64(&put, object, "b", 999999999999999);
	json_put_u64(&put, object, "c", 1000000000000000);
	json_put_u64(&put, object, "d", UINT64_MAX);
	json_put_i64(&put, object, "e", -7);
	json_put_i64(&put, object, "f", INT64_MIN);
	assert_printed("{\"a\":0,\"b\":999999999999999,\"c\":1000000000000000,"
		       "\"d\":18446744073709551615,\"e\":-7,\"f\":-9223372036854775808}");
}

TEST(containers_nest)
{
	cJSON *list = json_put_array(&put, object, "list");
	cJSON *inner = json_put_object(&put, list, NULL);

	json_put_u64(&put, inner, "n", 1);
	json_put_element(&put, list, "t\xff");
	assert_printed("{\"list\":[{\"n\":1},\"t?\"]}");
}

TEST(after_a_failure_everything_below_is_left_out_and_the_failure_stays)
{
	cJSON *list = json_put_array(&put, NULL, "list");

	assert_null(list);
	assert_true(put.failed);
	json_put_element(&put, list, "x");
	assert_null(json_put_object(&put, list, NULL));
	json_put_u64(&put, object, "n", 1);
	assert_true(put.failed);
}

#define PUT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUT_TEST(keys_keep_the_order_in_which_they_were_put),
		PUT_TEST(whole_numbers_of_any_size_print_as_digits),
		PUT_TEST(containers_nest),
		PUT_TEST(after_a_failure_everything_below_is_left_out_and_the_failure_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
