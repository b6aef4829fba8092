// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_users.h.
#include "agent/discover/net_users.h"

#include <string.h>

/* As their own programs name them, unless configured otherwise. A pod may not choose the name of its host end. */
static const struct {
	const char *prefix;
	enum net_mark_user user;
} names[] = {
	{"cali", NET_USER_CALICO},	   /* caliXXXXXXXXXXX, the host end of a pod */
	{"vxlan.calico", NET_USER_CALICO}, /* its overlay */
	{"cilium_", NET_USER_CILIUM},	   /* cilium_host, cilium_net, cilium_vxlan */
	{"lxc_health", NET_USER_CILIUM},   /* its probe */
	{"eni", NET_USER_AWS}, /* eniXXXXXXXXXXX, the host end of a pod of the VPC CNI */
	{"tailscale", NET_USER_TAILSCALE}, /* tailscale0 */
};

uint32_t net_users_seen(const struct net_devices *devices)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < devices->n; i++)
		for (size_t u = 0; u < sizeof(names) / sizeof(names[0]); u++)
			if (strncmp(devices->list[i].name, names[u].prefix,
				    strlen(names[u].prefix)) == 0)
				seen |= 1u << names[u].user;
	return seen;
}

void net_users_wireguard(const struct net_devices *devices, char ret_name[NET_NAME_SIZE])
{
	memset(ret_name, 0, NET_NAME_SIZE);
	for (size_t i = 0; i < devices->n && !ret_name[0]; i++)
		if (devices->list[i].up && strcmp(devices->list[i].kind, "wireguard") == 0)
			memcpy(ret_name, devices->list[i].name, NET_NAME_SIZE);
}
