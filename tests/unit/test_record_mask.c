// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "policy/read.h"
#include "policy/record_mask.h"
#include "tests/lib/record_case.h"

static const struct record_names names = {{3, 4}};
static struct record_mask mask;
static struct policy *policy;

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	policy = NULL;
	record_mask_free(&mask);
	return 0;
}

static const char *masked(const char *text)
{
	const struct policy_source source = {"50-acme.yaml", text, strlen(text)};

	static char text_of[8192]; /* what is masked has a length and no end */

	record_mask_free(&mask);
	assert_int_equal(record_mask(&names, &source, 1, &mask), 0);
	assert_true(mask.sources[0].len < sizeof(text_of));
	memcpy(text_of, mask.sources[0].text, mask.sources[0].len);
	text_of[mask.sources[0].len] = '\0';
	return text_of;
}

TEST(the_grammar_stays_and_names_go)
{
	const char *got = masked("version: 1\n"
				 "facts: {from: 'file:///srv/acme/pods.json'}  # acme's own\n"
				 "assign:\n"
				 "  - {match: {namespace: acme, qos: Burstable}, level: P4}\n"
				 "  - {match: {label: acme.io/tier=g*}, level: P0}\n");

	assert_non_null(strstr(got, "version: 1\n"));
	assert_non_null(strstr(got, "qos: Burstable}, level: P4}"));
	assert_non_null(strstr(got, "{from: \"file:///"));
	assert_non_null(strstr(got, "namespace: \"n"));
	assert_null(strstr(got, "acme"));
	assert_null(strstr(got, "tier"));
	assert_null(strstr(got, "#"));
	assert_string_equal(mask.sources[0].name, "policy-1.yaml");
}

TEST(a_name_is_masked_as_the_model_masks_it)
{
	struct record_buf buf = {0};

	record_names_put(&buf, &names, "acme");
	record_put_bytes(&buf, "", 1);
	assert_non_null(
		strstr(masked("assign:\n  - {match: {namespace: acme}, level: P4}\n"), buf.text));
	record_buf_free(&buf);
}

/* A name that is a word of the grammar is no news; but inside a match even numbers are names. */
TEST(a_name_that_looks_like_a_number_is_a_name)
{
	assert_null(strstr(masked("assign:\n  - {match: {name: 4711}, level: P4}\n"), "4711"));
	assert_non_null(strstr(masked("levels: {P4: {io: {weight: 4711}}}\n"), "4711"));
}

/* A link has the same pseudonym where it was seen, whatever word its name is. */
TEST(interfaces_go_and_what_is_said_of_them_stays)
{
	const char *got = masked(
		"net: {uplinks: [eth0, cpu, podbr-of-acme0], speed: {eth0: 10Gbit/s, \"on\": 25Gbit/s},\n"
		"      mark: 0x1300/0x1370, headroom: 7%}\n");
	char name[RECORD_NAMES_LINK_SIZE];

	assert_null(strstr(got, "eth0"));
	assert_null(strstr(got, "[cpu"));
	assert_null(strstr(got, ", cpu"));
	assert_null(strstr(got, "pod"));
	assert_null(strstr(got, "on\""));
	record_names_link(&names, "eth0", 4, name);
	assert_non_null(strstr(strstr(got, name) + 1, name));
	assert_non_null(strstr(got, "\": 10Gbit/s"));
	assert_non_null(strstr(got, "\": 25Gbit/s}"));
	assert_non_null(strstr(got, "mark: 0x1300/0x1370, headroom: 7%}"));
	got = masked("version: 1\nnet: {uplinks: routes, speed: link}\n");
	assert_string_equal(got, "version: 1\nnet: {uplinks: routes, speed: link}\n");
	assert_int_equal(record_mask_policy(&mask, &policy), 0);
	policy_free(policy);
	policy = NULL;
	(void)masked(
		"version: 1\n"
		"net: {uplinks: [podbr-of-acme0], speed: {podbr-of-acme0: 25Gbit/s}, mark: 0x1300/0x1370}\n");
	assert_int_equal(record_mask_policy(&mask, &policy), 0);
}

TEST(an_unknown_word_is_taken_for_a_name)
{
	assert_null(strstr(masked("secret-project: {x: [y, codename]}\n"), "secret"));
	assert_null(strstr(masked("levels: [codename]\n"), "codename"));
}

TEST(characters_of_several_bytes_do_not_shift_anything)
{
	const char *got = masked("# ünïcödé\nmode: observe # größe\nassign:\n"
				 "  - {match: {namespace: 'mürb'}, level: P4}\n");

	assert_non_null(strstr(got, "mode: observe"));
	assert_non_null(strstr(got, "}, level: P4}\n"));
	assert_null(strstr(got, "rb'"));
}

TEST(what_is_no_yaml_is_refused)
{
	static const char text[] = "a: [b";
	const struct policy_source source = {"x.yaml", text, sizeof(text) - 1};

	assert_int_equal(record_mask(&names, &source, 1, &mask), -EINVAL);
}

static char *read_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(1 << 20);

	assert_non_null(f);
	assert_non_null(text);
	*ret_len = fread(text, 1, 1 << 20, f);
	fclose(f);
	return text;
}

static bool is_policy(const struct policy_source *source, struct policy **ret_policy)
{
	struct diags *diags = calloc(1, sizeof(*diags));
	int r;

	assert_non_null(diags);
	r = policy_read(source, 1, diags, ret_policy);
	free(diags);
	return r == 0;
}

/* Every policy file of the folder that can be read is the same policy without its names. */
static size_t check_folder(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		struct policy_source source = {.name = e->d_name};
		struct policy *before = NULL;
		char path[1024];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		source.text = read_file(path, &source.len);
		if (is_policy(&source, &before)) {
			if (record_mask(&names, &source, 1, &mask) < 0 ||
			    record_mask_policy(&mask, &policy) < 0)
				fail_msg(
					"%s: a word of the grammar is unknown to record_mask.c:\n%.*s",
					path, (int)mask.sources[0].len, mask.sources[0].text);
			assert_int_equal(policy->n_rules, before->n_rules);
			assert_memory_equal(policy->levels, before->levels, sizeof(policy->levels));
			assert_int_equal(policy->mode, before->mode);
			assert_int_equal(policy->facts, before->facts);
			for (size_t i = 0; i < policy->n_rules; i++)
				assert_int_equal(policy->rules[i].line, before->rules[i].line);
			policy_free(policy);
			policy = NULL;
			record_mask_free(&mask);
			policy_free(before);
			n++;
		}
		free((char *)source.text);
	}
	closedir(d);
	return n;
}

TEST(every_policy_there_is_stays_the_same_policy)
{
	size_t n = check_folder("policy/profiles");

	assert_true(n >= 4);
	n += check_folder("tests/fuzz/corpus/policy");
	print_message("# %zu policies\n", n);
	assert_true(n >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_grammar_stays_and_names_go, teardown),
		cmocka_unit_test_teardown(a_name_is_masked_as_the_model_masks_it, teardown),
		cmocka_unit_test_teardown(a_name_that_looks_like_a_number_is_a_name, teardown),
		cmocka_unit_test_teardown(interfaces_go_and_what_is_said_of_them_stays, teardown),
		cmocka_unit_test_teardown(an_unknown_word_is_taken_for_a_name, teardown),
		cmocka_unit_test_teardown(characters_of_several_bytes_do_not_shift_anything,
					  teardown),
		cmocka_unit_test_teardown(what_is_no_yaml_is_refused, teardown),
		cmocka_unit_test_teardown(every_policy_there_is_stays_the_same_policy, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
