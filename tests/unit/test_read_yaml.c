// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/diag.h"
#include "policy/read_yaml.h"

static struct diags diags;
static struct read_node *root;

static int teardown(void **state)
{
	(void)state;
	read_yaml_free(root);
	root = NULL;
	return 0;
}

static int parse(const char *text, size_t len)
{
	struct policy_source source = {.name = "a.yaml", .text = text, .len = len};

	memset(&diags, 0, sizeof(diags));
	read_yaml_free(root);
	root = NULL;
	return read_yaml(&source, 0, &diags, &root);
}

static int parse_text(const char *text)
{
	return parse(text, strlen(text));
}

static void expect_message(uint32_t line, uint32_t col, const char *says)
{
	char text[DIAG_FORMAT_SIZE];

	if (diags.n_errors != 1 || diags.list[0].line != line || diags.list[0].col != col ||
	    !strstr(diags.list[0].text, says))
		fail_msg("expected %u:%u …%s…, got %zu: %s", line, col, says, diags.n,
			 diag_format(&diags.list[0], text, sizeof(text)));
}

/* No tree, and this one message. */
static void expect_refused(const char *yaml, uint32_t line, uint32_t col, const char *says)
{
	assert_int_equal(parse_text(yaml), -EINVAL);
	assert_null(root);
	expect_message(line, col, says);
}

/* The rest of the tree is still there, and this one message. */
static void expect_complaint(const char *yaml, uint32_t line, uint32_t col, const char *says)
{
	assert_int_equal(parse_text(yaml), 0);
	expect_message(line, col, says);
	assert_non_null(read_yaml_child(root, "rest"));
	assert_string_equal(read_yaml_child(root, "rest")->text, "here");
}

TEST(a_tree_has_kinds_texts_and_places)
{
	const struct read_node *a, *b;

	assert_int_equal(parse_text("a: [x, 'y z']\nb:\n  c: \"q\"\n"), 0);
	assert_int_equal(root->kind, READ_MAPPING);
	a = read_yaml_child(root, "a");
	assert_int_equal(a->kind, READ_SEQUENCE);
	assert_string_equal(a->first_child->text, "x");
	assert_string_equal(a->first_child->next->text, "y z");
	assert_int_equal(a->first_child->next->mark.column, 7);
	assert_int_equal(a->first_child->next->text_column, 8);
	assert_true(a->first_child->next->exact);
	assert_null(a->first_child->next->next);
	b = read_yaml_child(root, "b");
	assert_int_equal(read_yaml_child(b, "c")->mark.line, 2);
	assert_null(read_yaml_child(root, "c"));
	assert_int_equal(diags.n, 0);
}

TEST(a_text_with_escapes_or_of_several_lines_does_not_claim_exact_places)
{
	assert_int_equal(parse_text("a: \"x\\ty\"\nb: long\n  text\nc: >\n  folded\n"), 0);
	assert_false(read_yaml_child(root, "a")->exact);
	assert_false(read_yaml_child(root, "b")->exact);
	assert_false(read_yaml_child(root, "c")->exact);
}

TEST(a_byte_order_mark_and_foreign_line_ends_change_no_place)
{
	assert_int_equal(parse_text("\xef\xbb\xbf"
				    "a: 1\r\nb: 2\rc: *x\n"),
			 0);
	expect_message(3, 4, "aliases");
	assert_string_equal(read_yaml_child(root, "b")->text, "2");
}

TEST(columns_are_bytes_behind_characters_of_several_bytes)
{
	assert_int_equal(parse_text("\xc3\xa4\xc3\xb6: *x\n"), 0);
	expect_message(1, 7, "aliases");
}

TEST(anchors_aliases_and_tags_are_refused_and_the_rest_is_read)
{
	expect_complaint("a: &x 1\nrest: here\n", 1, 4, "anchors");
	expect_complaint("a: &x [1]\nrest: here\n", 1, 4, "anchors");
	expect_complaint("a: &x {b: 1}\nrest: here\n", 1, 4, "anchors");
	expect_complaint("rest: here\na: *x\n", 2, 4, "aliases");
	expect_complaint("rest: here\n<<: *x\n", 2, 5, "aliases");
	expect_complaint("a: !!str 1\nrest: here\n", 1, 4, "tags");
	expect_complaint("a: !mine [1]\nrest: here\n", 1, 4, "tags");
	expect_complaint("a: !mine {b: 1}\nrest: here\n", 1, 4, "tags");
	assert_int_equal(read_yaml_child(root, "a")->kind, READ_REFUSED);
}

TEST(a_duplicate_key_is_refused_at_its_second_place_and_the_first_stays)
{
	expect_complaint("a: 1\nrest: here\na: 2\n", 3, 1, "duplicate key \"a\"");
	assert_string_equal(read_yaml_child(root, "a")->text, "1");
	assert_true(strstr(diags.list[0].hint, "line 1"));
	assert_null(root->first_child->next->next);
	expect_complaint("rest: here\nb: {a: 1, \"a\": 2}\n", 2, 11, "duplicate key");
}

TEST(the_same_key_in_two_mappings_is_no_duplicate)
{
	assert_int_equal(parse_text("a: {x: 1}\nb: {x: 2, a: 3}\n"), 0);
	assert_int_equal(diags.n, 0);
}

TEST(a_list_or_a_mapping_as_key_is_refused)
{
	expect_complaint("rest: here\n? [a]\n: 1\n", 2, 3, "cannot be a key");
	expect_complaint("rest: here\n{a: 1}: 1\n", 2, 1, "cannot be a key");
}

TEST(a_nul_in_a_value_is_refused)
{
	expect_complaint("rest: here\na: \"x\\0y\"\n", 2, 4, "NUL");
}

TEST(syntax_errors_come_with_libyamls_words_and_place)
{
	expect_refused("a: [1, 2\nb: 3\n", 2, 2, "YAML syntax");
	expect_refused("a: 1\n b: 2\n", 2, 3, "YAML syntax: mapping values");
	expect_refused("a: \"open\n", 2, 1, "unexpected end of stream");
	expect_refused("a:\n\tb: 1\n", 2, 1, "cannot start any token");
	assert_true(strstr(diags.list[0].hint, "blanks"));
	expect_refused("a: 1\n- b\n", 2, 1, "did not find expected key");
	expect_refused("a: @x\n", 1, 4, "cannot start any token");
}

TEST(a_second_document_is_refused)
{
	expect_refused("a: 1\n---\nb: 2\n", 2, 1, "second document");
}

TEST(a_file_without_content_is_refused)
{
	static const char *const texts[] = {"", "\n\n", "# only a comment\n", "---\n",
					    "---\n...\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_refused(texts[i], 0, 0, "no content");
}

TEST(what_is_not_utf8_or_does_not_show_is_refused_with_its_place)
{
	expect_refused("a: 1\nb: \xff\n", 2, 4, "0xff");
	expect_refused("a: \xc3", 1, 4, "0xc3");
	expect_refused("a: \x1b[31m\n", 1, 4, "0x1b");
	expect_refused("a: x\xc2\x85y\n", 1, 5, "0xc2");
	expect_refused("a: x\xe2\x80\xa8y\n", 1, 5, "0xe2");
	expect_refused("a: x\xe2\x80\xaey\n", 1, 5, "0xe2");
	expect_refused("\xff\xfe"
		       "a",
		       1, 1, "0xff");
	assert_int_equal(parse("a: 1\0b", 6), -EINVAL);
	expect_message(1, 5, "0x00");
}

TEST(letters_of_other_scripts_are_fine)
{
	assert_int_equal(parse_text("# \xe7\xad\x96\xe7\x95\xa5 \xf0\x9f\x98\x80\na: \xc3\xa9\n"),
			 0);
	assert_int_equal(diags.n, 0);
}

TEST(a_file_that_is_too_large_is_refused_before_it_is_parsed)
{
	size_t len = POLICY_FILE_MAX_BYTES + 1;
	char *text = malloc(len);

	assert_non_null(text);
	memset(text, '#', len);
	assert_int_equal(parse(text, len), -EINVAL);
	expect_message(0, 0, "too large");
	memset(text, ' ', len);
	memcpy(text, "a: 1\n#", 6);
	assert_int_equal(parse(text, POLICY_FILE_MAX_BYTES), 0);
	free(text);
}

TEST(nesting_beyond_the_limit_is_refused_and_up_to_it_is_read)
{
	char text[2 * 5000 + 1];
	size_t n = READ_YAML_DEPTH_MAX;

	memset(text, '[', n);
	memset(text + n, ']', n);
	text[2 * n] = '\0';
	assert_int_equal(parse_text(text), 0);
	n += 2;
	memset(text, '[', n);
	memset(text + n, ']', n);
	text[2 * n] = '\0';
	expect_refused(text, 1, READ_YAML_DEPTH_MAX + 2, "nested too deeply");
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse_text(text), -EINVAL);
	assert_int_equal(diags.n_errors, 1);
}

TEST(more_values_than_a_policy_can_need_are_refused)
{
	size_t n = READ_YAML_NODES_MAX + 10;
	char *text = malloc(2 * n + 2);

	assert_non_null(text);
	text[0] = '[';
	for (size_t i = 0; i < n; i++)
		memcpy(text + 1 + 2 * i, "1,", 2);
	text[2 * n + 1] = '\0';
	assert_int_equal(parse_text(text), -EINVAL);
	expect_message(1, 2 * READ_YAML_NODES_MAX, "too many values");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_tree_has_kinds_texts_and_places, teardown),
		cmocka_unit_test_teardown(
			a_text_with_escapes_or_of_several_lines_does_not_claim_exact_places,
			teardown),
		cmocka_unit_test_teardown(a_byte_order_mark_and_foreign_line_ends_change_no_place,
					  teardown),
		cmocka_unit_test_teardown(columns_are_bytes_behind_characters_of_several_bytes,
					  teardown),
		cmocka_unit_test_teardown(anchors_aliases_and_tags_are_refused_and_the_rest_is_read,
					  teardown),
		cmocka_unit_test_teardown(
			a_duplicate_key_is_refused_at_its_second_place_and_the_first_stays,
			teardown),
		cmocka_unit_test_teardown(the_same_key_in_two_mappings_is_no_duplicate, teardown),
		cmocka_unit_test_teardown(a_list_or_a_mapping_as_key_is_refused, teardown),
		cmocka_unit_test_teardown(a_nul_in_a_value_is_refused, teardown),
		cmocka_unit_test_teardown(syntax_errors_come_with_libyamls_words_and_place,
					  teardown),
		cmocka_unit_test_teardown(a_second_document_is_refused, teardown),
		cmocka_unit_test_teardown(a_file_without_content_is_refused, teardown),
		cmocka_unit_test_teardown(
			what_is_not_utf8_or_does_not_show_is_refused_with_its_place, teardown),
		cmocka_unit_test_teardown(letters_of_other_scripts_are_fine, teardown),
		cmocka_unit_test_teardown(a_file_that_is_too_large_is_refused_before_it_is_parsed,
					  teardown),
		cmocka_unit_test_teardown(nesting_beyond_the_limit_is_refused_and_up_to_it_is_read,
					  teardown),
		cmocka_unit_test_teardown(more_values_than_a_policy_can_need_are_refused, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
