// SPDX-License-Identifier: LGPL-2.1-or-later
// Against a real TLS server: an event as the API server takes it.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/apply/kube_event.h"
#include "tests/lib/fault.h"
#include "tests/lib/kube_case.h"

static struct kube_case c;
static struct kube_ask *ask;
static char why[KUBE_ASK_WHY_SIZE];

static const struct kube_event about_pod = {
	.namespace = "batch",
	.name = "train-7",
	.uid = KUBE_CASE_UID,
	.warning = true,
	.reason = "Evicted",
	.message = "memory: online pods waited 14 % of 1 s",
	.wall_us = 1764176401250000,
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

TEST(one_about_a_pod_names_it_with_its_uid)
{
	cJSON *sent;

	kube_event(ask, &about_pod, 3, why);
	assert_string_equal(why, "");
	sent = kube_case_request(&c, 0);
	assert_string_equal(kube_case_text(sent, "method"), "POST");
	assert_string_equal(kube_case_text(sent, "path"), "/api/v1/namespaces/batch/events");
	assert_string_equal(kube_case_text(sent, "type"), "application/json");
	assert_string_equal(kube_case_text(sent, "body.kind"), "Event");
	assert_string_equal(kube_case_text(sent, "body.apiVersion"), "v1");
	assert_string_equal(kube_case_text(sent, "body.metadata.namespace"), "batch");
	assert_string_equal(kube_case_text(sent, "body.metadata.name"),
			    "train-7.0006448253b7b6d0-3");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.apiVersion"), "v1");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.kind"), "Pod");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.namespace"), "batch");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.name"), "train-7");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.uid"), KUBE_CASE_UID);
	assert_string_equal(kube_case_text(sent, "body.reason"), "Evicted");
	assert_string_equal(kube_case_text(sent, "body.message"), about_pod.message);
	assert_string_equal(kube_case_text(sent, "body.type"), "Warning");
	assert_string_equal(kube_case_text(sent, "body.firstTimestamp"), "2025-11-26T17:00:01Z");
	assert_string_equal(kube_case_text(sent, "body.lastTimestamp"), "2025-11-26T17:00:01Z");
	assert_int_equal(kube_case_number(sent, "body.count"), 1);
	assert_string_equal(kube_case_text(sent, "body.source.component"), "colod");
	assert_string_equal(kube_case_text(sent, "body.source.host"), "node-1");
	cJSON_Delete(sent);
}

TEST(one_about_the_node_stands_where_kubectl_looks)
{
	const struct kube_event about_node = {
		.reason = "PressureTaint", .message = "the taint is up", .wall_us = 1};
	cJSON *sent;

	kube_event(ask, &about_node, 0, why);
	assert_string_equal(why, "");
	sent = kube_case_request(&c, 0);
	assert_string_equal(kube_case_text(sent, "path"), "/api/v1/namespaces/default/events");
	assert_string_equal(kube_case_text(sent, "body.metadata.namespace"), "default");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.kind"), "Node");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.name"), "node-1");
	assert_string_equal(kube_case_text(sent, "body.involvedObject.uid"), "node-1");
	assert_false(kube_case_has(sent, "body.involvedObject.namespace"));
	assert_string_equal(kube_case_text(sent, "body.type"), "Normal");
	cJSON_Delete(sent);
}

TEST(a_message_of_any_bytes_goes_as_text)
{
	struct kube_event odd = about_pod;
	cJSON *sent;

	(void)snprintf(odd.message, sizeof(odd.message), "a\"b\\c\nd\xff\xc3\xa9");
	memset(odd.name, 'a', 253);
	odd.name[253] = '\0';
	odd.name[199] = '.';
	assert_true(kube_event_is_valid(&odd));
	kube_event(ask, &odd, UINT32_MAX, why);
	assert_string_equal(why, "");
	sent = kube_case_request(&c, 0);
	assert_string_equal(kube_case_text(sent, "body.message"), "a\"b\\c\nd?\xc3\xa9");
	assert_true(strlen(kube_case_text(sent, "body.metadata.name")) < 253);
	/* A subdomain has no dot beside a dot. */
	assert_null(strstr(kube_case_text(sent, "body.metadata.name"), ".."));
	cJSON_Delete(sent);
}

TEST(a_refusal_is_told_and_not_more)
{
	kube_case_serve(&c, "script", "event batch status 403 status/forbidden.json\n");
	kube_event(ask, &about_pod, 0, why);
	assert_non_null(strstr(why, "needs create on events"));
	kube_case_serve(&c, "script", "event batch status 422 status/denied-by-policy.json\n");
	kube_event(ask, &about_pod, 0, why);
	assert_non_null(strstr(why, "refuses an event (422): "));
	fault_begin();
	fault_set(SYS_HTTP, 1, -ECONNREFUSED);
	kube_event(ask, &about_pod, 0, why);
	fault_end();
	assert_non_null(strstr(why, "nobody answers"));
	assert_int_equal(fake_apiserver_asked(c.server, ""), 2);
}

TEST(what_cannot_be_named_is_no_event)
{
	struct kube_event e = about_pod;

	assert_true(kube_event_is_valid(&e));
	e.reason[0] = '\0';
	assert_false(kube_event_is_valid(&e));
	(void)snprintf(e.reason, sizeof(e.reason), "two words");
	assert_false(kube_event_is_valid(&e));
	e = about_pod;
	(void)snprintf(e.namespace, sizeof(e.namespace), "../default");
	assert_false(kube_event_is_valid(&e));
	e = about_pod;
	e.uid[0] = '\0';
	assert_false(kube_event_is_valid(&e));
	/* Half about a pod. */
	e = about_pod;
	e.name[0] = '\0';
	assert_false(kube_event_is_valid(&e));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_about_a_pod_names_it_with_its_uid),
		T(one_about_the_node_stands_where_kubectl_looks),
		T(a_message_of_any_bytes_goes_as_text),
		T(a_refusal_is_told_and_not_more),
		cmocka_unit_test(what_cannot_be_named_is_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
