// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <unistd.h>

#include "agent/discover/net_links.h"
#include "tests/lib/tree.h"

#define OURS (NET_TC_MAJOR << 16)

static const struct net_device hardware = {.nsid = NET_NO_NSID, .up = true, .mtu = 1500};

/* A node's interfaces; at most so many. */
struct node {
	struct net_device list[12];
	struct net_devices devices;
	struct net_routes routes;
	struct net_links_asked asked;
	struct net_links links;
};

static struct net_device *add(struct node *n, int32_t ifindex, const char *name, const char *kind)
{
	struct net_device *d = &n->list[n->devices.n++];

	*d = hardware;
	d->ifindex = ifindex;
	strcpy(d->name, name);
	strcpy(d->kind, kind);
	strcpy(d->root_kind, "fq_codel");
	n->devices.list = n->list;
	n->devices.sorted = true;
	return d;
}

static void route(struct node *n, int32_t ifindex)
{
	n->routes.ifindex[n->routes.n++] = ifindex;
}

static uint64_t gigabit(void *context, const struct net_device *device)
{
	(void)context;
	return strcmp(device->name, "eth9") == 0 ? 0 : 125000000;
}

/* "NAME", or with the number of why not. */
static enum net_refusal decide(struct node *n, uint32_t i)
{
	net_links_choose(&n->devices, &n->routes, &n->asked, &n->links);
	net_links_judge(&n->devices, &n->asked, gigabit, NULL, &n->links);
	assert_true(n->links.n > i);
	return n->links.list[i].refusal;
}

TEST(the_device_of_a_default_route_is_shaped)
{
	struct node n = {0};

	add(&n, 1, "lo", "")->loopback = true;
	add(&n, 2, "eth0", "");
	add(&n, 3, "eth1", "");
	route(&n, 2);
	assert_int_equal(decide(&n, 0), NET_FINE);
	assert_int_equal(n.links.n, 1);
	assert_string_equal(n.links.list[0].name, "eth0");
	assert_int_equal(n.links.list[0].root, NET_ROOT_DEFAULT);
	assert_true(n.links.list[0].speed_bytes_per_s == 125000000);
	assert_int_equal(n.links.list[0].speed_from, NET_SPEED_LINK);
	n.asked.speed_bytes_per_s = 1000;
	assert_int_equal(decide(&n, 0), NET_FINE);
	assert_true(n.links.list[0].speed_bytes_per_s == 1000);
	assert_int_equal(n.links.list[0].speed_from, NET_SPEED_POLICY);
}

TEST(the_policys_names_replace_the_routes)
{
	struct node n = {.asked = {.n = 2, .names = {"eth1", "eth7"}}};

	add(&n, 2, "eth0", "");
	add(&n, 3, "eth1", "");
	route(&n, 2);
	assert_int_equal(decide(&n, 1), NET_FINE);
	assert_string_equal(n.links.list[1].name, "eth1");
	assert_string_equal(n.links.list[0].name, "eth7");
	assert_int_equal(n.links.list[0].refusal, NET_NAMED_GONE);
	assert_int_equal(n.links.n, 2);
}

TEST(without_a_speed_nothing_is_shaped)
{
	struct node n = {0};

	add(&n, 2, "eth9", "");
	route(&n, 2);
	assert_int_equal(decide(&n, 0), NET_NO_SPEED);
	assert_int_equal(n.links.list[0].speed_from, NET_SPEED_UNKNOWN);
	n.asked.speed_bytes_per_s = 1000;
	assert_int_equal(decide(&n, 0), NET_FINE);
}

TEST(of_a_vlan_on_a_bond_only_the_top_is_shaped)
{
	struct node n = {0};

	add(&n, 2, "eth0", "")->master = 4;
	add(&n, 3, "eth1", "")->master = 4;
	add(&n, 4, "bond0", "bond");
	add(&n, 5, "bond0.7", "vlan")->lower = 4;
	route(&n, 5);
	assert_int_equal(decide(&n, 0), NET_FINE);
	assert_string_equal(n.links.list[0].name, "bond0.7");
	n.asked = (struct net_links_asked){.n = 3, .names = {"eth1", "bond0", "bond0.7"}};
	assert_int_equal(decide(&n, 0), NET_LOWER);
	assert_int_equal(n.links.list[0].above, 5);
	assert_int_equal(decide(&n, 1), NET_LOWER);
	assert_int_equal(decide(&n, 2), NET_FINE);
	/* Named alone, it is the one that carries what the route sends. */
	n.asked = (struct net_links_asked){.n = 1, .names = {"bond0"}};
	assert_int_equal(decide(&n, 0), NET_FINE);
	/* Another VLAN beside the route takes no part. */
	n.asked.n = 0;
	n.routes.ifindex[0] = 4;
	assert_int_equal(decide(&n, 0), NET_FINE);
	assert_string_equal(n.links.list[0].name, "bond0");
}

TEST(the_other_end_of_a_veth_is_not_below_it)
{
	struct node n = {.asked = {.n = 2, .names = {"v0", "v1"}}};

	add(&n, 2, "v0", "veth")->lower = 3;
	add(&n, 3, "v1", "veth")->lower = 2;
	assert_int_equal(decide(&n, 0), NET_FINE);
	assert_int_equal(decide(&n, 1), NET_FINE);
}

/* Else nobody would shape. */
TEST(below_a_device_that_is_not_shaped_the_next_one_is)
{
	struct node n = {.asked = {.n = 3, .names = {"eth0", "bond0", "br0"}}};
	struct net_device *bond;

	add(&n, 2, "eth0", "")->master = 3;
	bond = add(&n, 3, "bond0", "bond");
	bond->master = 4;
	add(&n, 4, "br0", "bridge");
	route(&n, 4);
	assert_int_equal(decide(&n, 0), NET_LOWER);
	assert_int_equal(n.links.list[0].above, 3);
	assert_int_equal(decide(&n, 1), NET_FINE);
	assert_int_equal(n.links.list[1].above, 0);
	assert_int_equal(decide(&n, 2), NET_KIND);
	bond->root_handle = 0x10000;
	assert_int_equal(decide(&n, 0), NET_FINE);
	assert_int_equal(decide(&n, 1), NET_FOREIGN_ROOT);
	/* Not known, and it may have been ours. */
	bond->root_kind[0] = '\0';
	assert_int_equal(decide(&n, 0), NET_LOWER);
	assert_int_equal(decide(&n, 1), NET_UNREAD);
	/* The uplink of a bridge, as people name it. */
	n.asked = (struct net_links_asked){.n = 1, .names = {"eth0"}};
	assert_int_equal(decide(&n, 0), NET_FINE);
}

TEST(the_policy_may_know_the_speed_of_the_one_above)
{
	struct node n = {.asked = {.n = 2, .names = {"eth0", "eth9"}}};

	add(&n, 2, "eth0", "");
	add(&n, 3, "eth9", "vlan")->lower = 2;
	assert_int_equal(decide(&n, 0), NET_LOWER);
	assert_int_equal(decide(&n, 1), NET_NO_SPEED);
}

TEST(a_ring_of_devices_ends)
{
	struct node n = {.asked = {.n = 2, .names = {"a", "b"}}};

	add(&n, 2, "a", "vlan")->lower = 3;
	add(&n, 3, "b", "vlan")->lower = 2;
	assert_int_equal(decide(&n, 0), NET_LOWER);
	assert_int_equal(decide(&n, 1), NET_FINE);
}

TEST(what_is_no_way_out_is_refused)
{
	struct node n = {0};

	add(&n, 2, "br0", "bridge");
	add(&n, 3, "wg0", "wireguard");
	add(&n, 4, "lo", "")->loopback = true;
	route(&n, 2);
	route(&n, 3);
	route(&n, 4);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(decide(&n, i), NET_KIND);
}

TEST(a_root_that_somebody_chose_is_refused)
{
	static const struct {
		const char *kind;
		uint32_t handle;
		bool ours;
		enum net_root root;
		enum net_refusal refusal;
	} cases[] = {
		{"fq_codel", 0, false, NET_ROOT_DEFAULT, NET_FINE},
		{"pfifo_fast", 0, false, NET_ROOT_DEFAULT, NET_FINE},
		{"noqueue", 0, false, NET_ROOT_DEFAULT, NET_FINE},
		{"fq", 0, false, NET_ROOT_DEFAULT, NET_FINE},
		{"fq", 0x80010000, false, NET_ROOT_FOREIGN, NET_FOREIGN_ROOT},
		{"cake", 0, false, NET_ROOT_FOREIGN, NET_FOREIGN_ROOT},
		{"htb", OURS, true, NET_ROOT_OURS, NET_FINE},
		{"htb", 0x10000, false, NET_ROOT_FOREIGN, NET_FOREIGN_ROOT},
		{"hfsc", OURS, false, NET_ROOT_FOREIGN, NET_FOREIGN_ROOT},
		{"mq", 0, false, NET_ROOT_DEFAULT, NET_MQ_ROOT},
		{"mq", 0x10000, false, NET_ROOT_FOREIGN, NET_FOREIGN_ROOT},
		{"", 0, false, NET_ROOT_UNKNOWN, NET_UNREAD},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node n = {0};
		struct net_device *d = add(&n, 2, "eth0", "");

		strcpy(d->root_kind, cases[i].kind);
		d->root_handle = cases[i].handle;
		d->root_ours = cases[i].ours;
		route(&n, 2);
		assert_int_equal(decide(&n, 0), cases[i].refusal);
		assert_int_equal(n.links.list[0].root, cases[i].root);
		assert_string_equal(n.links.list[0].root_kind, cases[i].kind);
		n.asked.replace_mq = true;
		if (cases[i].refusal == NET_MQ_ROOT)
			assert_int_equal(decide(&n, 0), NET_FINE);
	}
}

TEST(more_uplinks_than_there_is_room_for_are_counted)
{
	struct node n = {0};

	for (int32_t i = 1; i <= NET_LINKS + 2; i++) {
		add(&n, i, "eth0", "");
		route(&n, i);
	}
	(void)decide(&n, 0);
	assert_int_equal(n.links.n, NET_LINKS);
	assert_int_equal(n.links.left_out, 2);
}

static uint64_t speed(int root_fd, const char *name, const char *kind)
{
	struct net_device d = hardware;

	strcpy(d.name, name);
	strcpy(d.kind, kind);
	return net_links_speed(root_fd, &d);
}

TEST(a_speed_is_what_the_driver_says)
{
	char *dir;
	int fd;

	assert_int_equal(tree_make("sys/class/net/eth0/speed = 1000\n"
				   "sys/class/net/eth1/speed = -1\n"
				   "sys/class/net/eth2/speed = 0\n"
				   "sys/class/net/eth3/speed = 400000\n"
				   "sys/class/net/eth4/speed = 4294967295\n"
				   "sys/class/net/eth5/speed = 10x\n",
				   &dir),
			 0);
	fd = tree_open(dir);
	assert_true(fd >= 0);
	assert_true(speed(fd, "eth0", "") == 125000000);
	assert_true(speed(fd, "eth0", "vlan") == 125000000);
	/* It says 10000 whatever it is. */
	assert_true(speed(fd, "eth0", "veth") == 0);
	assert_true(speed(fd, "eth1", "") == 0);
	assert_true(speed(fd, "eth2", "") == 0);
	assert_true(speed(fd, "eth3", "") == UINT64_C(50000000000));
	assert_true(speed(fd, "eth4", "") == 0);
	assert_true(speed(fd, "eth5", "") == 0);
	assert_true(speed(fd, "eth6", "") == 0);
	assert_true(speed(fd, "..", "") == 0);
	close(fd);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_of_a_default_route_is_shaped),
		cmocka_unit_test(the_policys_names_replace_the_routes),
		cmocka_unit_test(without_a_speed_nothing_is_shaped),
		cmocka_unit_test(of_a_vlan_on_a_bond_only_the_top_is_shaped),
		cmocka_unit_test(the_other_end_of_a_veth_is_not_below_it),
		cmocka_unit_test(below_a_device_that_is_not_shaped_the_next_one_is),
		cmocka_unit_test(the_policy_may_know_the_speed_of_the_one_above),
		cmocka_unit_test(a_ring_of_devices_ends),
		cmocka_unit_test(what_is_no_way_out_is_refused),
		cmocka_unit_test(a_root_that_somebody_chose_is_refused),
		cmocka_unit_test(more_uplinks_than_there_is_room_for_are_counted),
		cmocka_unit_test(a_speed_is_what_the_driver_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
