// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/discover/net_users.h"

#include <stdio.h>

#include "tests/lib/test.h"

static uint32_t seen(const char *a, const char *b)
{
	struct net_device list[2] = {{.ifindex = 1}, {.ifindex = 2}};
	const struct net_devices devices = {.list = list, .n = 2};

	(void)snprintf(list[0].name, sizeof(list[0].name), "%s", a);
	(void)snprintf(list[1].name, sizeof(list[1].name), "%s", b);
	return net_users_seen(&devices);
}

TEST(each_is_known_by_the_names_of_its_devices)
{
	assert_int_equal(seen("eth0", "cali0123456789a"), 1u << NET_USER_CALICO);
	assert_int_equal(seen("vxlan.calico", "eth0"), 1u << NET_USER_CALICO);
	assert_int_equal(seen("cilium_host", "eth0"), 1u << NET_USER_CILIUM);
	assert_int_equal(seen("eth0", "eni0a1b2c3d4e5"), 1u << NET_USER_AWS);
	assert_int_equal(seen("tailscale0", "cilium_net"),
			 1u << NET_USER_TAILSCALE | 1u << NET_USER_CILIUM);
}

TEST(nobody_is_seen_in_what_looks_alike)
{
	assert_int_equal(seen("eth0", "veth0a1b2c3"), 0);
	assert_int_equal(seen("mycali0", "enp3s0"), 0);
	assert_int_equal(seen("tail0", "ciliu"), 0);
}

TEST(wireguard_is_known_by_its_kind)
{
	struct net_device list[] = {
		{.ifindex = 1, .name = "wg0", .kind = "tun", .up = true},
		{.ifindex = 2, .name = "down", .kind = "wireguard"},
		{.ifindex = 3, .name = "mesh", .kind = "wireguard", .up = true},
		{.ifindex = 4, .name = "more", .kind = "wireguard", .up = true}};
	struct net_devices devices = {.list = list, .n = 4};
	char name[NET_NAME_SIZE];

	net_users_wireguard(&devices, name);
	assert_string_equal(name, "mesh");
	devices.n = 2;
	net_users_wireguard(&devices, name);
	assert_string_equal(name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_known_by_the_names_of_its_devices),
		cmocka_unit_test(nobody_is_seen_in_what_looks_alike),
		cmocka_unit_test(wireguard_is_known_by_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
