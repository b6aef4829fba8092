// SPDX-License-Identifier: LGPL-2.1-or-later
// Against a real TLS server: what is sent, and what each answer is taken for.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/apply/kube_evict.h"
#include "tests/lib/fault.h"
#include "tests/lib/kube_case.h"

#define PATH "POST /api/v1/namespaces/batch/pods/train-7/eviction"

static struct kube_case c;
static struct kube_ask *ask;
static struct evict_done done;
static const struct evict_call call = {
	.token = 77,
	.namespace = "batch",
	.name = "train-7",
	.uid = KUBE_CASE_UID,
	.grace_s = 5,
};

static int setup(void **state)
{
	(void)state;
	kube_case_open(&c);
	assert_int_equal(kube_ask_new(&c.place, &ask), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kube_ask_free(ask);
	kube_case_close(&c);
	return 0;
}

static void expect(enum evict_answer answer, uint32_t retry_after_s, const char *why)
{
	memset(&done, 0xff, sizeof(done));
	kube_evict(ask, &call, &done);
	assert_int_equal(done.token, 77);
	assert_null(strstr(done.why, ".secret"));
	if (done.answer != answer || done.retry_after_s != retry_after_s || !strstr(done.why, why))
		fail_msg("answer %d after %u s: \"%s\", expected %d after %u s: …%s…",
			 (int)done.answer, done.retry_after_s, done.why, (int)answer, retry_after_s,
			 why);
}

static void script(const char *how)
{
	char line[256];

	(void)snprintf(line, sizeof(line), "evict train-7 %s\n", how);
	kube_case_serve(&c, "script", line);
}

static void limits(long whole_ms)
{
	kube_ask_set_limits(ask, &(struct https_limits){5000, whole_ms, 5});
}

TEST(what_is_sent_is_an_eviction_of_this_very_pod)
{
	cJSON *sent, *pods;

	expect(EVICT_ANSWER_ACCEPTED, 0, "");
	assert_string_equal(done.why, "");
	sent = kube_case_request(&c, 0);
	assert_string_equal(kube_case_text(sent, "method"), "POST");
	assert_string_equal(kube_case_text(sent, "path"),
			    "/api/v1/namespaces/batch/pods/train-7/eviction");
	assert_string_equal(kube_case_text(sent, "type"), "application/json");
	assert_string_equal(kube_case_text(sent, "accept"), "application/json");
	assert_string_equal(kube_case_text(sent, "token"), "right");
	assert_string_equal(kube_case_text(sent, "agent"), "colod/" COLOD_VERSION);
	assert_string_equal(kube_case_text(sent, "body.apiVersion"), "policy/v1");
	assert_string_equal(kube_case_text(sent, "body.kind"), "Eviction");
	assert_string_equal(kube_case_text(sent, "body.metadata.namespace"), "batch");
	assert_string_equal(kube_case_text(sent, "body.metadata.name"), "train-7");
	assert_int_equal(kube_case_number(sent, "body.deleteOptions.gracePeriodSeconds"), 5);
	assert_string_equal(kube_case_text(sent, "body.deleteOptions.preconditions.uid"),
			    KUBE_CASE_UID);
	cJSON_Delete(sent);
	pods = kube_case_json(&c, "pods.json");
	assert_true(kube_case_has(pods, "items.0.metadata.deletionTimestamp"));
	cJSON_Delete(pods);
}

TEST(a_name_that_belongs_to_another_pod_by_now_is_gone)
{
	struct evict_call other = call;

	(void)snprintf(other.uid, sizeof(other.uid), "22222222-aaaa-4bbb-8ccc-000000000002");
	kube_evict(ask, &other, &done);
	assert_int_equal(done.answer, EVICT_ANSWER_GONE);
	assert_string_equal(done.why, "its name belongs to another pod by now");
	(void)snprintf(other.name, sizeof(other.name), "train-8");
	kube_evict(ask, &other, &done);
	assert_int_equal(done.answer, EVICT_ANSWER_GONE);
	assert_non_null(strstr(done.why, "no such pod"));
}

TEST(each_status_is_taken_for_what_it_means)
{
	static const struct {
		const char *how;
		enum evict_answer answer;
		uint32_t retry_after_s;
		const char *why;
	} cases[] = {
		{"status 201 status/accepted.json", EVICT_ANSWER_ACCEPTED, 0, ""},
		{"status 200 status/accepted.json", EVICT_ANSWER_ACCEPTED, 0, ""},
		{"status 429 status/budget.json", EVICT_ANSWER_BUDGET, 0,
		 "train-pdb needs 3 healthy pods and has 3 currently"},
		{"status 429 status/budget-processing.json", EVICT_ANSWER_BUDGET, 10, "train-pdb"},
		{"status 429 status/budget-old.json", EVICT_ANSWER_BUDGET, 0, "disruption budget"},
		{"status 500 status/budgets.json", EVICT_ANSWER_BUDGET, 0,
		 "more than one PodDisruptionBudget"},
		/* The refusal of a Status that is handed back as a result. */
		{"status 201 status/budgets.json", EVICT_ANSWER_BUDGET, 0, "let one alone"},
		{"status 201 status/budget.json", EVICT_ANSWER_BUDGET, 0, "train-pdb"},
		{"status 403 status/budget-negative.json", EVICT_ANSWER_BUDGET, 0, "negative"},
		{"status 429 status/flow-control.json", EVICT_ANSWER_BUSY, 1, "(429)"},
		{"status 429 status/flow-control.txt after=3", EVICT_ANSWER_BUSY, 3, "(429)"},
		{"status 429 status/flow-control.txt", EVICT_ANSWER_BUSY, 0, "(429)"},
		{"status 500 status/internal.json", EVICT_ANSWER_BUSY, 0, "leader changed"},
		{"status 503 status/unavailable.json after=7", EVICT_ANSWER_BUSY, 5, "(503)"},
		{"status 504 status/timeout.json", EVICT_ANSWER_BUSY, 10, "train-pdb"},
		{"status 502", EVICT_ANSWER_BUSY, 0, "is in trouble (502)"},
		{"status 404 status/gone.json", EVICT_ANSWER_GONE, 0, "no such pod"},
		{"status 404 status/no-such-path.json", EVICT_ANSWER_REFUSED, 0,
		 "does not know how to evict (404)"},
		{"status 404", EVICT_ANSWER_REFUSED, 0, "facts: {api:"},
		{"status 409 status/other-uid.json", EVICT_ANSWER_GONE, 0, "another pod"},
		{"status 409 status/conflict.json", EVICT_ANSWER_CONFLICT, 0, "(409)"},
		{"status 409", EVICT_ANSWER_CONFLICT, 0, "(409)"},
		{"status 401 status/unauthorized.json", EVICT_ANSWER_FORBIDDEN, 0,
		 "does not know the token in /var/run/secrets"},
		{"status 403 status/forbidden.json", EVICT_ANSWER_FORBIDDEN, 0,
		 "needs create on pods/eviction"},
		{"status 403", EVICT_ANSWER_FORBIDDEN, 0, "needs create on pods/eviction"},
		{"status 403 status/denied.json", EVICT_ANSWER_REFUSED, 0, "this pod is precious"},
		{"status 422 status/denied-by-policy.json", EVICT_ANSWER_REFUSED, 0,
		 "of its own node only"},
		{"status 302", EVICT_ANSWER_REFUSED, 0, "refuses (302)"},
		{"status 400", EVICT_ANSWER_REFUSED, 0, "refuses (400)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		script(cases[i].how);
		expect(cases[i].answer, cases[i].retry_after_s, cases[i].why);
		assert_int_equal(fake_apiserver_asked(c.server, ""), i + 1);
	}
}

TEST(half_a_refusal_is_no_budget)
{
	script("cut 429 status/budget.json");
	expect(EVICT_ANSWER_BUSY, 0, "");
	script("cut 404 status/gone.json");
	expect(EVICT_ANSWER_REFUSED, 0, "");
	script("cut 409 status/other-uid.json");
	expect(EVICT_ANSWER_CONFLICT, 0, "");
	script("huge 429");
	expect(EVICT_ANSWER_BUSY, 0, "");
}

TEST(what_was_sent_and_not_answered_may_have_been_done)
{
	cJSON *pods;

	script("cut 201 status/accepted.json");
	expect(EVICT_ANSWER_UNKNOWN, 0, "was cut short");
	script("huge 201");
	expect(EVICT_ANSWER_UNKNOWN, 0, "larger than 64 KiB");
	script("status 200 status/flow-control.txt");
	expect(EVICT_ANSWER_UNKNOWN, 0, "is no API server");
	script("close");
	expect(EVICT_ANSWER_UNKNOWN, 0, "");
	limits(700);
	script("hang");
	expect(EVICT_ANSWER_UNKNOWN, 0, "does not answer in time");
	script("slow 201 status/accepted.json");
	expect(EVICT_ANSWER_UNKNOWN, 0, "does not answer in time");
	limits(10000);
	script("lost");
	expect(EVICT_ANSWER_UNKNOWN, 0, "");
	pods = kube_case_json(&c, "pods.json");
	assert_true(kube_case_has(pods, "items.0.metadata.deletionTimestamp"));
	cJSON_Delete(pods);
	/* The UID makes asking again safe. */
	script("state");
	expect(EVICT_ANSWER_ACCEPTED, 0, "");
}

TEST(what_never_got_there_is_told_from_that)
{
	fault_begin();
	fault_set(SYS_HTTP, 1, -ECONNREFUSED);
	expect(EVICT_ANSWER_UNREACHABLE, 0, "nobody answers at https://127.0.0.1:");
	fault_end();
	assert_int_equal(fake_apiserver_asked(c.server, ""), 0);
	fake_apiserver_stop(c.server);
	c.server = NULL;
	expect(EVICT_ANSWER_UNREACHABLE, 0, "Connection refused");
}

TEST(a_server_that_is_not_the_one_gets_no_token)
{
	kube_case_certificate(&c, "stranger", "IP:127.0.0.1");
	expect(EVICT_ANSWER_UNTRUSTED, 0, "not signed by its CA");
	kube_case_certificate(&c, "ca", "DNS:elsewhere");
	expect(EVICT_ANSWER_UNTRUSTED, 0, "not for the name in its address");
	assert_int_equal(fake_apiserver_asked(c.server, ""), 0);
}

TEST(names_that_are_none_never_get_into_an_address)
{
	static const char *const bad[] = {
		"",	".",	"..", "../x", "a/b",  "a?b",  "a%2fb",	     "a b", "A",
		"a\"b", "a\nb", "-a", "a-",   "a..b", "a.-b", "caf\xc3\xa9", "a_b", "a#b",
	};
	static const char *const good[] = {"a", "a-b", "a.b", "7", "a-1.b-2"};
	struct evict_call odd = call;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		odd = call;
		(void)snprintf(odd.name, sizeof(odd.name), "%s", bad[i]);
		assert_false(kube_evict_is_valid(&odd));
		odd = call;
		(void)snprintf(odd.namespace, sizeof(odd.namespace), "%s", bad[i]);
		assert_false(kube_evict_is_valid(&odd));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		odd = call;
		(void)snprintf(odd.name, sizeof(odd.name), "%s", good[i]);
		assert_true(kube_evict_is_valid(&odd));
	}
	/* A namespace is one label. */
	odd = call;
	(void)snprintf(odd.namespace, sizeof(odd.namespace), "a.b");
	assert_false(kube_evict_is_valid(&odd));
	odd = call;
	(void)snprintf(odd.uid, sizeof(odd.uid), "x\",\"y\":\"");
	assert_false(kube_evict_is_valid(&odd));
	odd.uid[0] = '\0';
	assert_false(kube_evict_is_valid(&odd));
	odd = call;
	memset(odd.name, 'a', 253);
	odd.name[253] = '\0';
	assert_true(kube_evict_is_valid(&odd));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_sent_is_an_eviction_of_this_very_pod),
		T(a_name_that_belongs_to_another_pod_by_now_is_gone),
		T(each_status_is_taken_for_what_it_means),
		T(half_a_refusal_is_no_budget),
		T(what_was_sent_and_not_answered_may_have_been_done),
		T(what_never_got_there_is_told_from_that),
		T(a_server_that_is_not_the_one_gets_no_token),
		cmocka_unit_test(names_that_are_none_never_get_into_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
