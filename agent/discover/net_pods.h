// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's end of each interface of a pod, without entering the pod's network namespace: the kernel tells the number by which it calls
// the namespace of a process here (RTM_GETNSID), and of each veth of this namespace the number of the one that its other end is in. An
// index alone says nothing: every namespace counts its interfaces from 1.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "agent/base/netlink.h"
#include "agent/discover/net_links.h"

/* Processes of a pod that are asked about, each of another container. */
#define NET_PODS_TRIES 4

/* A cgroup's processes are read before and after the question: one that ended meanwhile, and whose number another one may have now, says nothing. */
struct net_pods {
	struct netlink *nl;	     /* borrowed */
	struct net_devices *devices; /* borrowed; of a look before the question */
	int root_fd;		     /* "/", borrowed */
	int cgroup_fd;		     /* where cgroup2 is mounted, borrowed */
};

/* Fills in all of *ret but its serial; *ret_nsid is the namespace's number, NET_NO_NSID where it has none. 0, or -errno where the kernel
 * did not answer (netlink_is_lost()) or descriptors or memory are short (-EMFILE, -ENFILE, -ENOMEM); then nothing was found out. */
int net_pods_find(const struct net_pods *pods, const char *cgroup_path, struct net_pod *ret,
		  int32_t *ret_nsid);

/* The veths of this namespace whose other end is in namespace `nsid`. Pure. */
void net_pods_match(const struct net_devices *devices, int32_t nsid, struct net_pod *ret);

/* Whether all of them are still there and lead to that namespace, and no others do. Pure. */
bool net_pods_stands(struct net_devices *devices, int32_t nsid, const struct net_pod *pod);

/* The answer to RTM_GETNSID: the number; NET_NO_NSID: none is given; or -EBADMSG. Pure. */
int net_pods_read_nsid(const struct nlmsghdr *answer, int32_t *ret_nsid);
