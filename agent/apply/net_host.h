// SPDX-License-Identifier: LGPL-2.1-or-later
// The mark of a pod in the host's network. It has no interface of its own to be marked at, so a small program at its cgroup sets the bits on
// what its sockets send, on the way to the uplink and after the routes and the firewall have had their say.
//
// The link of the program (agent/base/egress_link.h) is this process's alone: when its last descriptor is closed the kernel takes the program
// away, however the process ended. So nothing is left to be found, to be given back or to be doubled: one that comes back puts a new one there, and
// until then those pods send without a mark. (To find an attached program by its number takes CAP_SYS_ADMIN, which colod does without.)
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "colod/net.h"

#define NET_HOST_NAME "colod_mark"
#define NET_HOST_CODE 6

/* What of ours is at a pod's cgroup. */
struct net_host {
	int link_fd; /* -EBADF: nothing */
	uint32_t mark, mask;
};

enum net_host_do {
	NET_HOST_KEEP,
	NET_HOST_ADD,
	NET_HOST_CHANGE, /* in place */
	NET_HOST_REMOVE,
};

/* --- pure --- */

/* mark = mark & ~mask | bits of it; the packet goes on. */
void net_host_code(uint32_t mark, uint32_t mask, struct bpf_insn ret[NET_HOST_CODE]);

/* From what is there to what is wanted; mask 0: nothing. */
enum net_host_do net_host_plan(const struct net_host *found, bool wanted, uint32_t mark,
			       uint32_t mask);

/* What an error says of why the pod has no mark; NET_FINE: of a moment, or the pod has gone. */
enum net_refusal net_host_refusal(int error);

/* --- with the kernel --- */

/* Whether the program runs; where it does not any more, *at has none. */
bool net_host_look(struct net_host *at);

/* Whether anybody's program, at the cgroup or above it, allows none beside it: one of ours would be refused, or be in its way. 1, 0 or -errno;
 * -ENOENT: the cgroup has gone. */
int net_host_is_taken(int cgroup_fd, const char *path);

/* Makes one step; with NET_HOST_REMOVE always 0. Else 0 or -errno, and what was there stays. */
int net_host_run(struct net_host *at, enum net_host_do what, int cgroup_fd, const char *path,
		 uint32_t mark, uint32_t mask);
