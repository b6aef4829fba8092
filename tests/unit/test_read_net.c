// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

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
	assert_int_equal(net->mark.mask, 0xf00);
	assert_int_equal(net->mark.value, 0x800);
	assert_int_equal(net->mark.shift, 8);
	assert_int_equal(net->headroom_permille, 50);
}

TEST(every_field_is_read)
{
	const struct net_policy *net = READ(
		NET("{uplinks: [eth0, bond0.100], speed: {eth0: 10Gbit/s, bond0.100: 125MB/s}, "
		    "mark: 0x1/0x1c1, replace-mq: true, headroom: 7.5%}"));

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
	assert_true(net->replace_mq);
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
		{NET("{mark: 2048}"), 2, 13, "is not VALUE/MASK", "0x800/0xf00"},
		{NET("{mark: 0x1000/0xf00}"), 2, 13, "bits that the mask has not", "0x800/0xf00"},
		{NET("{mark: 0x0/0x700}"), 2, 13, "looks unmarked", "0x800/0xf00"},
		{NET("{mark: 0x400/0xc00}"), 2, 13, "not three bits side by side", "0x800/0xf00"},
		{NET("{mark: 0x8000/0xf000}"), 2, 13, "bits of kube-proxy (0x0000c000)", "0x800"},
		{NET("{mark: 0x2000/0x2700}"), 2, 13, "bits of portmap (0x00002000)", "0x800"},
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
		UNIT(every_field_is_read),
		UNIT(one_speed_is_for_every_link_and_link_asks_the_link),
		UNIT(a_later_file_wins_and_may_end_it),
		UNIT(what_cannot_be_meant_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
