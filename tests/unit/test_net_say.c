// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/net_say.h"

#include <errno.h>
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

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_the_kernel_did_not_do_is_told_until_it_is_done),
		CASE(what_is_left_is_said_once_whatever_brief_rounds_come_between),
		CASE(a_look_that_fails_is_a_trouble_as_long_as_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
