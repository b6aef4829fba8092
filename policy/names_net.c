// SPDX-License-Identifier: LGPL-2.1-or-later
// See names_net.h.
#include "policy/names_net.h"

#include "policy/names_table.h"

static const char *const refusals[NET_REFUSAL_COUNT] = {
	[NET_FINE] = "fine",
	[NET_NO_SPEED] = "no-speed",
	[NET_MQ_ROOT] = "mq-root",
	[NET_FOREIGN_ROOT] = "foreign-root",
	[NET_FOREIGN_MARK] = "foreign-mark",
	[NET_LOWER] = "lower-device",
	[NET_NO_MODULE] = "no-module",
	[NET_KIND] = "kind",
	[NET_TOO_MANY] = "too-many",
	[NET_NAMED_GONE] = "not-there",
	[NET_HOST_NETWORK] = "host-network",
	[NET_NOT_FOUND] = "no-host-end",
	[NET_FOREIGN_CLSACT] = "foreign-clsact",
	[NET_CNI_BANDWIDTH] = "cni-bandwidth",
	[NET_NO_PROCESS] = "no-process",
	[NET_HOST_DENIED] = "host-denied",
	[NET_FOREIGN_PROGRAM] = "foreign-program",
	[NET_UNREAD] = "unread",
	[NET_DENIED] = "denied",
};

static const char *const speeds[NET_SPEED_FROM_COUNT] = {
	[NET_SPEED_UNKNOWN] = "unknown",
	[NET_SPEED_POLICY] = "policy",
	[NET_SPEED_LINK] = "link",
};

static const char *const roots[NET_ROOT_COUNT] = {
	[NET_ROOT_UNKNOWN] = "unknown",
	[NET_ROOT_DEFAULT] = "default",
	[NET_ROOT_OURS] = "ours",
	[NET_ROOT_FOREIGN] = "foreign",
};

static const char *const polices[NET_POLICE_COUNT] = {
	[NET_POLICE_OFF] = "off",
	[NET_POLICE_MODE] = "mode",
	[NET_POLICE_TUNNELS] = "tunnels",
	[NET_POLICE_ON] = "on",
};

static const char *const users[NET_USER_COUNT] = {
	[NET_USER_KUBE_PROXY] = "kube-proxy", [NET_USER_PORTMAP] = "portmap",
	[NET_USER_CALICO] = "Calico",	      [NET_USER_CILIUM] = "Cilium",
	[NET_USER_AWS] = "AWS VPC CNI",	      [NET_USER_TAILSCALE] = "Tailscale",
};

NAMES(net_refusal, enum net_refusal, refusals)
NAMES(net_speed_from, enum net_speed_from, speeds)
NAMES(net_root, enum net_root, roots)
NAMES(net_police, enum net_police, polices)
NAMES(net_user, enum net_mark_user, users)
