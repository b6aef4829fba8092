// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/net_mark.h"
#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define LEVELS                                                                                     \
	"levels:\n"                                                                                \
	"  P4: {role: online, net: {share: 4, min: 20%}}\n"                                        \
	"  P7: {role: offline, net: {share: 1, ceiling: 40%}}\n"                                   \
	"assign: [{match: {qos: BestEffort}, level: P7}]\n"
/* Line 2. */
#define NET(fields) "version: 1\nnet: " fields "\n" LEVELS

static const struct net_policy *net_of(const char *const *texts, size_t n)
{
	return &policy_case_keep(texts, n)->net;
}

#define READ(...)                                                                                  \
	net_of((const char *const[]){__VA_ARGS__},                                                 \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

TEST(without_the_word_no_link_is_looked_at)
{
	const struct net_policy *net = READ("version: 1\n" LEVELS);

	assert_false(net->on);
	assert_int_equal(net->mark.mask, 0x1270);
	assert_int_equal(net->mark.value, 0x1200);
	assert_int_equal(net->mark.shift, 4);
	assert_int_equal(net->headroom_permille, 50);
}

/* Who marks packets with one value of his own is nowhere refused, so the default must not take his packets for a level's. */
TEST(the_default_mark_is_none_that_others_set)
{
	static const uint32_t others[] = {
		0xca6c,			       /* WireGuard: wg-quick */
		0x6d6f6c65,		       /* Mullvad */
		0xe1f1,			       /* NordVPN */
		0x1bd00,    0x1bd10,  0x1bd11, /* NetBird */
		0x100cf,		       /* Cloudflare WARP */
		0x2023,	    0x2024,	       /* sing-box */
		0x3f0,	    0x1745ec,	       /* OVN-Kubernetes */
		0x539,	    0x111,	       /* Istio */
		0xd0c4e3,		       /* Docker's encrypted overlays */
	};
	const uint32_t users = 1u << NET_USER_AWS | 1u << NET_USER_TAILSCALE |
			       1u << NET_USER_CALICO;
	const struct net_policy *net = READ("version: 1\n" LEVELS);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		for (int level = 0; level < LEVEL_COUNT; level++)
			assert_int_not_equal(others[i] & net->mark.mask,
					     net_mark_of(&net->mark, (enum level)level));
	/* By hand: one bit, or a small number. */
	for (uint32_t bit = 0; bit < 32; bit++)
		assert_int_not_equal(1u << bit & net->mark.value, net->mark.value);
	for (uint32_t small = 0; small < 0x1000; small++)
		assert_int_not_equal(small & net->mark.value, net->mark.value);
	assert_int_equal(net_mark_clash(net->mark.mask, users), NET_USER_NONE);
}

TEST(every_field_is_read)
{
	const struct net_policy *net = READ(
		NET("{uplinks: [eth0, bond0.100], speed: {eth0: 10Gbit/s, bond0.100: 125MB/s}, "
		    "mark: 0x1/0x1c1, replace-mq: true, police-ingress: true, headroom: 7.5%}"));

	assert_true(net->on);
	assert_int_equal(net->n_uplinks, 2);
	assert_string_equal(net->uplinks[0], "eth0");
	assert_string_equal(net->uplinks[1], "bond0.100");
	assert_int_equal(net->n_speeds, 2);
	assert_string_equal(net->speeds[0].name, "eth0");
	assert_int_equal(net->speeds[0].bytes_per_s, 1250000000);
	assert_string_equal(net->speeds[1].name, "bond0.100");
	assert_int_equal(net->speeds[1].bytes_per_s, 125000000);
	assert_int_equal(net->mark.mask, 0x1c1);
	assert_int_equal(net->mark.value, 1);
	assert_int_equal(net->mark.shift, 6);
	assert_true(net->replace_mq && net->police_ingress);
	assert_int_equal(net->headroom_permille, 75);
}

TEST(one_speed_is_for_every_link_and_link_asks_the_link)
{
	const struct net_policy *net = READ(NET("{uplinks: routes, speed: 1Gbit/s}"));

	assert_int_equal(net->n_uplinks, 0);
	assert_int_equal(net->n_speeds, 1);
	assert_string_equal(net->speeds[0].name, "");
	net = READ(NET("{speed: 1Gbit/s}"), "version: 1\nnet: {speed: link}\n");
	assert_int_equal(net->n_speeds, 0);
}

TEST(a_later_file_wins_and_may_end_it)
{
	const struct net_policy *net =
		READ(NET("{uplinks: [eth0, eth1], headroom: 0%}"),
		     "version: 1\nnet: {uplinks: [eth2], speed: {eth2: 1Gbit/s}}\n");

	assert_int_equal(net->n_uplinks, 1);
	assert_string_equal(net->uplinks[0], "eth2");
	assert_int_equal(net->headroom_permille, 0);
	assert_true(net->on);
	assert_false(READ(NET("{uplinks: routes}"), "version: 1\nnet: none\n")->on);
	assert_true(READ(NET("none"), "version: 1\nnet: {uplinks: routes}\n")->on);
	net = READ(NET("{uplinks: [eth0]}"), "version: 1\nnet: {uplinks: routes}\n");
	assert_int_equal(net->n_uplinks, 0);
}

TEST(what_cannot_be_meant_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{NET("{}"), 2, 6, "net without anything", "net: {uplinks: routes}"},
		{NET("on"), 2, 6, "net is a mapping", "key: value"},
		{NET("{uplinks: eth0}"), 2, 16, "uplinks is a list", "[A, B]"},
		{NET("{uplinks: []}"), 2, 16, "no uplink", "routes"},
		{NET("{uplinks: [eth0, eth0]}"), 2, 23, "\"eth0\" a second time", ""},
		{NET("{uplinks: [a/b]}"), 2, 17, "not the name of an interface", "15"},
		{NET("{uplinks: [..]}"), 2, 17, "not the name of an interface", "15"},
		{NET("{uplinks: [\"a b\"]}"), 2, 17, "not the name of an interface", "15"},
		{NET("{uplinks: [abcdefghijklmnop]}"), 2, 17, "not the name of an interface", "15"},
		{NET("{uplinks: [a, b, c, d, e, f, g, h, i]}"), 2, 41, "too many uplinks", "8"},
		{NET("{speed: fast}"), 2, 14, "not the speed of a link", "10Gbit/s"},
		{NET("{speed: 1999kbit/s}"), 2, 14, "not the speed of a link", "2Mbit/s"},
		{NET("{speed: {eth0: 9000Gbit/s}}"), 2, 21, "not the speed of a link", "8Tbit/s"},
		{NET("{speed: {a/b: 1Gbit/s}}"), 2, 15, "not the name of an interface", "15"},
		{NET("{mark: 2048}"), 2, 13, "is not VALUE/MASK", "0x1200/0x1270"},
		{NET("{mark: 0x1000/0xf00}"), 2, 13, "bits that the mask has not", "0x1200/0x1270"},
		{NET("{mark: 0x0/0x700}"), 2, 13, "looks unmarked", "0x1200/0x1270"},
		{NET("{mark: 0x400/0xc00}"), 2, 13, "not three bits side by side", "0x1200/0x1270"},
		{NET("{mark: 0x8000/0xf000}"), 2, 13, "bits of kube-proxy (0x0000c000)", "0x1200"},
		{NET("{mark: 0x2000/0x2700}"), 2, 13, "bits of portmap (0x00002000)", "0x1200"},
		{NET("{replace-mq: yes}"), 2, 19, "not true or false", "false"},
		{NET("{headroom: 51%}"), 2, 17, "out of range", "50.0%"},
		{NET("{uplink: routes}"), 2, 7, "unknown key \"uplink\"",
		 "did you mean \"uplinks\""},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

#define UNIT(name) cmocka_unit_test_teardown(name, policy_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(without_the_word_no_link_is_looked_at),
		UNIT(the_default_mark_is_none_that_others_set),
		UNIT(every_field_is_read),
		UNIT(one_speed_is_for_every_link_and_link_asks_the_link),
		UNIT(a_later_file_wins_and_may_end_it),
		UNIT(what_cannot_be_meant_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
