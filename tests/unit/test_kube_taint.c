// SPDX-License-Identifier: LGPL-2.1-or-later
// Against a real TLS server that keeps a node: our taint comes and goes, everybody else's stay as they are.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/apply/kube_taint.h"
#include "tests/lib/fault.h"
#include "tests/lib/kube_case.h"

#define GET "GET /api/v1/nodes/node-1"
#define PATCH "PATCH /api/v1/nodes/node-1"

static struct kube_case c;
static struct kube_ask *ask;
static struct kube_taint_done done;

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

static void expect(bool wanted, enum kube_taint_result result, const char *why)
{
	memset(&done, 0xff, sizeof(done));
	kube_taint(ask, wanted, &done);
	assert_true(done.wanted == wanted);
	if (done.result != result || !strstr(done.why, why))
		fail_msg("result %d: \"%s\", expected %d: …%s…", (int)done.result, done.why,
			 (int)result, why);
	assert_true((done.why[0] == '\0') ==
		    (result == KUBE_TAINT_DONE || result == KUBE_TAINT_ALREADY));
}

/* Theirs, untouched, at the places 0 and 1; `n` in all. */
static void expect_taints(int n)
{
	cJSON *node = kube_case_json(&c, "node.json");
	const cJSON *taints = cJSON_GetObjectItem(cJSON_GetObjectItem(node, "spec"), "taints");

	assert_int_equal(cJSON_GetArraySize(taints), n);
	assert_string_equal(kube_case_text(taints, "0.key"), "dedicated");
	assert_string_equal(kube_case_text(taints, "0.value"), "ml");
	assert_string_equal(kube_case_text(taints, "0.effect"), "NoSchedule");
	assert_string_equal(kube_case_text(taints, "1.key"), KUBE_TAINT_KEY);
	assert_string_equal(kube_case_text(taints, "1.value"), "theirs");
	assert_string_equal(kube_case_text(taints, "1.effect"), "NoExecute");
	assert_string_equal(kube_case_text(taints, "1.timeAdded"), "2026-01-02T03:04:05Z");
	assert_string_equal(kube_case_text(node, "spec.podCIDR"), "10.1.2.0/24");
	cJSON_Delete(node);
}

TEST(the_taint_comes_and_goes_and_nothing_else)
{
	cJSON *sent, *node;

	expect(true, KUBE_TAINT_DONE, "");
	expect_taints(3);
	node = kube_case_json(&c, "node.json");
	assert_string_equal(kube_case_text(node, "spec.taints.2.key"), "colod.io/pressure");
	assert_string_equal(kube_case_text(node, "spec.taints.2.effect"), "NoSchedule");
	assert_false(kube_case_has(node, "spec.taints.2.value"));
	cJSON_Delete(node);
	sent = kube_case_request(&c, 1);
	assert_string_equal(kube_case_text(sent, "method"), "PATCH");
	assert_string_equal(kube_case_text(sent, "path"), "/api/v1/nodes/node-1");
	assert_string_equal(kube_case_text(sent, "type"), "application/merge-patch+json");
	assert_string_equal(kube_case_text(sent, "body.metadata.resourceVersion"), "41");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(sent, "body")), 2);
	assert_int_equal(
		cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(sent, "body"), "spec")),
		1);
	cJSON_Delete(sent);
	expect(false, KUBE_TAINT_DONE, "");
	expect_taints(2);
}

TEST(what_is_so_already_is_not_written)
{
	expect(false, KUBE_TAINT_ALREADY, "");
	expect(true, KUBE_TAINT_DONE, "");
	expect(true, KUBE_TAINT_ALREADY, "");
	assert_int_equal(fake_apiserver_asked(c.server, PATCH), 1);
	assert_int_equal(fake_apiserver_asked(c.server, GET), 3);
	expect_taints(3);
}

TEST(a_node_without_any_taint_gets_its_first)
{
	cJSON *node;

	kube_case_serve(
		&c, "node.json",
		"{\"metadata\":{\"name\":\"node-1\",\"resourceVersion\":\"7\"},\"spec\":{}}");
	expect(true, KUBE_TAINT_DONE, "");
	expect(false, KUBE_TAINT_DONE, "");
	expect(false, KUBE_TAINT_ALREADY, "");
	node = kube_case_json(&c, "node.json");
	assert_int_equal(cJSON_GetArraySize(
				 cJSON_GetObjectItem(cJSON_GetObjectItem(node, "spec"), "taints")),
			 0);
	cJSON_Delete(node);
}

TEST(somebody_who_writes_meanwhile_keeps_what_he_wrote)
{
	cJSON *node;

	kube_case_serve(&c, "script", "patch node-1 times=2 race\n");
	expect(true, KUBE_TAINT_DONE, "");
	assert_int_equal(fake_apiserver_asked(c.server, GET), 3);
	assert_int_equal(fake_apiserver_asked(c.server, PATCH), 3);
	expect_taints(5);
	node = kube_case_json(&c, "node.json");
	assert_string_equal(kube_case_text(node, "spec.taints.2.key"), "other.example/2");
	assert_string_equal(kube_case_text(node, "spec.taints.3.key"), "other.example/3");
	assert_string_equal(kube_case_text(node, "spec.taints.4.key"), "colod.io/pressure");
	cJSON_Delete(node);
	/* Not for ever. */
	kube_case_serve(&c, "script", "patch node-1 race\n");
	expect(false, KUBE_TAINT_FAILED, "others change the node all the time");
	assert_int_equal(fake_apiserver_asked(c.server, PATCH), 8);
}

TEST(each_refusal_says_its_cause)
{
	static const struct {
		const char *script;
		enum kube_taint_result result;
		const char *why;
	} cases[] = {
		{"node * status 403 status/forbidden.json\n", KUBE_TAINT_FORBIDDEN,
		 "needs get on nodes"},
		{"patch * status 403 status/forbidden.json\n", KUBE_TAINT_FORBIDDEN,
		 "needs patch on nodes"},
		{"patch * status 422 status/denied-by-policy.json\n", KUBE_TAINT_FORBIDDEN,
		 "ValidatingAdmissionPolicy"},
		{"node * status 401 status/unauthorized.json\n", KUBE_TAINT_FORBIDDEN,
		 "does not know the token"},
		{"patch * status 503 status/unavailable.json\n", KUBE_TAINT_FAILED,
		 "status 503: apiserver is shutting down"},
		{"node * status 404 status/gone.json\n", KUBE_TAINT_FAILED, "facts: {node: NAME}"},
		{"node * cut 200 node.json\n", KUBE_TAINT_FAILED, "was cut short"},
		{"node * status 200 status/flow-control.txt\n", KUBE_TAINT_FAILED,
		 "is not about the node node-1"},
		{"node * status 200 pods.json\n", KUBE_TAINT_FAILED,
		 "is not about the node node-1"},
		{"node * close\n", KUBE_TAINT_FAILED, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kube_case_serve(&c, "script", cases[i].script);
		expect(true, cases[i].result, cases[i].why);
		expect_taints(2);
	}
}

TEST(a_patch_whose_answer_is_lost_is_found_at_the_next_try)
{
	kube_case_serve(&c, "script", "patch * times=1 lost\n");
	expect(true, KUBE_TAINT_FAILED, "");
	expect(true, KUBE_TAINT_ALREADY, "");
	expect_taints(3);
}

TEST(a_fault_at_each_question_leaves_the_others_taints_alone)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		fault_begin();
		fault_set(SYS_HTTP, nth, -ECONNREFUSED);
		expect(true, KUBE_TAINT_FAILED, "nobody answers");
		fault_end();
		expect_taints(2);
	}
}

TEST(a_node_whose_name_nobody_says_is_not_asked_about)
{
	static const char *const names[] = {"", "../x", "A", NULL};

	for (size_t i = 0; i < 4; i++) {
		c.place.node = names[i];
		kube_ask_free(ask);
		ask = NULL;
		assert_int_equal(kube_ask_new(&c.place, &ask), 0);
		expect(true, KUBE_TAINT_FAILED, "write facts: {node: NAME}");
	}
	assert_int_equal(fake_apiserver_asked(c.server, ""), 0);
}

#define META "\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"1\"}"

static int patch(const char *text, bool wanted, size_t size)
{
	static char buf[4096];

	return kube_taint_patch(text, strlen(text), "n", wanted, buf, size);
}

TEST(a_text_that_is_no_such_node_is_never_patched)
{
	static const char *const bad[] = {
		"{" META "}",
		"{" META ",\"spec\":[]}",
		"{\"metadata\":{\"name\":\"m\",\"resourceVersion\":\"1\"},\"spec\":{}}",
		"{\"metadata\":{\"name\":\"n\"},\"spec\":{}}",
		"{\"metadata\":{\"name\":\"n\",\"resourceVersion\":\"\"},\"spec\":{}}",
		"{\"metadata\":{\"name\":\"n\",\"resourceVersion\":1},\"spec\":{}}",
	};

	static const char *const odd[] = {
		"{" META ",\"spec\":{\"taints\":{\"a\":\"b\"}}}",
		"{" META ",\"spec\":{\"taints\":[\"a\"]}}",
		"{" META ",\"spec\":{\"taints\":[{\"key\":\"a\",\"seconds\":1e400}]}}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(patch(bad[i], true, 4096), -EINVAL);
	assert_int_equal(patch("{", true, 4096), -EBADMSG);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(patch(odd[i], true, 4096), -ENOTSUP);
	assert_int_equal(patch("{" META ",\"spec\":{}}", true, 64), -E2BIG);
	assert_int_equal(patch("{" META ",\"spec\":{\"taints\":null}}", true, 4096), 1);
	assert_int_equal(patch("{" META ",\"spec\":{\"taints\":null}}", false, 4096), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_taint_comes_and_goes_and_nothing_else),
		T(what_is_so_already_is_not_written),
		T(a_node_without_any_taint_gets_its_first),
		T(somebody_who_writes_meanwhile_keeps_what_he_wrote),
		T(each_refusal_says_its_cause),
		T(a_patch_whose_answer_is_lost_is_found_at_the_next_try),
		T(a_fault_at_each_question_leaves_the_others_taints_alone),
		T(a_node_whose_name_nobody_says_is_not_asked_about),
		cmocka_unit_test(a_text_that_is_no_such_node_is_never_patched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
