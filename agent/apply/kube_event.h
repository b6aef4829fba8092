// SPDX-License-Identifier: LGPL-2.1-or-later
// A v1 Event about a pod or this node, for those who look at the cluster and not at the node.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/apply/kube_ask.h"
#include "colod/evict.h"

#define KUBE_EVENT_REASON_SIZE 64
#define KUBE_EVENT_MESSAGE_SIZE 512

struct kube_event {
	/* All "": about this node. */
	char namespace[EVICT_NAMESPACE_SIZE];
	char name[EVICT_NAME_SIZE];
	char uid[EVICT_UID_SIZE];
	bool warning;
	char reason[KUBE_EVENT_REASON_SIZE]; /* one word, as Evicted */
	char message[KUBE_EVENT_MESSAGE_SIZE];
	int64_t wall_us; /* when it happened, CLOCK_REALTIME */
};

/* Whether it can be about such a pod, or the node, and has a reason of letters and digits. */
bool kube_event_is_valid(const struct kube_event *event);

/* Sends it and waits. `nth` makes its name its own beside those of the same moment. `why` is "" where the API server
 * has it, else cause and fix in one sentence. */
void kube_event(struct kube_ask *ask, const struct kube_event *event, uint32_t nth,
		char why[KUBE_ASK_WHY_SIZE]);
