// SPDX-License-Identifier: LGPL-2.1-or-later
// The last rung of a ladder, memory's or the CPU's: offline pods are asked to go, through Kubernetes, systemd, or by cgroup.kill where
// neither owns them. Whom, when and how often: policy/evict_choose.h. In a lower mode than full it is only said who it
// would have been. And whom a person orders to go (evictor_order.c). What is under way is in /run/colod/evictions, for the agent after this one.
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "agent/apply/kill_act.h"
#include "agent/apply/kube_event.h"
#include "agent/state.h"
#include "colod/evict.h"
#include "colod/manual_ask.h"
#include "policy/victim.h"

struct evictor;

/* What came of a wish for the taint. */
struct evictor_tainted {
	bool wanted;
	bool done;
	char why[EVICT_WHY_SIZE]; /* cause and fix; "" for none */
};

/* An API server. Nothing here blocks but settle(). */
struct evictor_api {
	void *context;
	int (*evict)(void *context, const struct evict_call *call);
	bool (*next)(void *context, struct evict_done *ret_done);
	int (*taint)(void *context, bool wanted);
	bool (*next_tainted)(void *context, struct evictor_tainted *ret_done);
	/* Tells the cluster, as far as it listens. */
	int (*event)(void *context, const struct kube_event *event);
	/* Waits until nothing is under way, at most so long. */
	void (*settle)(void *context, uint32_t wait_ms);
	void (*free)(void *context);
};

/* After killer_new(), whose threads it uses. 0 or -errno. */
int evictor_new(struct state *state);

/* Nobody is asked any more; asks for the taint to be taken off, and waits for nothing: holds are to be ended first. */
void evictor_stop(struct state *state);

/* Takes the taint off the node, waiting for that for a moment. Accepts NULL. */
void evictor_free(struct state *state, struct evictor *evictor);

/* From here on this API server; NULL: none. Copied; freed when another one, or the end, comes. */
void evictor_use_api(struct state *state, const struct evictor_api *api);
/* The bus that leads to systemd; NULL: none. What is under way there is given up, as not known. */
void evictor_use_bus(struct state *state, sd_bus *bus);

/* Takes up what was answered and what is over, and looks whether somebody is to go, and who. After the pass has decided. */
void evictor_decide(struct state *state);
/* Who was evicted and is back, for the next pass: once this one is recorded, which was decided by what it was before. */
void evictor_see_returned(struct state *state);
/* What it was decided from in this pass; NULL: nobody was looked for. */
struct record_evict;
const struct record_evict *evictor_look(const struct state *state);
/* Asks. At the end of the same pass. */
void evictor_run(struct state *state);

/* Somebody orders that this pod goes; the next pass asks it. 0, or -EPERM with one sentence why not. Not bound by the
 * limits that bind the agent's own evictions, but counted in them. */
int evictor_order(struct state *state, const struct pod *pod, const struct history_caller *caller,
		  struct manual_answer *ret_answer);
/* What became of what was ordered last for this pod, with one sentence: 0: it goes, or is gone; -EPERM: it stays;
 * -EAGAIN: that is not known yet, and there is no sentence. */
int evictor_ordered(const struct state *state, uint64_t serial, struct manual_answer *ret_answer);
/* What was decided of an order in this pass; NULL: there was none. */
struct evict_order;
const struct evict_order *evictor_order_look(const struct state *state);

/* For an emergency that kills this pod: what is in its tmpfs comes back only when the pod is deleted. Whether that can be
 * asked for; asks, beyond all limits (0 or -errno); and whether it was refused, or taken up. */
bool evictor_may_delete(const struct state *state, const struct pod *pod);
int evictor_delete(struct state *state, const struct victim *victim,
		   const struct history_record *record);
enum evictor_deletion {
	EVICTOR_DELETION_ASKED,
	EVICTOR_DELETION_TAKEN_UP,
	EVICTOR_DELETION_REFUSED,
};
enum evictor_deletion evictor_deletion(const struct state *state, uint64_t serial);

/* A kill that the killer made for it is over. */
void evictor_killed(struct state *state, const struct kill_done *done);

/* Whether estimates were wrong so often that this resource is only protected; a person trusts them again. */
bool evictor_doubts(const struct state *state, enum resource resource);
void evictor_trust(struct state *state, enum resource resource);

/* Whether a PodDisruptionBudget keeps this pod from being evicted now. */
bool evictor_budget_keeps(const struct state *state, uint64_t serial);
