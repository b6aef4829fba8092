// SPDX-License-Identifier: LGPL-2.1-or-later
// Against a real TLS server: when the API server is asked for the node's labels, and what becomes of an
// answer, of none, and of another one.
#include "tests/lib/test.h"

#include <poll.h>
#include <stdio.h>

#include "agent/base/log.h"
#include "agent/node_watch.h"
#include "policy/node_labels.h"
#include "tests/lib/kubelet_case.h"
#include "tests/lib/tree.h"

#define S 1000000ll
#define WAIT_MS 60000
#define NODE(labels) "{\"metadata\":{\"name\":\"node-1\",\"labels\":{" labels "}}}"
#define ASKED "/api/v1/nodes/node-1"

static struct kubelet_case c;
static struct node_watch watch;
static struct policy policy;
static int64_t now_us;

static int setup(void **state)
{
	(void)state;
	log_open(LOG_EMERG);
	kubelet_case_open(&c);
	kubelet_case_certificate(&c, "ca", "DNS:node-1,IP:127.0.0.1");
	kubelet_case_serve(&c, "node.json", NODE("\"pool\":\"batch\""));
	policy = (struct policy){.facts = FACTS_KUBELET, .kubelet = c.policy, .asks_labels = true};
	policy.kubelet.api = c.url;
	watch = (struct node_watch){0};
	now_us = 1000 * S;
	node_watch_start(&watch, c.root_fd, true);
	assert_int_equal(tree_mkdir(c.dir, "run/colod"), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	node_watch_stop(&watch);
	kubelet_case_close(&c);
	return 0;
}

static bool update(int64_t later_us)
{
	now_us += later_us;
	return node_watch_update(&watch, now_us);
}

/* Until the answer is there; whether it brought other labels. */
static bool answered(void)
{
	struct pollfd fd = {.fd = kubelet_fd(watch.worker), .events = POLLIN};

	assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
	return update(0);
}

static void first_labels(void)
{
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_true(answered());
	assert_string_equal(node_labels_get(watch.told, "pool"), "batch");
}

TEST(labels_are_asked_for_only_where_the_policy_asks_for_them)
{
	policy.asks_labels = false;
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_false(update(NODE_WATCH_US * 2));
	policy.asks_labels = true;
	policy.facts = FACTS_CGROUP;
	node_watch_policy(&watch, &policy);
	assert_false(update(NODE_WATCH_US * 2));
	assert_null(watch.worker);
	assert_non_null(strstr(node_watch_why(&watch), "/etc/colod/node-labels"));
	assert_int_equal(fake_kubelet_asked(c.server, ""), 0);
}

TEST(over_a_recorded_tree_nobody_is_asked)
{
	watch.may_ask = false;
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_null(watch.worker);
}

TEST(an_answer_is_told_once_left_for_coloctl_and_asked_for_again_later)
{
	char text[64];

	first_labels();
	assert_int_equal(tree_read(c.dir, NODE_WATCH_FILE, text, sizeof(text)), 0);
	assert_string_equal(text, "pool=batch");
	for (int i = 0; i < 200; i++)
		assert_false(update(1 * S));
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 1);
	assert_false(update(NODE_WATCH_US));
	assert_false(answered());
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 2);
}

TEST(a_label_that_changes_is_told)
{
	first_labels();
	kubelet_case_serve(&c, "node.json", NODE("\"pool\":\"db\""));
	assert_false(update(2 * NODE_WATCH_US));
	assert_true(answered());
	assert_string_equal(node_labels_get(watch.told, "pool"), "db");
	/* The reload that follows asks nobody. */
	node_watch_policy(&watch, &policy);
	node_watch_policy(&watch, &policy);
	node_watch_read(&watch);
	assert_false(update(1 * S));
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 2);
}

/* Somebody who has just changed a label and reloads is not told in five minutes. */
TEST(a_reload_by_hand_asks_at_once)
{
	first_labels();
	node_watch_policy(&watch, &policy);
	node_watch_read(&watch);
	kubelet_case_serve(&c, "node.json", NODE("\"pool\":\"db\""));
	node_watch_policy(&watch, &policy);
	assert_false(update(1 * S));
	assert_true(answered());
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 2);
}

/* The answer that is under way may have been on its way before the label was changed. */
TEST(a_reload_while_an_answer_is_under_way_asks_again)
{
	bool told;

	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	node_watch_policy(&watch, &policy);
	/* By now it may be there. */
	told = update(0);
	assert_true(told || answered());
	node_watch_policy(&watch, &policy);
	node_watch_read(&watch);
	assert_false(update(0));
	while (kubelet_is_busy(watch.worker))
		assert_false(answered());
	assert_false(update(1 * S));
	assert_false(update(1 * S));
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 2);
}

TEST(a_server_that_refuses_or_is_gone_takes_no_label_away)
{
	static const char *const modes[] = {"403", "500", "garbage", "cut", "redirect"};

	first_labels();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		kubelet_case_serve(&c, "api-mode", modes[i]);
		assert_false(update(2 * NODE_WATCH_US));
		assert_false(answered());
		assert_non_null(watch.told);
		assert_true(watch.why[0]);
	}
	kubelet_case_serve(&c, "api-mode", NULL);
	assert_false(update(2 * NODE_WATCH_US));
	assert_false(answered());
	assert_string_equal(watch.why, "");
}

TEST(without_an_answer_labels_stay_unknown_and_the_reason_is_said)
{
	size_t asked;

	kubelet_case_serve(&c, "api-mode", "403");
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_false(answered());
	assert_null(watch.told);
	assert_non_null(strstr(node_watch_why(&watch),
			       "refuses (403): the token's account needs get "
			       "on nodes"));
	/* Asked again, but not each second. */
	for (int i = 0; i < 3; i++)
		assert_false(update(1 * S));
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 1);
	assert_false(update(2 * NODE_WATCH_RETRY_US));
	assert_false(answered());
	asked = fake_kubelet_asked(c.server, ASKED);
	assert_int_equal(asked, 2);
	/* Whoever reloads has perhaps just mended it. */
	kubelet_case_serve(&c, "api-mode", NULL);
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_true(answered());
}

TEST(another_node_of_that_answer_is_no_answer)
{
	kubelet_case_serve(&c, "node.json", "{\"metadata\":{\"name\":\"node-2\",\"labels\":{}}}");
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_false(answered());
	assert_null(watch.told);
	assert_non_null(strstr(node_watch_why(&watch), "is not about the node node-1"));
}

TEST(labels_that_nobody_asks_for_any_more_do_not_grow_old)
{
	first_labels();
	policy.asks_labels = false;
	node_watch_policy(&watch, &policy);
	assert_null(watch.told);
	policy.asks_labels = true;
	node_watch_policy(&watch, &policy);
	assert_false(update(0));
	assert_true(answered());
	assert_int_equal(fake_kubelet_asked(c.server, ASKED), 2);
}

TEST(another_name_of_the_node_makes_labels_unknown_again)
{
	first_labels();
	policy.kubelet.node = (char *)"node-2";
	node_watch_policy(&watch, &policy);
	assert_null(watch.told);
	assert_false(update(0));
	assert_false(answered());
	assert_int_equal(fake_kubelet_asked(c.server, "/api/v1/nodes/node-2"), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(labels_are_asked_for_only_where_the_policy_asks_for_them),
		CASE(over_a_recorded_tree_nobody_is_asked),
		CASE(an_answer_is_told_once_left_for_coloctl_and_asked_for_again_later),
		CASE(a_label_that_changes_is_told),
		CASE(a_reload_by_hand_asks_at_once),
		CASE(a_reload_while_an_answer_is_under_way_asks_again),
		CASE(a_server_that_refuses_or_is_gone_takes_no_label_away),
		CASE(without_an_answer_labels_stay_unknown_and_the_reason_is_said),
		CASE(another_node_of_that_answer_is_no_answer),
		CASE(labels_that_nobody_asks_for_any_more_do_not_grow_old),
		CASE(another_name_of_the_node_makes_labels_unknown_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
