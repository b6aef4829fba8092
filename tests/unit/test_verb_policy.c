// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl policy: what it prints for each sort of file is held in tests/policy/; here the rest.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/ctl/ctl.h"
#include "policy/reader.h"
#include "tests/lib/tree.h"

static char *out, *err;
static const char *root = "/", *node = "none";

static int run(bool json, const char *a, const char *b, const char *c)
{
	struct ctl ctl = {.json = json, .args = {a, b, c}, .root = root, .node = node};
	size_t out_size, err_size;
	int r;

	free(out);
	free(err);
	ctl.term.out = open_memstream(&out, &out_size);
	ctl.err = open_memstream(&err, &err_size);
	r = verb_policy(&ctl);
	fclose(ctl.term.out);
	fclose(ctl.err);
	return r;
}

static int drop(void **state)
{
	(void)state;
	free(out);
	free(err);
	out = err = NULL;
	return 0;
}

#define BAD "tests/policy/bad/many-mistakes-in-one-file.yaml"
#define GOOD "tests/policy/good/everything.yaml"

TEST(check_as_json_holds_every_message_with_its_place)
{
	cJSON *doc, *first;

	assert_int_equal(run(true, "check", BAD, NULL), CTL_FAILED);
	doc = cJSON_Parse(out);
	assert_non_null(doc);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(doc, "good")));
	assert_int_equal(cJSON_GetObjectItem(doc, "errors")->valueint, 7);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "messages")), 7);
	first = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "messages"), 0);
	assert_int_equal(cJSON_GetObjectItem(first, "line")->valueint, 1);
	assert_int_equal(cJSON_GetObjectItem(first, "column")->valueint, 10);
	assert_string_equal(cJSON_GetObjectItem(first, "severity")->valuestring, "error");
	cJSON_Delete(doc);
	assert_int_equal(run(true, "check", GOOD, NULL), CTL_OK);
	doc = cJSON_Parse(out);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(doc, "good")));
	assert_int_equal(cJSON_GetObjectItem(doc, "errors")->valueint, 0);
	assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "not_acted_on")) > 3);
	cJSON_Delete(doc);
}

TEST(a_file_that_cannot_be_read_is_named)
{
	assert_int_equal(run(false, "check", "/nowhere/at-all.yaml", NULL), CTL_FAILED);
	assert_non_null(strstr(err, "/nowhere/at-all.yaml"));
	assert_int_equal(run(false, "show", "/nowhere/at-all.yaml", NULL), CTL_FAILED);
	assert_non_null(strstr(err, "no effective policy"));
}

/* A node whose io controller is not handed down and whose kernel measures no pressure. */
static char *make_node(void)
{
	char *dir = NULL;

	assert_int_equal(tree_make("@host 2\n@cgroup kubepods.slice\netc/machine-id = 0123\n"
				   "proc/sys/kernel/hostname = web-1\n",
				   &dir),
			 0);
	assert_int_equal(tree_knob(dir, "", "cgroup.controllers", "cpu memory"), 0);
	assert_int_equal(tree_delete(dir, "proc/pressure"), 0);
	return dir;
}

TEST(a_node_below_root_is_checked_against_and_its_lacks_are_warnings)
{
	char *dir = make_node();

	root = dir;
	node = NULL;
	assert_int_equal(run(false, "check", GOOD, NULL), CTL_OK);
	assert_non_null(strstr(err, "everything.yaml:6:"));
	assert_non_null(strstr(err, "warning: this node lacks io. Without it: no IO isolation"));
	assert_non_null(strstr(err, "to have it: add \"io\""));
	assert_non_null(strstr(err, "warning: this node lacks psi. "));
	assert_null(strstr(err, "lacks psi-trigger"));
	assert_non_null(strstr(out, "checked for this node and its kernel, below --root"));
	node = "none";
	assert_int_equal(run(false, "check", GOOD, NULL), CTL_OK);
	assert_null(strstr(err, "this node lacks"));
	assert_non_null(strstr(out, "checked for no node in particular\n"));
	tree_remove(dir);
	root = "/";
}

TEST(below_root_the_files_are_those_of_that_tree)
{
	char *dir = make_node();

	assert_int_equal(tree_write(dir, "etc/colod/policy.d/50-a.yaml",
				    "version: 1\nnodes: {host: \"db-*\"}\nmode: protect\n"),
			 0);
	root = dir;
	node = NULL;
	assert_int_equal(run(false, "check", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out,
			       "left out on this node: etc/colod/policy.d/50-a.yaml: this host "
			       "is web-1, not db-*"));
	assert_int_equal(tree_write(dir, "etc/colod/policy.d/50-a.yaml",
				    "version: 1\nnodes: {host: \"web-*\"}\nmode: protect\n"),
			 0);
	assert_int_equal(run(false, "check", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "mode protect"));
	node = "none";
	assert_int_equal(run(false, "check", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "mode observe"));
	assert_non_null(strstr(out, "50-a.yaml: no node is looked at"));
	node = NULL;
	assert_int_equal(run(true, "check", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "\"node\":\t\"this\""));
	assert_non_null(strstr(out, "\"about_node\":\ttrue"));
	tree_remove(dir);
	root = "/";
	node = "none";
}

TEST(another_word_for_a_node_is_refused)
{
	node = "web-1";
	assert_int_equal(run(false, "check", GOOD, NULL), CTL_USAGE);
	node = "none";
}

TEST(several_files_are_one_policy)
{
	assert_int_equal(run(false, "show", GOOD, "tests/policy/good/smallest.yaml"), CTL_OK);
	assert_non_null(strstr(out, "mode: squeeze"));
	assert_non_null(strstr(out, "smallest.yaml:1"));
}

TEST(a_key_is_explained_by_its_path_by_its_end_and_by_a_levels_own_name)
{
	assert_int_equal(run(false, "explain", "levels.P7.cpu.yield", NULL), CTL_OK);
	assert_non_null(strstr(out, "levels.P*.cpu.yield\n"));
	assert_non_null(strstr(out, "accepts: ratio N, idle, none\n"));
	assert_non_null(strstr(out, "writes:  cpu.weight, cpu.idle\n"));
	assert_int_equal(run(false, "explain", "yield", NULL), CTL_OK);
	assert_non_null(strstr(out, "levels.P*.cpu.yield\n"));
	assert_int_equal(run(false, "explain", "squeeze", NULL), CTL_OK);
	assert_non_null(strstr(out, "levels.P*.cpu.squeeze: "));
	assert_non_null(strstr(out, "levels.P*.io.squeeze: "));
	assert_int_equal(run(false, "explain", "evict", NULL), CTL_OK);
	assert_non_null(strstr(out, "evict.per-hour: 0..240"));
	assert_int_equal(run(false, "explain", "nothing.like.it", NULL), CTL_USAGE);
	assert_non_null(strstr(err, "no key 'nothing.like.it'"));
}

TEST(a_mistyped_part_is_answered_with_the_near_one)
{
	assert_int_equal(run(false, "chek", NULL, NULL), CTL_USAGE);
	assert_int_equal(run(false, "explain", NULL, NULL), CTL_USAGE);
}

static void expect_schema(const cJSON *schema, const struct reader_key *keys)
{
	const cJSON *properties = cJSON_GetObjectItem(schema, "properties");

	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(schema, "additionalProperties")));
	for (const struct reader_key *key = keys; key->name; key++) {
		const cJSON *value = cJSON_GetObjectItem(properties, key->name), *below = value;

		if (!value)
			fail_msg("the schema has no %s", key->name);
		if (cJSON_HasObjectItem(value, "items") && key->keys)
			below = cJSON_GetObjectItem(value, "items");
		if (cJSON_HasObjectItem(value, "anyOf") && key->keys)
			below = cJSON_GetArrayItem(cJSON_GetObjectItem(value, "anyOf"), 0);
		if (key->keys)
			expect_schema(below, key->keys);
		else
			assert_true(cJSON_HasObjectItem(value, "enum") ||
				    cJSON_HasObjectItem(value, "type") ||
				    cJSON_HasObjectItem(value, "anyOf"));
	}
}

/* Where the table says nothing else, a key accepts just the words that it lists. */
static void expect_words(const struct reader_key *keys)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-., ";

	for (const struct reader_key *key = keys; key->name; key++) {
		if (!key->keys && !key->schema && key->accepts[strspn(key->accepts, letters)])
			fail_msg("%s accepts more than words and has no schema", key->name);
		if (key->keys)
			expect_words(key->keys);
	}
}

TEST(the_schema_knows_every_key_and_no_other)
{
	cJSON *schema;

	assert_int_equal(run(false, "schema", NULL, NULL), CTL_OK);
	schema = cJSON_Parse(out);
	assert_non_null(schema);
	expect_schema(schema, reader_root_keys());
	expect_words(reader_root_keys());
	cJSON_Delete(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(check_as_json_holds_every_message_with_its_place, drop),
		cmocka_unit_test_teardown(a_file_that_cannot_be_read_is_named, drop),
		cmocka_unit_test_teardown(several_files_are_one_policy, drop),
		cmocka_unit_test_teardown(
			a_node_below_root_is_checked_against_and_its_lacks_are_warnings, drop),
		cmocka_unit_test_teardown(below_root_the_files_are_those_of_that_tree, drop),
		cmocka_unit_test_teardown(another_word_for_a_node_is_refused, drop),
		cmocka_unit_test_teardown(
			a_key_is_explained_by_its_path_by_its_end_and_by_a_levels_own_name, drop),
		cmocka_unit_test_teardown(a_mistyped_part_is_answered_with_the_near_one, drop),
		cmocka_unit_test_teardown(the_schema_knows_every_key_and_no_other, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
