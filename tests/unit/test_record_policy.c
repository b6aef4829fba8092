// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_policy.h"

static struct record_policy p;
static struct record_buf buf;
static struct diags diags;
static struct policy *policy;

static int teardown(void **state)
{
	(void)state;
	record_policy_free(&p);
	record_buf_free(&buf);
	policy_free(policy);
	policy = NULL;
	memset(&diags, 0, sizeof(diags));
	return 0;
}

/* All lines of buf, as a reader takes them. */
static int take(void)
{
	struct record_line rest = {buf.text, buf.n};

	while (rest.len > 0) {
		const char *end = memchr(rest.at, '\n', rest.len);
		struct record_line line = {rest.at, (size_t)(end - rest.at)}, word;
		int r;

		rest.len -= line.len + 1;
		rest.at = end + 1;
		assert_true(record_next(&line, &word));
		if (record_is(&word, "source"))
			r = record_policy_source(&p, &line);
		else
			r = record_policy_text(&p, &line, record_is(&word, "y"));
		if (r < 0)
			return r;
	}
	return 0;
}

static int begin(const char *n)
{
	struct record_line line = {n, strlen(n)};

	return record_policy_begin(&p, &line);
}

TEST(a_text_goes_there_and_back_to_the_byte)
{
	static char text[5000];

	/* Long lines, none, a tab, and no newline at the end. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "# a\tb\\ \n\n", 9);
	text[2000] = '\n';
	record_policy_put_source(&buf, "etc/a b.yaml", text, sizeof(text));
	assert_int_equal(begin("1"), 0);
	assert_int_equal(take(), 0);
	assert_int_equal(record_policy_end(&p, &diags, &policy), -EINVAL); /* it is no policy */
	assert_string_equal(p.sources[0].name, "etc/a b.yaml");
	assert_int_equal(p.sources[0].len, sizeof(text));
	assert_memory_equal(p.sources[0].text, text, sizeof(text));
}

TEST(no_file_is_no_policy_and_empty_ones_are_told_apart)
{
	assert_int_equal(begin("0"), 0);
	assert_int_equal(record_policy_end(&p, &diags, &policy), 0);
	assert_int_equal(policy->mode, MODE_OBSERVE);
	record_policy_free(&p);
	record_policy_put_source(&buf, "a.yaml", "", 0);
	record_policy_put_source(&buf, "b.yaml", "version: 1\n", 11);
	assert_int_equal(begin("2"), 0);
	assert_int_equal(take(), 0);
	assert_int_equal(record_policy_end(&p, &diags, &policy), -EINVAL);
	assert_string_equal(diags.list[0].file, "a.yaml");
}

TEST(what_is_out_of_order_is_refused)
{
	struct record_line name = {"a", 1}, text = {"x", 1};

	assert_int_equal(record_policy_source(&p, &name), -EBADMSG);
	assert_int_equal(record_policy_text(&p, &text, true), -EBADMSG);
	assert_int_equal(record_policy_end(&p, &diags, &policy), -EBADMSG);
	assert_int_equal(begin("1"), 0);
	assert_int_equal(begin("1"), -EBADMSG);
	assert_int_equal(record_policy_text(&p, &text, true), -EBADMSG);
	assert_int_equal(record_policy_end(&p, &diags, &policy), -EBADMSG);
	name = (struct record_line){"a", 1};
	assert_int_equal(record_policy_source(&p, &name), 0);
	name = (struct record_line){"b", 1};
	assert_int_equal(record_policy_source(&p, &name), -EBADMSG);
}

TEST(a_text_is_bounded)
{
	static char line[1000];
	struct record_line name = {"a", 1}, text = {line, sizeof(line)};
	int r = 0, n = 0;

	memset(line, 'x', sizeof(line));
	assert_int_equal(begin("1"), 0);
	assert_int_equal(record_policy_source(&p, &name), 0);
	for (; r == 0 && n < 1000; n++)
		r = record_policy_text(&p, &text, true);
	assert_int_equal(r, -EBADMSG);
	assert_true(n * 1000 > POLICY_FILE_MAX_BYTES / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_text_goes_there_and_back_to_the_byte, teardown),
		cmocka_unit_test_teardown(no_file_is_no_policy_and_empty_ones_are_told_apart,
					  teardown),
		cmocka_unit_test_teardown(what_is_out_of_order_is_refused, teardown),
		cmocka_unit_test_teardown(a_text_is_bounded, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
