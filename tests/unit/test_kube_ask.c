// SPDX-License-Identifier: LGPL-2.1-or-later
// The papers, read anew for each question, and what is not asked without them.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/fake_cluster.h"
#include "tests/lib/fault.h"
#include "tests/lib/kube_case.h"
#include "tests/lib/tree.h"

#define NODE_PATH "/api/v1/nodes/%s"

static struct kube_case c;
static struct kube_ask *ask;
static struct kube_answer answer;

static void open_ask(void)
{
	kube_ask_free(ask);
	ask = NULL;
	assert_int_equal(kube_ask_new(&c.place, &ask), 0);
}

static int setup(void **state)
{
	(void)state;
	kube_case_open(&c);
	open_ask();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kube_ask_free(ask);
	ask = NULL;
	kube_case_close(&c);
	return 0;
}

static void expect(enum https_failure failure, const char *why)
{
	static const struct kube_question question = {
		.method = "GET", .right = "get on nodes", .max_bytes = KUBE_ASK_ANSWER_BYTES};

	kube_ask(ask, &question, &answer, NODE_PATH, "node-1");
	assert_null(strstr(answer.why, ".secret"));
	if (answer.failure != failure || !strstr(answer.why, why))
		fail_msg("failure %d: \"%s\", expected %d: …%s…", (int)answer.failure, answer.why,
			 (int)failure, why);
}

TEST(a_question_has_a_token_and_its_answer_a_text)
{
	expect(HTTPS_ANSWERED, "");
	assert_string_equal(answer.why, "");
	assert_non_null(strstr(answer.text, "\"node-1\""));
	assert_int_equal(strlen(answer.text), answer.len);
	assert_int_equal(answer.status, 200);
	assert_true(answer.whole && answer.sent);
}

TEST(a_token_that_rotated_is_read_for_the_next_question)
{
	expect(HTTPS_ANSWERED, "");
	kube_case_serve(&c, "token", "second.secret");
	expect(HTTPS_UNAUTHORIZED, "does not know the token in /var/run/secrets");
	/* The same token is not sent twice. */
	assert_int_equal(fake_apiserver_asked(c.server, ""), 2);
	kube_case_account(&c, "token", "second.secret\n");
	expect(HTTPS_ANSWERED, "");
	assert_int_equal(fake_apiserver_asked(c.server, ""), 3);
}

static void rotate(void *context)
{
	kube_case_account(context, "token", "second.secret\n");
}

TEST(one_that_rotates_while_it_is_sent_is_sent_once_more)
{
	kube_case_serve(&c, "token", "second.secret");
	fault_begin();
	fault_set_late(SYS_HTTP, 1, rotate, &c);
	expect(HTTPS_ANSWERED, "");
	fault_end();
	assert_int_equal(fake_apiserver_asked(c.server, ""), 2);
}

TEST(a_ca_that_rotated_is_read_for_the_next_question)
{
	char *pem;

	expect(HTTPS_ANSWERED, "");
	kube_case_certificate(&c, "next", "IP:127.0.0.1");
	expect(HTTPS_UNTRUSTED, "facts: {api-ca: /path}");
	pem = fake_cluster_read(c.files, "next.pem");
	assert_non_null(pem);
	kube_case_account(&c, "ca.crt", pem);
	free(pem);
	expect(HTTPS_ANSWERED, "");
}

TEST(without_papers_nothing_is_asked)
{
	static const char *const bad[] = {"", "\n", "two words", "a\r\nX-Evil: 1", "caf\xc3\xa9"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kube_case_account(&c, "token", bad[i]);
		expect(HTTPS_NO_TOKEN, "no bearer token");
	}
	assert_int_equal(tree_delete(c.dir, KUBE_CASE_ACCOUNT "/token"), 0);
	expect(HTTPS_NO_TOKEN, "(No such file or directory): run colod with a service account");
	kube_case_account(&c, "ca.crt", "no certificate");
	kube_case_account(&c, "token", "first.secret");
	assert_int_equal(tree_delete(c.dir, KUBE_CASE_ACCOUNT "/ca.crt"), 0);
	expect(HTTPS_NO_CA, "an unchecked server gets no token");
	assert_int_equal(fake_apiserver_asked(c.server, ""), 0);
	assert_false(answer.sent);
	assert_string_equal(answer.text, "");
}

TEST(where_nobody_says_where_the_server_is_nothing_is_asked)
{
	c.place.api = NULL;
	open_ask();
	expect(HTTPS_NO_NAME, "write facts: {api:");
}

TEST(a_link_that_leads_out_of_the_root_is_not_followed)
{
	char path[512];

	assert_int_equal(tree_delete(c.dir, KUBE_CASE_ACCOUNT "/token"), 0);
	(void)snprintf(path, sizeof(path), "%s/" KUBE_CASE_ACCOUNT "/token", c.dir);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	expect(HTTPS_NO_TOKEN, "");
	assert_int_equal(fake_apiserver_asked(c.server, ""), 0);
}

TEST(an_answer_over_the_bound_is_cut_and_told)
{
	kube_case_serve(&c, "script", "node * huge 200\n");
	expect(HTTPS_TOO_LARGE, "is larger than 1024 KiB");
	assert_true(answer.sent);
	assert_false(answer.whole);
}

TEST(stop_ends_what_comes_and_interrupt_until_resume)
{
	kube_ask_interrupt(ask);
	expect(HTTPS_ENDED, "given up");
	expect(HTTPS_ENDED, "");
	kube_ask_resume(ask);
	expect(HTTPS_ANSWERED, "");
	kube_ask_stop(ask);
	expect(HTTPS_ENDED, "");
	kube_ask_resume(ask);
	expect(HTTPS_ENDED, "");
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_question_has_a_token_and_its_answer_a_text),
		T(a_token_that_rotated_is_read_for_the_next_question),
		T(one_that_rotates_while_it_is_sent_is_sent_once_more),
		T(a_ca_that_rotated_is_read_for_the_next_question),
		T(without_papers_nothing_is_asked),
		T(where_nobody_says_where_the_server_is_nothing_is_asked),
		T(a_link_that_leads_out_of_the_root_is_not_followed),
		T(an_answer_over_the_bound_is_cut_and_told),
		T(stop_ends_what_comes_and_interrupt_until_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
