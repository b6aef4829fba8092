// SPDX-License-Identifier: LGPL-2.1-or-later
// A round over the network (agent/net_round.h) with a kernel that says what the test wants (net_case.h), on a node of one uplink
// whose plan has one level, and one pod in cgroup "pod" with process 77.
#pragma once

#include "agent/net_ends.h"
#include "tests/lib/net_case.h"

#define ROUND_CASE_UPLINK 2
#define ROUND_CASE_END 5
/* The number of the pod's namespace. */
#define ROUND_CASE_NSID 4

struct round_case {
	struct net_case net;
	struct net_round *round;
	struct net_round_wanted wanted;
	struct net_round_found found;
	char *dir;
	int fd;
};

void round_case_open(struct round_case *k);
void round_case_close(struct round_case *k);

/* Parts of the answers, in the order in which the kernel is asked. */
void round_case_says_link(struct round_case *k, int32_t ifindex, const char *name, const char *kind,
			  int32_t nsid);
/* Ends the list of links; there are no routes. */
void round_case_says_no_routes(struct round_case *k);
/* A default route. */
void round_case_says_route(struct round_case *k, int32_t ifindex, int flags);
void round_case_says_root(struct round_case *k, int32_t ifindex, bool ours);
void round_case_says_clsact(struct round_case *k, int32_t ifindex);
void round_case_says_ingress(struct round_case *k, int32_t ifindex);
/* All filters of an end: a mark of ours. */
void round_case_says_mark(struct round_case *k, uint32_t mark, uint32_t mask);

/* A class at the uplink, below that of the link. */
void round_case_says_class(struct round_case *k, enum net_tc_class class,
			   const struct net_class *of);

/* A whole look: the uplink and nothing else. */
void round_case_says_uplink(struct round_case *k, bool ours);
/* An uplink that is not ours, and an end of the pod with nothing at it. */
void round_case_says_an_end(struct round_case *k);
/* The answer to what namespace a process is in. */
void round_case_says_nsid(struct round_case *k, int32_t nsid);

/* A police action of this index in a list of them; rate 0: it only counts. */
void round_case_says_bucket(struct round_case *k, uint32_t index, uint64_t rate_bytes_per_s);

/* Runs a round that fails nowhere and finds one uplink. */
void round_case_run(struct round_case *k);

/* The header of the next message of this type that was asked; NULL: no more. */
const struct tcmsg *round_case_asked(struct round_case *k, int type);
