// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the evictor share: evictor.c (the pass), evictor_ask.c (the ways), evictor_kept.c (what outlives the
// agent), evictor_taint.c, evictor_order.c (what people order).
#pragma once

#include "agent/evict_file.h"
#include "agent/evictor.h"
#include "agent/victim_stats.h"
#include "policy/evict_choose.h"
#include "policy/evict_order.h"
#include "policy/record_evict.h"

/* A pending one, as people and the next agent know it. */
struct evictor_name {
	uint64_t serial; /* 0: free */
	uint64_t inode;
	char path[EVICT_FILE_PATH_SIZE];
	struct evict_call call; /* name "": it is no Kubernetes pod, or an earlier colod asked */
	struct history_record record;
	char who[MANUAL_WHO_SIZE]; /* somebody ordered it; "": nobody did */
};

#define EVICTOR_OUTCOMES 8

/* Of what was ordered, for whoever waits for it. */
struct evictor_outcome {
	uint64_t serial; /* 0: free */
	int result;
	char text[MANUAL_TEXT_SIZE];
};

struct evictor {
	struct evictor_api api; /* evict NULL: none */
	sd_bus *bus;		/* borrowed */
	sd_bus_slot *stopping;	/* a StopUnit that is under way */
	uint64_t stopping_serial;
	struct evict evict;
	struct record_evict record; /* of this pass, where `looked` */
	bool looked;
	struct evict_look look;
	char digest[17]; /* of the policy by which the API server was found */
	bool chosen;	 /* in this pass: look says who */
	struct victim_stats stats;
	bool unmeasured; /* in the last look somebody's memory could not be read */
	struct evictor_name names[EVICT_PENDING];
	struct evict_done done[EVICT_PENDING]; /* answers that came by other ways than the API */
	size_t n_done;
	struct evict_file file; /* as it was read, until it is taken over; then as it is written */
	bool taken_over;
	bool changed; /* the file is not what it should be */
	bool unsaved_said;
	int64_t said_us; /* who it would have been, or why nobody */
	bool taint_up;
	bool taint_asked; /* the last wish */
	int64_t taint_us; /* ... and when; 0: none */
	char taint_why[EVICT_WHY_SIZE];
	struct evict_order order; /* somebody's; one at a time: each makes a pass of its own */
	bool order_given;	  /* it waits for the next pass */
	bool order_looked;	  /* ... which has begun */
	struct history_caller order_caller;
	struct evictor_outcome outcomes[EVICTOR_OUTCOMES];
	size_t next_outcome;
};

struct evictor_name *evictor_name_of(struct evictor *e, uint64_t serial);
/* Gives a pod that is to be asked a place; NULL: there is none, or its path is too long. */
struct evictor_name *evictor_name_it(struct state *s, const struct pod *pod,
				     const struct history_record *record);

/* Asks this pod to go, by its way. What comes of it is an answer, also where it could not even be asked. */
void evictor_ask(struct state *s, const struct pod *pod);
void evictor_ask_answered(struct evictor *e, uint64_t serial, enum evict_answer answer,
			  const char *why);

/* The same once more, where it may still be asked. */
void evictor_ask_again(struct state *s, uint64_t serial);

/* What people order. In the pass: true where somebody is to be asked for it, then nobody else is; and asks. */
bool evictor_order_decide(struct state *s);
void evictor_order_run(struct state *s);
/* What came of it: an answer, or its end. */
void evictor_order_answered(struct state *s, const struct evictor_name *name,
			    const struct evict_done *done);
void evictor_order_over(struct state *s, const struct evictor_name *name,
			const struct evict_over *over);

/* Once: what the agent before this one had under way. */
void evictor_kept_take_over(struct state *s);
/* 0 or -errno. */
int evictor_kept_save(struct state *s);

/* The taint as it should be. Every pass. */
void evictor_taint_pass(struct state *s);
/* Asks for it to be taken off, for good; and waits for that. */
void evictor_taint_off(struct state *s);
void evictor_taint_stop(struct state *s);
