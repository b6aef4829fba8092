// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <string.h>

#include "policy/net_words.h"

static struct net_plan_link link_of(enum net_refusal refusal)
{
	return (struct net_plan_link){
		.name = "eth0",
		.refusal = refusal,
		.mark_user = NET_USER_NONE,
		.speed_bytes_per_s = 125000000,
		.shape = {.levels = refusal == NET_FINE ? 1u << LEVEL_P0 : 0},
	};
}

static const char *said(const struct net_plan_link *link)
{
	static char text[512];

	net_words_link(link, text, sizeof(text));
	return text;
}

TEST(a_link_that_is_shaped_says_by_what)
{
	struct net_plan_link link = link_of(NET_FINE);

	assert_string_equal(said(&link), "by shares of 1 Gbit/s");
	link.shape.levels = 0;
	assert_string_equal(said(&link), "not shaped: no level has a share of it");
}

TEST(a_hold_says_its_numbers)
{
	struct net_plan_link link = link_of(NET_FINE);

	link.hold = (struct net_hold){
		.ceil_bytes_per_s = 50000000,
		.reason = {.code = REASON_NET_ONLINE,
			   .level = LEVEL_NONE,
			   .rule = -1,
			   .observed = 68750000,
			   .limit = 125000000,
			   .extra = 50000000,
			   .who = "eth0"},
	};
	assert_string_equal(said(&link), "online work sends 550 Mbit/s of the 1 Gbit/s of eth0: "
					 "offline work may send 400 Mbit/s");
}

TEST(every_refusal_has_words_of_its_own)
{
	for (int i = 0; i < NET_REFUSAL_COUNT; i++) {
		assert_true(strlen(net_words_refusal((enum net_refusal)i)) > 5);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(net_words_refusal((enum net_refusal)i),
						net_words_refusal((enum net_refusal)k));
	}
	assert_string_equal(net_words_refusal(NET_REFUSAL_COUNT), "?");
}

TEST(who_uses_the_bits_is_named)
{
	struct net_plan_link link = link_of(NET_FOREIGN_MARK);

	link.mark_user = NET_USER_CILIUM;
	assert_string_equal(said(&link), "not shaped: Cilium uses bits of the policy's net.mark: "
					 "choose others");
	link = link_of(NET_MQ_ROOT);
	assert_non_null(strstr(said(&link), "net.replace-mq"));
}

/* What a record says of a pod's mark and of a round that is due. */
TEST(every_cause_of_a_mark_and_of_a_round_has_words_of_its_own)
{
	for (int i = 0; i <= NET_POD_BY_LEVEL; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(net_words_pod((enum net_pod_why)i),
						net_words_pod((enum net_pod_why)k));
	for (int i = 0; i < NET_PACE_WHY_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(net_words_round((enum net_pace_why)i),
						net_words_round((enum net_pace_why)k));
}

TEST(a_small_buffer_holds_a_part)
{
	struct net_plan_link link = link_of(NET_FINE);
	char text[10];

	net_words_link(&link, text, sizeof(text));
	assert_string_equal(text, "by shares");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_is_shaped_says_by_what),
		cmocka_unit_test(a_hold_says_its_numbers),
		cmocka_unit_test(every_refusal_has_words_of_its_own),
		cmocka_unit_test(who_uses_the_bits_is_named),
		cmocka_unit_test(every_cause_of_a_mark_and_of_a_round_has_words_of_its_own),
		cmocka_unit_test(a_small_buffer_holds_a_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
