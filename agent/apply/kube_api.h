// SPDX-License-Identifier: LGPL-2.1-or-later
// Questions to the API server, asked by a thread of its own: evictions first, then the taint, then events. An
// eviction ends an event or a taint that is under way; the taint is begun anew afterwards, the event is lost.
// Nothing here decides who is evicted, and nothing is asked twice: that is the caller's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/apply/kube_ask.h"
#include "agent/apply/kube_event.h"
#include "agent/apply/kube_taint.h"
#include "colod/evict.h"

#define KUBE_API_EVICTIONS 8
#define KUBE_API_EVENTS 16

struct kube_api;

/* Since it began. */
struct kube_api_count {
	uint64_t evictions;   /* answered, whatever the answer was */
	uint64_t events;      /* that the API server has */
	uint64_t events_lost; /* no place, too many a minute, refused, or given up for an eviction */
	char event_why[KUBE_ASK_WHY_SIZE]; /* why the last one is not there; "" when it is */
};

/* Starts the thread; asks nothing yet. `event_fd` is borrowed, a non-blocking eventfd that is raised when an answer
 * is there; -EBADF for none. Where the place is not known (api NULL, node ""), each answer says so. 0 or -errno. */
int kube_api_new(const struct kube_place *place, int event_fd, struct kube_api **ret_api);

/* Drops what waits, cuts short what is under way, and ends within about a second, whatever the server does; accepts
 * NULL. */
void kube_api_free(struct kube_api *api);

/* Waits until no eviction and no taint waits or is under way, but not longer than this: for the end of the agent.
 * True when it is so. */
bool kube_api_settle(struct kube_api *api, uint32_t wait_ms);

/* 0; -EBUSY: as many are asked, or not taken back, as there is place for; -EINVAL: no pod can be called so. */
int kube_api_evict(struct kube_api *api, const struct evict_call *call);
/* The next eviction that was answered, in their order; false for none. */
bool kube_api_next_evicted(struct kube_api *api, struct evict_done *ret_done);

/* The taint as it should be. A later wish replaces an earlier one that was not begun, and its outcome one that was
 * not taken. 0. */
int kube_api_taint(struct kube_api *api, bool wanted);
bool kube_api_next_tainted(struct kube_api *api, struct kube_taint_done *ret_done);

/* 0; -EBUSY: no place, -EAGAIN: too many of late; both are counted as lost. -EINVAL: no pod or reason can be called
 * so. Nobody is told of what came of it but by the count. */
int kube_api_event(struct kube_api *api, const struct kube_event *event);

struct kube_api_count kube_api_counts(struct kube_api *api);

/* One question that changes nothing (GET /version, which any account may ask), once nothing else waits: whatever keeps the
 * server from being asked is known before somebody has to go, and what libcurl and TLS need is in memory then. Asked
 * again each minute until some answer came. */
void kube_api_greet(struct kube_api *api);
/* What came of it since the last call; false for nothing. "" where there was an answer that knows this agent, else why
 * not (KUBE_ASK_WHY_SIZE). */
bool kube_api_next_greeted(struct kube_api *api, char *ret_why);

/* For tests: shorter time-outs. Before the first question. */
void kube_api_set_limits(struct kube_api *api, const struct https_limits *limits);
/* For tests: a greeting is repeated sooner. Before the first one. */
void kube_api_set_greet_again(struct kube_api *api, uint32_t ms);
