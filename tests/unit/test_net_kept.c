// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <string.h>

#include "agent/discover/net_kept.h"

#define S INT64_C(1000000)

static struct net_device list[3];
static struct net_devices devices = {.list = list, .sorted = true};
static struct net_routes routes;
static struct net_kept kept;

/* Two uplinks, of which eth0 is ours and has a default route, and a device that is nothing of this. */
static void begin(void)
{
	kept = (struct net_kept){0};
	for (int i = 0; i < 3; i++)
		list[i] = (struct net_device){.ifindex = 2 + i, .carrier = true};
	list[0].root_ours = true;
	devices.n = 3;
	routes = (struct net_routes){.n = 1, .ifindex = {2}};
	net_kept_note(&kept, &devices, &routes, 100 * S);
}

static bool leads_to(int32_t ifindex, int64_t now_us)
{
	struct net_routes with = routes;

	net_kept_routes(&kept, &with, now_us);
	for (uint32_t i = 0; i < with.n; i++)
		if (with.ifindex[i] == ifindex)
			return true;
	return false;
}

TEST(an_uplink_of_ours_stays_one_while_its_route_is_away_for_a_moment)
{
	begin();
	routes.n = 0;
	assert_true(leads_to(2, 101 * S));
	assert_true(leads_to(2, 100 * S + NET_KEPT_US - 1));
	assert_false(leads_to(2, 100 * S + NET_KEPT_US));
	assert_false(leads_to(3, 101 * S));
	/* Looks without the route give it no more time. */
	for (int i = 1; i < 30; i++)
		net_kept_note(&kept, &devices, &routes, (100 + i) * S);
	assert_false(leads_to(2, 100 * S + NET_KEPT_US));
	assert_false(net_kept_is(&kept, 2, 100 * S + NET_KEPT_US));
	/* But a route does. */
	routes.n = 1;
	net_kept_note(&kept, &devices, &routes, 131 * S);
	routes.n = 0;
	assert_true(leads_to(2, 140 * S));
}

TEST(what_another_agent_left_has_the_same_time)
{
	begin();
	kept = (struct net_kept){0};
	routes.n = 0;
	assert_false(net_kept_is(&kept, 2, 100 * S));
	net_kept_note(&kept, &devices, &routes, 100 * S);
	assert_true(net_kept_is(&kept, 2, 100 * S));
	assert_true(leads_to(2, 109 * S));
	assert_false(net_kept_is(&kept, 2, 100 * S + NET_KEPT_US));
}

TEST(what_is_not_ours_or_has_gone_is_not_kept)
{
	begin();
	list[0].root_ours = false;
	net_kept_note(&kept, &devices, &routes, 101 * S);
	routes.n = 0;
	assert_false(leads_to(2, 101 * S));
	begin();
	devices.n = 0;
	net_kept_note(&kept, &devices, &routes, 101 * S);
	routes.n = 0;
	assert_false(leads_to(2, 101 * S));
}

TEST(a_route_that_is_there_is_there_once)
{
	begin();
	net_kept_routes(&kept, &routes, 101 * S);
	assert_int_equal(routes.n, 1);
}

TEST(a_speed_stays_while_the_carrier_is_away_and_a_moment_longer)
{
	begin();
	assert_int_equal(net_kept_speed(&kept, &list[0], 1000, 100 * S), 1000);
	assert_int_equal(net_kept_speed(&kept, &list[1], 0, 100 * S), 0);
	list[0].carrier = false;
	for (int64_t at = 101; at < 3600; at++)
		assert_int_equal(net_kept_speed(&kept, &list[0], 0, at * S), 1000);
	list[0].carrier = true;
	assert_int_equal(net_kept_speed(&kept, &list[0], 0, 3600 * S), 1000);
	assert_int_equal(net_kept_speed(&kept, &list[0], 0, 3599 * S + NET_KEPT_US), 0);
	/* And is forgotten then. */
	list[0].carrier = false;
	assert_int_equal(net_kept_speed(&kept, &list[0], 0, 3620 * S), 0);
	list[0].carrier = true;
	assert_int_equal(net_kept_speed(&kept, &list[0], 200, 3621 * S), 200);
	assert_int_equal(net_kept_speed(&kept, &list[0], 0, 3622 * S), 200);
	/* Another device of the same number. */
	strcpy(list[0].name, "eth7");
	assert_int_equal(net_kept_speed(&kept, &list[0], 0, 3623 * S), 0);
}

TEST(of_more_links_than_there_is_room_for_the_newest_speeds_are_known)
{
	struct net_device d = {.ifindex = 1, .carrier = true};

	begin();
	for (d.ifindex = 1; d.ifindex <= NET_LINKS + 1; d.ifindex++)
		(void)net_kept_speed(&kept, &d, 1000, d.ifindex * S);
	d.ifindex = NET_LINKS + 1;
	assert_int_equal(net_kept_speed(&kept, &d, 0, 10 * S), 1000);
	d.ifindex = 2;
	assert_int_equal(net_kept_speed(&kept, &d, 0, 10 * S), 1000);
	d.ifindex = 1;
	assert_int_equal(net_kept_speed(&kept, &d, 0, 10 * S), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_uplink_of_ours_stays_one_while_its_route_is_away_for_a_moment),
		cmocka_unit_test(what_another_agent_left_has_the_same_time),
		cmocka_unit_test(what_is_not_ours_or_has_gone_is_not_kept),
		cmocka_unit_test(a_route_that_is_there_is_there_once),
		cmocka_unit_test(a_speed_stays_while_the_carrier_is_away_and_a_moment_longer),
		cmocka_unit_test(of_more_links_than_there_is_room_for_the_newest_speeds_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
