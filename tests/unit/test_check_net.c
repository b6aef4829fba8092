// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "tests/lib/policy_case.h"

#define TAIL "\nassign: [{match: {qos: BestEffort}, level: P7}]\n"
/* Line 3: P0; line 4: P4; line 5: P7. */
#define THREE(p0, p4, p7)                                                                          \
	"version: 1\nlevels:\n  P0: {role: online, net: {" p0 "}}\n  P4: {role: online, net: {" p4 \
	"}}\n  P7: {role: offline, net: {" p7 "}}" TAIL

TEST(what_does_not_fit_into_one_link_is_refused)
{
	static const struct policy_case cases[] = {
		{THREE("share: 8, min: 60%", "share: 4, min: 36%", "share: 1"), 4, 38,
		 "net.min of all levels together leaves less than 5 % of the link", "lower one"},
		{THREE("share: 8, min: 50%, ceiling: 40%", "share: 4", "share: 1"), 3, 38,
		 "net.min is above net.ceiling", ""},
		{THREE("min: 50%", "share: 4", "share: 1"), 3, 28, "net.min without net.share",
		 "share: 1"},
		{THREE("share: 8", "share: 4", "ceiling: 40%"), 5, 29,
		 "net.ceiling without net.share", "share: 1"},
		{"net: {speed: {eth0: 10Gbit/s, eth1: 1Gbit/s}}\n" THREE(
			 "share: 8, min: 20%", "share: 4, min: 96MB/s", "share: 1"),
		 5, 38, "leaves less than 5 % of a link of net.speed", "lower one"},
		{THREE("share: 8", "share: 4", "share: 5"), 5, 29,
		 "the net.share of offline work is above that of online work", "lower it"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(what_may_be_meant_is_warned_of)
{
	static const struct policy_case cases[] = {
		{THREE("share: 4", "share: 8", "share: 1"), 4, 28,
		 "P4 has a larger net.share than a level above it", "at least as much"},
		{"net: {uplinks: routes}\n" THREE("", "", ""), 1, 1, "no level has a net.share",
		 "share: 4"},
	};

	policy_case_warned(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(what_fits_exactly_is_no_mistake)
{
	const char *text = "net: {speed: 1Gbit/s}\n" THREE(
		"share: 8, min: 60%", "share: 8, min: 35%", "share: 8, ceiling: 20MB/s");

	assert_true(policy_case_keep(&text, 1)->net.on);
}

#define UNIT(name) cmocka_unit_test_teardown(name, policy_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(what_does_not_fit_into_one_link_is_refused),
		UNIT(what_may_be_meant_is_warned_of),
		UNIT(what_fits_exactly_is_no_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
