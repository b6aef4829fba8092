// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/node_labels.h"

static struct node_labels *labels;
static unsigned line;

static int teardown(void **state)
{
	(void)state;
	node_labels_free(labels);
	labels = NULL;
	return 0;
}

static int parse(const char *text)
{
	line = 0;
	return node_labels_parse(text, strlen(text), &labels, &line);
}

TEST(lines_are_labels_and_comments_are_none)
{
	assert_int_equal(
		parse("# of this rack\n\n pool=batch \r\nexample.org/a.B_c-1=x\nempty=\nlast=1"),
		0);
	assert_int_equal(labels->n, 4);
	assert_string_equal(node_labels_get(labels, "pool"), "batch");
	assert_string_equal(node_labels_get(labels, "example.org/a.B_c-1"), "x");
	assert_string_equal(node_labels_get(labels, "empty"), "");
	assert_string_equal(node_labels_get(labels, "last"), "1");
	assert_null(node_labels_get(labels, "poo"));
	assert_null(node_labels_get(labels, "of"));
}

TEST(an_empty_text_is_a_node_without_labels)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(labels->n, 0);
}

TEST(one_line_that_is_none_makes_the_whole_unknown)
{
	static const char *const bad[] = {"pool",	"=a",	"po ol=a", "a/b/c=d", "-a=b",
					  "a=b c",	"a=-b", "a=b/c",   "/a=b",    "A.b/c=d",
					  "a=\xc3\xa9", "a*=b", "a=*",	   "a./=b",   "b./a=c"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "good=1\n%s\n", bad[i]);
		if (parse(text) != -EINVAL || line != 2)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_null(labels);
	}
	assert_int_equal(parse("a=b\na=c\n"), -EEXIST);
	assert_int_equal(line, 2);
}

TEST(what_is_longer_than_kubernetes_takes_is_refused)
{
	char text[700];

	memset(text, 'a', sizeof(text));
	text[63] = '=';
	text[64] = '\0';
	assert_int_equal(parse(text), 0);
	teardown(NULL);
	memset(text, 'a', 64);
	memcpy(text + 64, "=b", 3);
	assert_int_equal(parse(text), -EINVAL);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(text), -EINVAL);
	assert_int_equal(node_labels_parse("a=b\0c", 5, &labels, &line), -EINVAL);
}

TEST(there_is_an_end_to_them)
{
	struct node_labels some = {0};
	char key[16];

	for (unsigned i = 0; i < NODE_LABELS_MAX; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(node_labels_add(&some, key, "v"), 0);
	}
	assert_int_equal(node_labels_add(&some, "more", "v"), -E2BIG);
	assert_int_equal(some.n, NODE_LABELS_MAX);
	for (size_t i = 0; i < some.n; i++) {
		free(some.list[i].key);
		free(some.list[i].value);
	}
	free(some.list);
}

TEST(the_order_makes_no_difference_and_not_known_is_not_empty)
{
	struct node_labels *other = NULL, *none = NULL;

	assert_int_equal(parse("a=1\nb=2\n"), 0);
	assert_int_equal(node_labels_parse("b=2\na=1", 7, &other, &line), 0);
	assert_true(node_labels_same(labels, other));
	free(other->list[0].value);
	other->list[0].value = strdup("3");
	assert_false(node_labels_same(labels, other));
	assert_int_equal(node_labels_parse("", 0, &none, &line), 0);
	assert_false(node_labels_same(labels, none));
	assert_false(node_labels_same(none, NULL));
	assert_true(node_labels_same(NULL, NULL));
	node_labels_free(other);
	node_labels_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(lines_are_labels_and_comments_are_none, teardown),
		cmocka_unit_test_teardown(an_empty_text_is_a_node_without_labels, teardown),
		cmocka_unit_test_teardown(one_line_that_is_none_makes_the_whole_unknown, teardown),
		cmocka_unit_test_teardown(what_is_longer_than_kubernetes_takes_is_refused,
					  teardown),
		cmocka_unit_test_teardown(there_is_an_end_to_them, teardown),
		cmocka_unit_test_teardown(the_order_makes_no_difference_and_not_known_is_not_empty,
					  teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
