// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/reason_text.h"

static const char *of(struct reason reason)
{
	static char buf[REASON_TEXT_SIZE];

	reason.level = LEVEL_NONE;
	reason.rule = -1;
	return reason_text(&reason, NULL, buf, sizeof(buf));
}

TEST(rates_are_told_as_those_of_links_are)
{
	assert_string_equal(of((struct reason){.code = REASON_NET_ONLINE,
					       .observed = 750000000,
					       .limit = 1250000000,
					       .extra = 437500000,
					       .who = "eth0"}),
			    "online work sends 6 Gbit/s of the 10 Gbit/s of eth0: offline work may "
			    "send 3.5 Gbit/s");
	assert_string_equal(of((struct reason){.code = REASON_NET_FLOOR,
					       .observed = 124,
					       .limit = 50000000000,
					       .extra = 15432}),
			    "online work sends 992 bit/s of the 400 Gbit/s of the link: offline "
			    "work keeps its floor, 123.456 kbit/s");
}

TEST(the_end_of_a_hold_says_why)
{
	assert_string_equal(of((struct reason){.code = REASON_NET_IDLE,
					       .observed = 125,
					       .limit = 6250000,
					       .for_us = 2000000,
					       .who = "eth0"}),
			    "online work has sent less than 50 Mbit/s on eth0 for 2 s, now 1 "
			    "kbit/s: offline work may use all of it");
	assert_string_equal(
		of((struct reason){.code = REASON_NET_BLIND, .for_us = 10500000, .who = "eth0"}),
		"what eth0 sends was not measured for 10.5 s: offline work is not held "
		"there");
	assert_string_equal(of((struct reason){.code = REASON_NET_NOBODY, .who = "eth0"}),
			    "no offline pod is left whose traffic eth0 could hold");
}

TEST(of_what_arrives_each_says_so)
{
	assert_string_equal(of((struct reason){.code = REASON_NET_RX_ONLINE,
					       .observed = 750000000,
					       .limit = 1250000000,
					       .extra = 437500000,
					       .who = "eth0"}),
			    "online work receives 6 Gbit/s of the 10 Gbit/s of eth0: offline work "
			    "may receive 3.5 Gbit/s");
	assert_string_equal(of((struct reason){.code = REASON_NET_RX_FLOOR,
					       .observed = 750000000,
					       .limit = 1250000000,
					       .extra = 15432,
					       .who = "eth0"}),
			    "online work receives 6 Gbit/s of the 10 Gbit/s of eth0: offline work "
			    "keeps its floor, 123.456 kbit/s");
	assert_string_equal(of((struct reason){.code = REASON_NET_RX_IDLE,
					       .observed = 125,
					       .limit = 6250000,
					       .for_us = 2000000,
					       .who = "eth0"}),
			    "online work has received less than 50 Mbit/s on eth0 for 2 s, now 1 "
			    "kbit/s: offline work may use all of it");
	assert_string_equal(
		of((struct reason){.code = REASON_NET_RX_BLIND, .for_us = 10500000, .who = "eth0"}),
		"what eth0 receives was not measured for 10.5 s: offline work is not held there");
}

TEST(a_link_that_is_full_is_told_with_what_fills_it)
{
	assert_string_equal(of((struct reason){.code = REASON_NET_RX_CROWDED,
					       .observed = 1225000000,
					       .limit = 1250000000,
					       .extra = 1187500000,
					       .who = "eth0"}),
			    "what arrives takes 9.8 Gbit/s of the 10 Gbit/s of eth0 while online "
			    "work uses it: offline work may receive 9.5 Gbit/s, so that less waits "
			    "before the link");
	assert_string_equal(
		of((struct reason){.code = REASON_NET_RX_GROWS,
				   .observed = 750000000,
				   .limit = 1250000000,
				   .extra = 437500000,
				   .who = "eth0"}),
		"online work receives ever more, 6 Gbit/s of the 10 Gbit/s of eth0 if it "
		"goes on so: offline work may receive 3.5 Gbit/s");
}

/* No number and no name is too long for the buffers. */
TEST(the_largest_numbers_fit)
{
	struct reason reason = {.observed = UINT64_MAX,
				.limit = UINT64_MAX,
				.extra = UINT64_MAX,
				.for_us = UINT64_MAX};

	memset(reason.who, 'x', sizeof(reason.who) - 1);
	for (int code = REASON_NET_ONLINE; code <= REASON_NET_RX_CROWDED; code++) {
		reason.code = (enum reason_code)code;
		assert_true(strlen(of(reason)) < REASON_TEXT_SIZE - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_told_as_those_of_links_are),
		cmocka_unit_test(the_end_of_a_hold_says_why),
		cmocka_unit_test(of_what_arrives_each_says_so),
		cmocka_unit_test(a_link_that_is_full_is_told_with_what_fills_it),
		cmocka_unit_test(the_largest_numbers_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
