// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/net_say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"

static struct net_say say;
static struct net_round_found found;

static int setup(void **state)
{
	(void)state;
	say = (struct net_say){0};
	found = (struct net_round_found){.links = {.n = 1, .list = {{.name = "eth0"}}}};
	return 0;
}

static void refused(bool is)
{
	found.of_link[0].result = (struct net_tc_result){.end = is ? NET_TC_REFUSED : NET_TC_DONE,
							 .error = is ? -EINVAL : 0,
							 .what = NET_TC_ADD_CLASS};
}

TEST(what_the_kernel_did_not_do_is_told_until_it_is_done)
{
	refused(true);
	net_say_found(&say, &found);
	assert_string_equal(say.trouble, "eth0: add class: Invalid argument");
	/* A brief round does not try it. */
	found.brief = true;
	refused(false);
	net_say_found(&say, &found);
	assert_string_equal(say.trouble, "eth0: add class: Invalid argument");
	found.brief = false;
	net_say_found(&say, &found);
	assert_string_equal(say.trouble, "");
}

TEST(a_mark_at_a_cgroup_that_the_kernel_did_not_take_is_a_trouble)
{
	struct net_round_told pod = {.error = -ENOMEM};

	found.pods = &pod;
	found.n_pods = 1;
	net_say_found(&say, &found);
	assert_string_equal(say.trouble, "the mark at a pod's cgroup: Cannot allocate memory");
	pod.error = 0;
	net_say_found(&say, &found);
	assert_string_equal(say.trouble, "");
}

TEST(what_arrives_may_not_be_bounded_and_that_is_shown)
{
	found.police_error = -ENOENT;
	(void)snprintf(found.police_cause, sizeof(found.police_cause),
		       "Failed to load TC action module");
	net_say_found(&say, &found);
	assert_true(say.no_police);
	assert_string_equal(say.trouble,
			    "what arrives for offline pods: Failed to load TC action module");
	/* A brief round makes no bucket. */
	found.police_error = 0;
	found.brief = true;
	net_say_found(&say, &found);
	assert_true(say.no_police);
	found.brief = false;
	net_say_found(&say, &found);
	assert_false(say.no_police);
	assert_string_equal(say.trouble, "");
}

TEST(what_is_left_is_said_once_whatever_brief_rounds_come_between)
{
	found.n_left = 2;
	net_say_found(&say, &found);
	assert_true(say.left);
	found.brief = true;
	found.n_left = 0;
	net_say_found(&say, &found);
	assert_true(say.left);
	found.brief = false;
	net_say_found(&say, &found);
	assert_false(say.left);
}

TEST(a_look_that_fails_is_a_trouble_as_long_as_it_does)
{
	found.error = -EPERM;
	net_say_found(&say, &found);
	assert_true(say.blind);
	assert_string_equal(say.trouble, strerror(EPERM));
	found.error = 0;
	net_say_found(&say, &found);
	assert_false(say.blind);
	assert_string_equal(say.trouble, "");
}

static struct state s;
static struct net_plan before, now;

static int plan_setup(void **state)
{
	(void)state;
	s = (struct state){0};
	before = (struct net_plan){.known = true, .on = true};
	now = before;
	now.n = 1;
	now.list[0] = (struct net_plan_link){.ifindex = 2,
					     .name = "eth0",
					     .speed_bytes_per_s = 125000000,
					     .mark_user = NET_USER_NONE,
					     .shape = {.levels = 1}};
	return history_new(&s.history);
}

static int plan_teardown(void **state)
{
	(void)state;
	history_free(s.history);
	return 0;
}

/* One pass; what it has put into the history as "TO: WHY", the newest first; "" for nothing. */
static const char *said(void)
{
	static uint64_t cursor;
	static char text[1024];
	struct history_record r;

	if (before.n == 0)
		cursor = 0;
	text[0] = '\0';
	net_say_plan(&s, &before, &now);
	while (history_next(s.history, &cursor, &r)) {
		bool arrives = strcmp(r.what, "what arrives on eth0") == 0;

		assert_true(arrives || strcmp(r.what, "link eth0") == 0);
		(void)snprintf(text, sizeof(text), "%s%s: %s", arrives ? "arriving " : "", r.to,
			       r.why);
	}
	before = now;
	return text;
}

TEST(a_link_that_is_shaped_held_and_let_go_is_told_once_each)
{
	assert_string_equal(said(), "shaped: by shares of 1 Gbit/s");
	assert_string_equal(said(), "");
	now.list[0].hold = (struct net_hold){
		.ceil_bytes_per_s = 1000000,
		.reason = {.code = REASON_NET_FLOOR, .level = LEVEL_NONE, .rule = -1}};
	assert_non_null(strstr(said(), "held: online work sends"));
	/* It moves each second. */
	now.list[0].hold.ceil_bytes_per_s += 5000;
	assert_string_equal(said(), "");
	now.list[0].hold = (struct net_hold){
		.reason = {.code = REASON_NET_NOBODY, .level = LEVEL_NONE, .rule = -1}};
	assert_non_null(strstr(said(), "not held: no offline pod is left"));
}

/* The hold itself says nothing of it: it is not there any more. */
TEST(a_hold_that_ends_with_the_shaping_has_the_reason_of_that)
{
	now.list[0].hold = (struct net_hold){
		.ceil_bytes_per_s = 1000000,
		.reason = {.code = REASON_NET_FLOOR, .level = LEVEL_NONE, .rule = -1}};
	(void)said();
	now.list[0].hold = (struct net_hold){0};
	now.list[0].refusal = NET_FOREIGN_ROOT;
	assert_non_null(strstr(said(), "not held: somebody else chose its root qdisc"));
}

TEST(what_arrives_is_told_of_apart)
{
	(void)said();
	now.list[0].police = NET_POLICE_ON;
	now.list[0].rx_hold = (struct net_hold){
		.ceil_bytes_per_s = 1000000,
		.reason = {.code = REASON_NET_RX_FLOOR, .level = LEVEL_NONE, .rule = -1}};
	assert_non_null(strstr(said(), "arriving held: online work receives"));
	assert_string_equal(said(), "");
	now.list[0].police = NET_POLICE_OFF;
	now.list[0].rx_hold = (struct net_hold){0};
	assert_non_null(strstr(said(), "arriving not held: the policy does not ask for it"));
}

TEST(a_mode_that_does_not_allow_it_is_no_word_on_the_link)
{
	(void)said();
	now.on = false;
	assert_non_null(strstr(said(), "not shaped: the policy or the mode does not ask for it"));
	assert_string_equal(said(), "");
}

TEST(why_a_link_is_not_shaped_is_told_when_it_is_seen)
{
	now.list[0].refusal = NET_MQ_ROOT;
	now.list[0].shape.levels = 0;
	assert_non_null(strstr(said(), "not shaped: it has a queue for each CPU"));
	assert_string_equal(said(), "");
}

TEST(before_the_first_look_nothing_is_told)
{
	now.known = false;
	assert_string_equal(said(), "");
}

#define PLAN_CASE(name) cmocka_unit_test_setup_teardown(name, plan_setup, plan_teardown)
#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_the_kernel_did_not_do_is_told_until_it_is_done),
		CASE(a_mark_at_a_cgroup_that_the_kernel_did_not_take_is_a_trouble),
		CASE(what_arrives_may_not_be_bounded_and_that_is_shown),
		CASE(what_is_left_is_said_once_whatever_brief_rounds_come_between),
		CASE(a_look_that_fails_is_a_trouble_as_long_as_it_does),
		PLAN_CASE(a_link_that_is_shaped_held_and_let_go_is_told_once_each),
		PLAN_CASE(a_hold_that_ends_with_the_shaping_has_the_reason_of_that),
		PLAN_CASE(what_arrives_is_told_of_apart),
		PLAN_CASE(a_mode_that_does_not_allow_it_is_no_word_on_the_link),
		PLAN_CASE(why_a_link_is_not_shaped_is_told_when_it_is_seen),
		PLAN_CASE(before_the_first_look_nothing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
