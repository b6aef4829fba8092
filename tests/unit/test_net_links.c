// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "agent/base/cleanup.h"
#include "agent/discover/net_links.h"
#include "tests/lib/net_case.h"

static int take_link(struct net_devices *devices, struct nl_msg *message)
{
	int r = net_devices_take_link(devices, nlmsg_hdr(message));

	nlmsg_free(message);
	return r;
}

TEST(a_link_is_read)
{
	_cleanup_(net_devices_free) struct net_devices devices = {0};
	struct nl_msg *m = net_case_link(12, "h-a", "veth");
	const struct net_device *d;

	assert_int_equal(nla_put_u32(m, IFLA_LINK, 2), 0);
	assert_int_equal(nla_put_u32(m, IFLA_LINK_NETNSID, 4), 0);
	assert_int_equal(nla_put_u32(m, IFLA_MASTER, 9), 0);
	assert_int_equal(nla_put_u32(m, IFLA_NUM_TX_QUEUES, 8), 0);
	assert_int_equal(take_link(&devices, m), 0);
	assert_int_equal(take_link(&devices, net_case_link(3, "eth0", NULL)), 0);
	d = net_devices_find(&devices, 12);
	assert_non_null(d);
	assert_string_equal(d->name, "h-a");
	assert_string_equal(d->kind, "veth");
	assert_true(d->lower == 2 && d->nsid == 4 && d->master == 9 && d->n_tx_queues == 8);
	assert_true(d->mtu == 1500 && d->up && !d->carrier);
	/* In the order of their index, whatever the kernel's is. */
	assert_int_equal(devices.list[0].ifindex, 3);
	assert_int_equal(devices.list[0].nsid, NET_NO_NSID);
	assert_null(net_devices_find(&devices, 4));
}

TEST(a_link_without_name_or_cut_off_is_refused)
{
	_cleanup_(net_devices_free) struct net_devices devices = {0};
	const struct ifinfomsg link = {.ifi_index = 3};
	struct nl_msg *m = netlink_message(RTM_NEWLINK, 0, &link, sizeof(link));

	assert_int_equal(take_link(&devices, m), -EBADMSG);
	m = net_case_link(3, "eth0", NULL);
	assert_int_equal(nla_put(m, IFLA_MASTER, 2, "x"), 0);
	assert_int_equal(take_link(&devices, m), -EBADMSG);
	assert_int_equal(take_link(&devices, net_case_link(0, "eth0", NULL)), -EBADMSG);
	/* The end of another list. */
	assert_int_equal(take_link(&devices, net_case_tc(RTM_NEWQDISC, 3, 0, 0, 0, "x")), 0);
	assert_int_equal(devices.n, 0);
}

TEST(a_link_with_a_carrier_is_told_from_one_without)
{
	_cleanup_(net_devices_free) struct net_devices devices = {0};
	struct nl_msg *m = net_case_link(3, "eth0", NULL);

	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(m)))->ifi_flags |= IFF_LOWER_UP;
	assert_int_equal(take_link(&devices, m), 0);
	assert_true(net_devices_find(&devices, 3)->carrier);
}

static void take_qdisc(struct net_devices *devices, uint32_t parent, uint32_t handle,
		       const char *kind)
{
	struct nl_msg *m = net_case_tc(RTM_NEWQDISC, 3, parent, handle, 0, kind);

	assert_int_equal(net_devices_take_qdisc(devices, nlmsg_hdr(m)), 0);
	nlmsg_free(m);
}

TEST(a_root_and_what_sees_arrivals_are_kept)
{
	_cleanup_(net_devices_free) struct net_devices devices = {0};
	const struct net_device *d;
	struct nl_msg *m;

	assert_int_equal(take_link(&devices, net_case_link(3, "eth0", NULL)), 0);
	take_qdisc(&devices, TC_H_ROOT, 0, "mq");
	take_qdisc(&devices, 1, 0, "fq_codel");
	take_qdisc(&devices, TC_H_CLSACT, 0xffff0000, "clsact");
	d = net_devices_find(&devices, 3);
	assert_string_equal(d->root_kind, "mq");
	assert_int_equal(d->root_handle, 0);
	assert_string_equal(d->ingress_kind, "clsact");
	/* One that came after the list of links. */
	m = net_case_tc(RTM_NEWQDISC, 99, TC_H_ROOT, 0, 0, "mq");
	assert_int_equal(net_devices_take_qdisc(&devices, nlmsg_hdr(m)), 0);
	nlmsg_free(m);
}

static int route(struct net_routes *routes, struct rtmsg header, uint32_t table, int32_t out,
		 const void *ways, size_t size)
{
	struct nl_msg *m = netlink_message(RTM_NEWROUTE, 0, &header, sizeof(header));
	int r;

	assert_non_null(m);
	if (table)
		assert_int_equal(nla_put_u32(m, RTA_TABLE, table), 0);
	if (out)
		assert_int_equal(nla_put_u32(m, RTA_OIF, (uint32_t)out), 0);
	if (ways)
		assert_int_equal(nla_put(m, RTA_MULTIPATH, (int)size, ways), 0);
	r = net_routes_take(routes, nlmsg_hdr(m));
	nlmsg_free(m);
	return r;
}

TEST(default_routes_of_the_main_table_lead_out)
{
	const struct rtmsg def = {.rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct net_routes routes = {0};
	struct rtmsg other = def;

	assert_int_equal(route(&routes, def, RT_TABLE_MAIN, 3, NULL, 0), 0);
	assert_int_equal(route(&routes, def, 0, 4, NULL, 0), 0);
	assert_int_equal(route(&routes, def, 0, 3, NULL, 0), 0);
	assert_int_equal(route(&routes, def, 1000, 5, NULL, 0), 0);
	other.rtm_dst_len = 24;
	assert_int_equal(route(&routes, other, 0, 6, NULL, 0), 0);
	other = def;
	other.rtm_type = RTN_UNREACHABLE;
	assert_int_equal(route(&routes, other, 0, 7, NULL, 0), 0);
	assert_int_equal(routes.n, 2);
	assert_true(routes.ifindex[0] == 3 && routes.ifindex[1] == 4);
}

TEST(each_way_of_a_route_leads_out)
{
	const struct rtmsg def = {.rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct rtnexthop ways[3] = {{.rtnh_len = 8, .rtnh_ifindex = 3},
				    {.rtnh_len = 8, .rtnh_ifindex = 4},
				    {.rtnh_len = 8, .rtnh_ifindex = 5}};
	struct net_routes routes = {0};

	assert_int_equal(route(&routes, def, 0, 0, ways, sizeof(ways)), 0);
	assert_int_equal(routes.n, 3);
	assert_int_equal(routes.ifindex[2], 5);
	ways[1].rtnh_len = 0;
	assert_int_equal(route(&routes, def, 0, 0, ways, sizeof(ways)), -EBADMSG);
	ways[1].rtnh_len = 200;
	assert_int_equal(route(&routes, def, 0, 0, ways, sizeof(ways)), -EBADMSG);
	ways[1].rtnh_len = 8;
	assert_int_equal(route(&routes, def, 0, 0, ways, sizeof(ways) - 4), -EBADMSG);
}

TEST(more_routes_than_there_is_room_for_are_counted)
{
	const struct rtmsg def = {.rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct net_routes routes = {0};

	for (int32_t i = 1; i <= NET_ROUTES_MAX + 3; i++)
		assert_int_equal(route(&routes, def, 0, i, NULL, 0), 0);
	assert_int_equal(routes.n, NET_ROUTES_MAX);
	assert_int_equal(routes.left_out, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_read),
		cmocka_unit_test(a_link_with_a_carrier_is_told_from_one_without),
		cmocka_unit_test(a_link_without_name_or_cut_off_is_refused),
		cmocka_unit_test(a_root_and_what_sees_arrivals_are_kept),
		cmocka_unit_test(default_routes_of_the_main_table_lead_out),
		cmocka_unit_test(each_way_of_a_route_leads_out),
		cmocka_unit_test(more_routes_than_there_is_room_for_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
