// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole updates of discovery with a real kubelet to ask: who waits, who stays known, how often it is
// asked. Time is made; only the answers are waited for.
#include "tests/lib/test.h"

#include <poll.h>
#include <stdio.h>

#include "tests/lib/discover_case.h"
#include "tests/lib/kubelet_case.h"
#include "tests/lib/tree.h"

#define WAIT_MS 60000
#define ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

static struct discover_case p;
static struct kubelet_case c;

static void use_policy(void)
{
	char yaml[1024];

	(void)snprintf(
		yaml, sizeof(yaml),
		"version: 1\nfacts: {from: kubelet, kubelet: '%s', node: node-1, api: '%s'}\n",
		c.url, c.url);
	discover_case_policy(&p, yaml);
}

/* The machine's token and CA are those of the server's folder. */
static void open_case(const char *spec)
{
	char ca[16384];

	kubelet_case_open(&c);
	assert_int_equal(tree_read(c.files, "ca.pem", ca, sizeof(ca)), 0);
	discover_case_open(&p, spec, 0);
	assert_int_equal(tree_write(p.dir, ACCOUNT "/ca.crt", ca), 0);
	assert_int_equal(tree_write(p.dir, ACCOUNT "/token", "first.secret"), 0);
	assert_int_equal(discover_allow_kubelet(p.d), 0);
	use_policy();
}

static int teardown(void **state)
{
	(void)state;
	discover_case_close(&p);
	kubelet_case_close(&c);
	return 0;
}

/* Lets the question under way come to its end. */
static void settle(void)
{
	struct pollfd fd = {.fd = discover_facts_fd(p.d), .events = POLLIN};

	if (discover_facts_pending(p.d))
		assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
}

/* An update that may ask, and one that takes the answer. */
static void update(int64_t now_us)
{
	assert_true(discover_update(p.d, now_us) >= 0);
	settle();
	assert_true(discover_update(p.d, now_us) >= 0);
}

static enum fact_state state_of(const char *uid)
{
	return discover_case_pod(p.m, uid)->facts_state;
}

TEST(pods_wait_until_the_kubelet_has_told_of_them)
{
	open_case(DISCOVER_THREE_PODS);
	kubelet_case_serve(&c, "mode", "hang");
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(state_of(UID_A), FACT_UNKNOWN);
	assert_true(p.m->facts_awaited);
	assert_non_null(strstr(p.m->facts_note, "has not answered yet: Kubernetes pods wait"));
	/* The loop goes on meanwhile, and asks no second time. */
	kubelet_case_wait_asked(&c, "/pods", 1);
	for (int i = 1; i < 50; i++)
		(void)discover_update(p.d, i * S);
	assert_int_equal(fake_kubelet_asked(c.server, ""), 1);
	assert_int_equal(state_of(UID_A), FACT_UNKNOWN);
}

TEST(a_pod_that_the_kubelet_knows_is_known_and_the_others_wait)
{
	open_case(DISCOVER_THREE_PODS);
	update(0);
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, "ns/one");
	assert_int_equal(state_of(UID_B), FACT_UNKNOWN);
	assert_string_equal(p.m->facts_note, "");
	assert_false(p.m->facts_awaited);
}

TEST(a_silent_kubelet_costs_nobody_what_is_known)
{
	open_case(DISCOVER_THREE_PODS);
	update(0);
	kubelet_case_serve(&c, "mode", "500");
	update(20 * S);
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
	assert_non_null(strstr(p.m->facts_note, "answers with status 500"));
	assert_non_null(strstr(p.m->facts_note, "what is known is less than a minute old"));
	(void)discover_update(p.d, 185 * S);
	assert_non_null(strstr(p.m->facts_note, "is 3 minutes old"));
	settle();
	kubelet_case_serve(&c, "mode", "ok");
	(void)discover_update(p.d, 400 * S);
	update(500 * S);
	assert_string_equal(p.m->facts_note, "");
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
}

TEST(a_plain_host_asks_nobody_and_says_nothing)
{
	open_case("@host 2\n");
	for (int i = 0; i < 100; i++)
		(void)discover_update(p.d, i * S);
	assert_false(discover_facts_pending(p.d));
	assert_int_equal(fake_kubelet_asked(c.server, ""), 0);
	assert_string_equal(p.m->facts_note, "");
}

TEST(a_new_pod_is_asked_for_at_once_and_only_then)
{
	open_case("@host 4\n@pod systemd Guaranteed " UID_A " 39\n");
	update(0);
	for (int i = 1; i < 9; i++)
		update(i * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 1);
	kubelet_case_serve(&c, "pods.json",
			   KUBELET_CASE_LIST(KUBELET_CASE_POD(UID_A, "one") "," KUBELET_CASE_POD(
				   UID_B, "two")));
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_B, 4, NULL), 0);
	discover_rescan(p.d);
	update(9 * S - 500000);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 2);
	assert_int_equal(state_of(UID_B), FACT_KNOWN);
	for (int i = 9; i < 17; i++)
		update(i * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 2);
}

TEST(a_kubelet_that_forgot_a_running_pod_is_not_believed_for_a_minute)
{
	open_case(DISCOVER_THREE_PODS);
	update(0);
	kubelet_case_serve(&c, "pods.json", "{\"kind\":\"PodList\",\"items\":null}");
	update(20 * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 2);
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, "ns/one");
	update(70 * S);
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
	update(90 * S);
	assert_int_equal(state_of(UID_A), FACT_UNKNOWN);
}

TEST(a_refusing_kubelet_is_remembered_and_asked_again_at_times)
{
	open_case("@host 4\n@pod systemd Guaranteed " UID_A " 39\n");
	kubelet_case_certificate(&c, "ca", "DNS:node-1,IP:127.0.0.1");
	kubelet_case_serve(&c, "mode", "403");
	kubelet_case_serve(&c, "api.json", KUBELET_CASE_LIST(KUBELET_CASE_POD(UID_A, "by-api")));
	update(0);
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, "ns/by-api");
	assert_string_equal(p.m->facts_note, "");
	for (int i = 1; i < 590; i += 10)
		update(i * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 1);
	assert_in_range(fake_kubelet_asked(c.server, "/api/v1/pods"), 17, 23);
	kubelet_case_serve(&c, "mode", "ok");
	update(640 * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 2);
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, "ns/one");
}

TEST(a_reload_asks_at_once_after_failures_too)
{
	open_case("@host 4\n@pod systemd Guaranteed " UID_A " 39\n");
	kubelet_case_serve(&c, "mode", "500");
	update(0);
	update(2 * S);
	update(2 * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 2);
	kubelet_case_serve(&c, "mode", "ok");
	use_policy();
	update(2 * S);
	assert_int_equal(fake_kubelet_asked(c.server, "/pods"), 3);
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
}

TEST(another_policy_forgets_what_another_kubelet_told)
{
	open_case(DISCOVER_THREE_PODS);
	update(0);
	use_policy();
	(void)discover_update(p.d, 1);
	assert_int_equal(state_of(UID_A), FACT_KNOWN);
	/* Under way to the old place: its answer is not taken in. */
	assert_true(discover_update(p.d, 30 * S) >= 0);
	discover_case_policy(
		&p, "version: 1\nfacts: {from: kubelet, kubelet: 'https://127.0.0.1:1'}\n");
	assert_int_equal(state_of(UID_A), FACT_UNKNOWN);
	settle();
	(void)discover_update(p.d, 30 * S);
	assert_int_equal(state_of(UID_A), FACT_UNKNOWN);
	discover_case_policy(&p, "version: 1\nfacts: {from: cgroup}\n");
	(void)discover_update(p.d, 31 * S);
	assert_int_equal(state_of(UID_A), FACT_ABSENT);
	settle();
}

#define T(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pods_wait_until_the_kubelet_has_told_of_them),
		T(a_pod_that_the_kubelet_knows_is_known_and_the_others_wait),
		T(a_silent_kubelet_costs_nobody_what_is_known),
		T(a_plain_host_asks_nobody_and_says_nothing),
		T(a_new_pod_is_asked_for_at_once_and_only_then),
		T(a_kubelet_that_forgot_a_running_pod_is_not_believed_for_a_minute),
		T(a_refusing_kubelet_is_remembered_and_asked_again_at_times),
		T(a_reload_asks_at_once_after_failures_too),
		T(another_policy_forgets_what_another_kubelet_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
