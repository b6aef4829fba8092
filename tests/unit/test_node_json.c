// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/discover/node_json.h"

static struct node_labels *labels;

static int teardown(void **state)
{
	(void)state;
	node_labels_free(labels);
	labels = NULL;
	return 0;
}

static int parse(const char *text)
{
	return node_json_parse(text, strlen(text), "node-1", &labels);
}

#define META(labels) "{\"kind\":\"Node\",\"metadata\":{\"name\":\"node-1\"" labels "}}"

TEST(labels_are_those_of_the_node_that_was_asked_for)
{
	assert_int_equal(parse(META(",\"labels\":{\"pool\":\"batch\",\"a.b/c\":\"\"}")), 0);
	assert_int_equal(labels->n, 2);
	assert_string_equal(node_labels_get(labels, "pool"), "batch");
	assert_string_equal(node_labels_get(labels, "a.b/c"), "");
}

TEST(a_node_without_labels_has_none)
{
	assert_int_equal(parse(META("")), 0);
	assert_int_equal(labels->n, 0);
}

TEST(another_answer_is_no_answer)
{
	assert_int_equal(parse("{\"kind\":\"Node\",\"metadata\":{\"name\":\"node-2\"}}"), -EINVAL);
	assert_int_equal(parse("{\"kind\":\"Status\",\"metadata\":{}}"), -EINVAL);
	assert_int_equal(parse("{\"kind\":\"NodeList\",\"items\":[]}"), -EINVAL);
	assert_int_equal(parse("[]"), -EINVAL);
	assert_int_equal(parse("7"), -EINVAL);
	assert_int_equal(parse(""), -EBADMSG);
	assert_int_equal(parse("{\"metadata\":{\"name\":\"node-1\",\"labels\":{\"pool\":\"ba"),
			 -EBADMSG);
	assert_null(labels);
}

TEST(labels_that_are_none_make_all_of_them_unknown)
{
	assert_int_equal(parse(META(",\"labels\":[\"pool\"]")), -EINVAL);
	assert_int_equal(parse(META(",\"labels\":null")), -EINVAL);
	assert_int_equal(parse(META(",\"labels\":{\"pool\":7}")), -EINVAL);
	assert_int_equal(parse(META(",\"labels\":{\"good\":\"a\",\"p ool\":\"a\"}")), -EINVAL);
	assert_int_equal(parse(META(",\"labels\":{\"pool\":\"a\",\"pool\":\"b\"}")), -EINVAL);
	assert_null(labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(labels_are_those_of_the_node_that_was_asked_for,
					  teardown),
		cmocka_unit_test_teardown(a_node_without_labels_has_none, teardown),
		cmocka_unit_test_teardown(another_answer_is_no_answer, teardown),
		cmocka_unit_test_teardown(labels_that_are_none_make_all_of_them_unknown, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
