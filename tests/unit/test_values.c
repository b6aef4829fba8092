// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "policy/values.h"
#include "tests/lib/policy_case.h"

#define RULES "assign: [{match: {qos: BestEffort}, level: P7}]\n"

static void assert_kept(const struct policy *policy, const char *path, const char *text,
			uint32_t file, uint32_t line)
{
	const struct policy_value *v = values_find(policy, path);

	assert_non_null(v);
	assert_string_equal(v->text, text);
	assert_int_equal(v->file, file);
	assert_int_equal(v->line, line);
}

TEST(each_value_keeps_its_text_file_and_line)
{
	const char *texts[] = {
		"version: 1\nmode: observe\nlevels:\n  P7: {role: offline, cpu: {yield: ratio 20}}\n" RULES,
		"version: 1\nmode: protect\n",
	};
	struct policy *policy = policy_case_read(texts, 2);

	assert_kept(policy, "mode", "protect", 1, 2);
	assert_kept(policy, "levels.P7.role", "offline", 0, 4);
	assert_kept(policy, "levels.P7.cpu.yield", "ratio 20", 0, 4);
	assert_null(values_find(policy, "levels.P7.cpu"));
	assert_null(values_find(policy, "assign"));
	assert_int_equal(policy->n_files, 2);
	assert_string_equal(policy->files[1], "b.yaml");
	policy_free(policy);
}

TEST(a_word_takes_the_place_of_a_mapping_and_the_other_way_round)
{
	const char *texts[] = {
		("version: 1\nlevels:\n  P7: {role: offline, cpu: {squeeze: {target: 65%, floor: "
		 "2%}}}\n" RULES),
		"version: 1\nlevels: {P7: {cpu: {squeeze: none}}}\n",
		"version: 1\nlevels: {P7: {cpu: {squeeze: {target: 50%, floor: 3%}}}}\n",
	};
	struct policy *policy = policy_case_read(texts, 2);

	assert_kept(policy, "levels.P7.cpu.squeeze", "none", 1, 2);
	assert_null(values_find(policy, "levels.P7.cpu.squeeze.target"));
	policy_free(policy);
	policy = policy_case_read(texts, 3);
	assert_null(values_find(policy, "levels.P7.cpu.squeeze"));
	assert_kept(policy, "levels.P7.cpu.squeeze.floor", "3%", 2, 2);
	policy_free(policy);
}

TEST(a_list_is_kept_whole_and_its_values_are_not)
{
	const char *text =
		"version: 1\nlevels: {P7: {role: offline, cpu: {squeeze: {target: 65%, "
		"floor: 2%}}}}\n" RULES
		"pressure:\n- {when: 'cpu.some of online > 5% over 2s', do: [squeeze cpu]}\n";
	struct policy *policy = policy_case_read(&text, 1);

	assert_kept(policy, "pressure",
		    "[{when: \"cpu.some of online > 5% over 2s\", do: [squeeze cpu]}]", 0, 4);
	assert_null(values_find(policy, "pressure.when"));
	policy_free(policy);
}

TEST(text_that_yaml_would_take_for_something_else_is_quoted)
{
	static const struct {
		const char *text, *yaml;
	} cases[] = {
		{"web-1", "web-1"},
		{"80% of limit", "80% of limit"},
		{"request + 90% of headroom", "request + 90% of headroom"},
		{"", "\"\""},
		{"*", "\"*\""},
		{"-1", "\"-1\""},
		{"%x", "\"%x\""},
		{"a: b", "\"a: b\""},
		{"a #b", "\"a #b\""},
		{" a", "\" a\""},
		{"a ", "\"a \""},
		{"say \"so\" \\", "\"say \\\"so\\\" \\\\\""},
		{"tab\there", "\"tab\\U00000009here\""},
		{"line\nfeed", "\"line\\U0000000Afeed\""},
		{"\xc3\xa9", "\"\xc3\xa9\""},
		{"\xe2\x80\xae", "\"\\U0000202E\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *yaml = NULL;

		assert_int_equal(values_scalar(cases[i].text, &yaml), 0);
		assert_string_equal(yaml, cases[i].yaml);
		free(yaml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_keeps_its_text_file_and_line),
		cmocka_unit_test(a_word_takes_the_place_of_a_mapping_and_the_other_way_round),
		cmocka_unit_test(a_list_is_kept_whole_and_its_values_are_not),
		cmocka_unit_test(text_that_yaml_would_take_for_something_else_is_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
