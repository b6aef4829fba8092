// SPDX-License-Identifier: LGPL-2.1-or-later
// Against a real TLS server: what is believed, what is refused, and what is asked instead.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/discover/kubelet_fetch.h"
#include "tests/lib/kubelet_case.h"
#include "tests/lib/tree.h"

#define ACCOUNT "var/run/secrets/kubernetes.io/serviceaccount/..now"
#define MIB (1u << 20)

static struct kubelet_case c;
static struct https *http;
static struct kubelet_question question;
static struct kubelet_answer answer;

static int setup(void **state)
{
	(void)state;
	kubelet_case_open(&c);
	assert_int_equal(https_new(&http), 0);
	memset(&question, 0, sizeof(question));
	memset(&answer, 0, sizeof(answer));
	question.max_bytes = 64 * MIB;
	return 0;
}

static void forget_answer(void)
{
	pods_json_free(answer.pods);
	answer.pods = NULL;
}

static int teardown(void **state)
{
	(void)state;
	forget_answer();
	kubelet_place_clear(&question.place);
	https_free(http);
	kubelet_case_close(&c);
	return 0;
}

/* Asks once more; what the policy says may have changed. The token never is in what is said. */
static void fetch(void)
{
	struct kubelet_surroundings here = {.host_name = "host"};

	forget_answer();
	kubelet_place_clear(&question.place);
	assert_int_equal(kubelet_place_find(&c.policy, &here, &question.place), 0);
	kubelet_fetch(http, c.root_fd, &question, &answer);
	assert_null(strstr(answer.why, ".secret"));
	assert_true((answer.failure == HTTPS_ANSWERED) == (answer.pods != NULL));
	assert_true((answer.failure == HTTPS_ANSWERED) == (answer.why[0] == '\0'));
}

static void expect(enum https_failure failure, const char *why)
{
	fetch();
	if (answer.failure != failure || !strstr(answer.why, why))
		fail_msg("failure %d: \"%s\", expected %d: …%s…", (int)answer.failure, answer.why,
			 (int)failure, why);
}

TEST(the_kubelets_pods_are_read_with_the_token_of_the_account)
{
	expect(HTTPS_ANSWERED, "");
	assert_int_equal(answer.pods->n, 1);
	assert_string_equal(answer.pods->pods[0].facts.name, "one");
	assert_false(answer.by_api);
	assert_false(answer.refused);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 1);
	assert_int_equal(fake_kubelet_asked(c.server, ""), 1);
}

TEST(a_token_that_rotates_is_read_anew)
{
	expect(HTTPS_ANSWERED, "");
	kubelet_case_serve(&c, "token", "second.secret");
	expect(HTTPS_UNAUTHORIZED, "does not know the token in /var/run/secrets");
	assert_int_equal(tree_write(c.dir, ACCOUNT "/token", "second.secret"), 0);
	expect(HTTPS_ANSWERED, "");
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 3);
}

TEST(a_token_that_is_none_is_not_sent)
{
	static const char *const bad[] = {"", "\n", "two words", "a\r\nX-Evil: 1", "caf\xc3\xa9"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(tree_write(c.dir, ACCOUNT "/token", bad[i]), 0);
		expect(HTTPS_NO_TOKEN, "no bearer token");
	}
	assert_int_equal(tree_delete(c.dir, ACCOUNT "/token"), 0);
	expect(HTTPS_NO_TOKEN, "(No such file or directory): run colod with a service account");
	assert_int_equal(fake_kubelet_asked(c.server, ""), 0);
}

TEST(a_certificate_of_somebody_else_gets_no_token)
{
	kubelet_case_certificate(&c, "stranger", "DNS:node-1");
	expect(HTTPS_UNTRUSTED, "not signed by its CA");
	assert_non_null(strstr(answer.why, "facts: {kubelet-ca: /path}"));
	assert_int_equal(fake_kubelet_asked(c.server, ""), 0);
}

TEST(a_certificate_for_another_name_gets_no_token)
{
	kubelet_case_certificate(&c, "ca", "DNS:node-2");
	expect(HTTPS_WRONG_NAME, "is not for the name node-1");
	assert_int_equal(fake_kubelet_asked(c.server, ""), 0);
	c.policy.name = (char *)"node-2";
	expect(HTTPS_ANSWERED, "");
	/* By the address that stands in the policy, where a certificate names it. */
	kubelet_case_certificate(&c, "ca", "IP:127.0.0.1");
	c.policy.name = (char *)"127.0.0.1";
	expect(HTTPS_ANSWERED, "");
}

TEST(a_kubelet_that_signs_for_itself_is_trusted_by_its_own_file)
{
	char path[512], pem[8192];
	FILE *f;
	size_t len;

	kubelet_case_certificate(&c, "own", "DNS:node-1");
	expect(HTTPS_UNTRUSTED, "");
	(void)snprintf(path, sizeof(path), "%s/own.pem", c.files);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(pem, 1, sizeof(pem) - 1, f);
	(void)fclose(f);
	pem[len] = '\0';
	assert_int_equal(tree_write(c.dir, "etc/own.pem", pem), 0);
	c.policy.ca = (char *)"/etc/own.pem";
	expect(HTTPS_ANSWERED, "");
	/* Without a word in the policy: where such a kubelet leaves it. */
	c.policy.ca = NULL;
	assert_int_equal(tree_write(c.dir, "var/lib/kubelet/pki/kubelet.crt", pem), 0);
	expect(HTTPS_ANSWERED, "");
	/* The cluster's CA does not count where the policy names another. */
	kubelet_case_certificate(&c, "ca", "DNS:node-1");
	c.policy.ca = (char *)"/etc/own.pem";
	expect(HTTPS_UNTRUSTED, "");
}

TEST(without_a_ca_nothing_is_asked)
{
	assert_int_equal(tree_delete(c.dir, ACCOUNT "/ca.crt"), 0);
	expect(HTTPS_NO_CA, "an unchecked server gets no token");
	assert_int_equal(tree_write(c.dir, ACCOUNT "/ca.crt", "not a certificate"), 0);
	fetch();
	assert_true(answer.failure == HTTPS_NO_CA || answer.failure == HTTPS_UNTRUSTED);
	assert_int_equal(fake_kubelet_asked(c.server, ""), 0);
}

TEST(refusals_and_failures_have_their_own_sentences)
{
	static const struct {
		const char *mode;
		enum https_failure failure;
		const char *why;
	} modes[] = {
		{"404", HTTPS_STATUS, "answers with status 404"},
		{"500", HTTPS_STATUS, "answers with status 500"},
		{"503", HTTPS_STATUS, "answers with status 503"},
		{"redirect", HTTPS_STATUS, "status 302, which is not followed"},
		{"cut", HTTPS_CUT, "was cut short"},
		{"garbage", HTTPS_NOT_JSON, "cut short or not JSON"},
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		kubelet_case_serve(&c, "mode", modes[i].mode);
		expect(modes[i].failure, modes[i].why);
		assert_int_equal(fake_kubelet_asked(c.server, ""), i + 1);
	}
	assert_int_equal(fake_kubelet_asked(c.server, "/elsewhere"), 0);
	kubelet_case_serve(&c, "mode", "length-less");
	expect(HTTPS_ANSWERED, "");
	kubelet_case_serve(&c, "mode", "ok");
	kubelet_case_serve(&c, "pods.json", "{\"kind\":\"Status\"}");
	expect(HTTPS_NO_LIST, "is no list of pods");
	/* A kubelet that runs nothing. */
	kubelet_case_serve(&c, "pods.json", "{\"kind\":\"PodList\",\"items\":null}");
	expect(HTTPS_ANSWERED, "");
	assert_int_equal(answer.pods->n, 0);
}

TEST(nobody_there_is_told_with_the_cause)
{
	fake_kubelet_stop(c.server);
	c.server = NULL;
	expect(HTTPS_UNREACHABLE, "nobody answers at https://127.0.0.1:");
	assert_non_null(strstr(answer.why, "Connection refused"));
}

TEST(a_server_that_is_too_slow_or_hangs_is_given_up)
{
	const struct https_limits limits = {.connect_ms = 5000, .whole_ms = 700, .slow_s = 5};

	https_set_limits(http, &limits);
	kubelet_case_serve(&c, "mode", "hang");
	expect(HTTPS_TOO_SLOW, "does not answer in time");
	kubelet_case_serve(&c, "mode", "slow");
	kubelet_case_serve(&c, "pods.json", NULL);
	{
		char *text = calloc(1, 40000);

		assert_non_null(text);
		memset(text, ' ', 39999);
		kubelet_case_serve(&c, "pods.json", text);
		free(text);
	}
	expect(HTTPS_TOO_SLOW, "does not answer in time");
}

TEST(twenty_megabytes_are_read_and_what_is_over_the_bound_is_not)
{
	kubelet_case_serve(&c, "mode", "big");
	expect(HTTPS_ANSWERED, "");
	assert_true(answer.pods->n > 1000);
	assert_non_null(pods_json_find(answer.pods, KUBELET_CASE_UID));
	kubelet_case_serve(&c, "mode", "huge");
	expect(HTTPS_TOO_LARGE, "is larger than 64 MiB");
	question.max_bytes = 1 * MIB;
	kubelet_case_serve(&c, "mode", "big");
	expect(HTTPS_TOO_LARGE, "is larger than 1 MiB");
}

static void use_api(void)
{
	c.policy.api = c.url;
	kubelet_case_certificate(&c, "ca", "DNS:node-1,IP:127.0.0.1");
	kubelet_case_serve(&c, "mode", "403");
	kubelet_case_serve(&c, "api.json",
			   KUBELET_CASE_LIST(KUBELET_CASE_POD(KUBELET_CASE_UID, "by-api")));
}

TEST(where_the_kubelet_refuses_the_api_server_lists_this_nodes_pods)
{
	use_api();
	expect(HTTPS_ANSWERED, "");
	assert_true(answer.by_api);
	assert_true(answer.refused);
	assert_string_equal(answer.pods->pods[0].facts.name, "by-api");
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 1);
	assert_int_equal(fake_kubelet_asked(c.server, "/api/v1/pods?fieldSelector=spec.nodeName="
						      "node-1&limit=500&resourceVersion=0"),
			 1);
	question.api_only = true;
	expect(HTTPS_ANSWERED, "");
	assert_true(answer.by_api);
	assert_false(answer.refused);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 1);
	assert_int_equal(fake_kubelet_asked(c.server, "/api/v1/pods"), 2);
}

TEST(pages_are_followed_to_the_last_and_no_further)
{
	use_api();
	kubelet_case_serve(&c, "api.json",
			   KUBELET_CASE_PAGE("next", KUBELET_CASE_POD(KUBELET_CASE_UID, "a")));
	kubelet_case_serve(&c, "api-next.json",
			   KUBELET_CASE_PAGE("last", KUBELET_CASE_POD(KUBELET_CASE_UID_2, "b")));
	kubelet_case_serve(&c, "api-last.json", KUBELET_CASE_LIST("1"));
	expect(HTTPS_ANSWERED, "");
	assert_int_equal(answer.pods->n, 2);
	assert_int_equal(answer.pods->n_bad, 1);
	assert_non_null(pods_json_find(answer.pods, KUBELET_CASE_UID_2));
	assert_int_equal(fake_kubelet_asked(c.server, "/api/v1/pods"), 3);
	/* A further page names no version. */
	assert_int_equal(fake_kubelet_asked(c.server, "/api/v1/pods?fieldSelector=spec.nodeName="
						      "node-1&limit=500&continue=next"),
			 1);
	/* Cut in the middle of the list: half a list is none. */
	kubelet_case_serve(&c, "api-last.json", NULL);
	expect(HTTPS_STATUS, "status 404");
	kubelet_case_serve(&c, "api-next.json", KUBELET_CASE_PAGE("a&b", ""));
	expect(HTTPS_NO_LIST, "names a next page that is none");
	kubelet_case_serve(&c, "api-next.json", KUBELET_CASE_PAGE("next", ""));
	expect(HTTPS_TOO_MANY, "has no end");
}

TEST(both_refusing_is_told_of_both)
{
	use_api();
	kubelet_case_serve(&c, "api-mode", "403");
	expect(HTTPS_FORBIDDEN, "refuses (403: no nodes/pods), and https://127.0.0.1:");
	assert_non_null(strstr(answer.why, "needs list on pods"));
	assert_true(answer.refused);
	c.policy.api = NULL;
	expect(HTTPS_NO_NAME, "nobody says where the API server is");
	c.policy.api = c.url;
	c.policy.node = (char *)"a b";
	c.policy.name = (char *)"node-1";
	expect(HTTPS_NO_NAME, "nobody says how the cluster calls this node");
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_kubelets_pods_are_read_with_the_token_of_the_account),
		T(a_token_that_rotates_is_read_anew),
		T(a_token_that_is_none_is_not_sent),
		T(a_certificate_of_somebody_else_gets_no_token),
		T(a_certificate_for_another_name_gets_no_token),
		T(a_kubelet_that_signs_for_itself_is_trusted_by_its_own_file),
		T(without_a_ca_nothing_is_asked),
		T(refusals_and_failures_have_their_own_sentences),
		T(nobody_there_is_told_with_the_cause),
		T(a_server_that_is_too_slow_or_hangs_is_given_up),
		T(twenty_megabytes_are_read_and_what_is_over_the_bound_is_not),
		T(where_the_kubelet_refuses_the_api_server_lists_this_nodes_pods),
		T(pages_are_followed_to_the_last_and_no_further),
		T(both_refusing_is_told_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
