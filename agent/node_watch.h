// SPDX-License-Identifier: LGPL-2.1-or-later
// The labels of this node, for files of the policy that hold only on nodes with a label: told by the API
// server, asked for only where such a file is there, and asked again now and then. What a person writes
// into /etc/colod/node-labels comes first and needs nobody (policy_files.c).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/discover/kubelet.h"
#include "agent/discover/kubelet_place.h"
#include "colod/policy.h"

#define NODE_WATCH_US (300 * 1000000ll)		/* from one answer to the next question */
#define NODE_WATCH_RETRY_US (5 * 1000000ll)	/* after a failure; doubled up to the former */
#define NODE_WATCH_FILE "run/colod/node-labels" /* what was told, for coloctl */

/* Starts zeroed. */
struct node_watch {
	int root_fd; /* borrowed */
	bool may_ask;
	struct kubelet *worker; /* made for the first question */
	struct kubelet_place place;
	bool asks;		  /* the policy has such a file, and says that a kubelet is there */
	bool stale;		  /* the answer under way is about another node or server */
	bool again;		  /* the answer under way may be older than the last reload */
	bool rereads;		  /* other labels have come, and for them the policy is read */
	struct node_labels *told; /* NULL: nobody has, yet */
	uint32_t failures;
	int64_t next_us;
	char why[KUBELET_WHY_SIZE]; /* why told is not what it should be; "" for nothing */
};

/* `may_ask`: false over a recorded tree, whose node is another one. */
void node_watch_start(struct node_watch *watch, int root_fd, bool may_ask);
void node_watch_stop(struct node_watch *watch);

/* A policy was read, and may wait for labels. Whoever reads one anew is answered anew: the next update
 * asks, unless it was read because of the answer. Another server, or another name of this node, makes the
 * labels unknown again, and so does a policy that has no use for them. */
void node_watch_policy(struct node_watch *watch, const struct policy *policy);

/* A reading of the policy, in which node_watch_policy() may be called more than once, is over: the next one
 * has another reason. */
void node_watch_read(struct node_watch *watch);

/* Takes an answer that has come, and asks where it is time to; never waits. True when the labels are others
 * than before: the policy is to be read again. A silent server changes nothing: what was told stays. */
bool node_watch_update(struct node_watch *watch, int64_t now_us);

/* Why there are none, as a phrase; for who shows the policy that waits. */
const char *node_watch_why(const struct node_watch *watch);
