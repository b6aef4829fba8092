// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether somebody is to be evicted now, and whom: on the last rung of a resource's ladder, while what is on its way back is
// not enough, one after another, within the policy's limits. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/pressure.h"
#include "policy/evict.h"
#include "policy/victim.h"

/* For each eviction the resource has to have been short for so long since the one before, with no longer break than this. */
#define EVICT_CHOOSE_STANDS_US 3000000
#define EVICT_CHOOSE_BREAK_US 1500000
/* What was wanted may come back without colod: a pod ends, or a file of its memory is removed. Whether that was enough shows as
 * long after as with an eviction; but who takes and gives all the time does not put it off for ever. */
#define EVICT_CHOOSE_BACK_US 10000000
/* Of the CPU and of disks there is a look each second. */
#define EVICT_CHOOSE_SLOW_BREAK_US 3500000

struct evict_cpu;
struct evict_io;

struct evict_input {
	const struct evict *evict;
	enum resource resource;
	const struct ladder *ladder; /* of that */
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct plan *plan;
	const struct victim_memory *memory; /* by pod->slot, n_memory of them */
	size_t n_memory;
	bool kubernetes; /* there is an API server to ask */
	int64_t now_us;
	const struct io_holds *holds; /* the IO ladder's */
	const struct evict_cpu *cpu;  /* evict_choose_look() */
	const struct evict_io *io;    /* the same */
};

/* Why nobody is asked to go. Text: evict_choose_text(). */
enum evict_not {
	EVICT_NOW, /* somebody is */
	EVICT_NOT_RUNG,
	EVICT_NOT_MEASURED, /* how short memory is nobody knows now */
	EVICT_NOT_NEEDED,   /* nothing more is */
	EVICT_NOT_LONG,	    /* it may be a moment's */
	EVICT_NOT_ENDED,    /* the last one's memory is still to come */
	EVICT_NOT_COOL,	    /* until_us, as all below */
	EVICT_NOT_PER_HOUR,
	EVICT_NOT_OFF,	/* a person has to mend something: off_answer */
	EVICT_NOT_BUSY, /* the API server */
	EVICT_NOT_DOUBT,
	EVICT_NOT_NOBODY, /* no candidate */
	EVICT_NOT_COUNT,
};

struct evict_look {
	enum evict_not why;
	int64_t until_us; /* where `why` ends by itself; 0: it does not say */
	enum resource resource;
	/* Not for memory: for whom somebody goes, and on which disk; "" where that is not known. */
	char waiter[REASON_WHO_SIZE];
	char disk[DISK_NAME_SIZE];
	uint64_t need_rate;	   /* not for memory: who uses less is no help (struct victim) */
	uint64_t need_bytes;	   /* would have to come back, */
	uint64_t need_nodes;	   /* on these memory nodes; 0: on any */
	uint64_t fall_bytes_per_s; /* of the room there */
	uint64_t pending_bytes;	   /* ... and so much of it is on its way */
	uint64_t again; /* EVICT_NOW: this one is asked once more, by its serial; 0: somebody new */
	struct victim_list list;
	size_t at; /* EVICT_NOW, not `again`: the choice, in the list */
};

/* Every pass, before the others: on the last rung of the CPU, or of IO, *ret_cpu or *ret_io is what they all ask, and `in`
 * keeps it; on another one, and for memory, there is nothing to look at. */
void evict_choose_look(struct evict_input *in, struct evict_cpu *ret_cpu, struct evict_io *ret_io);

/* Every pass, before evict_choose_due(): how long memory has been short. */
void evict_choose_see(struct evict *evict, const struct evict_input *in);

/* Whether it is time. The choice needs numbers that cost something to read: it comes after this. */
bool evict_choose_due(const struct evict_input *in, struct evict_look *ret_look);

/* Fills the rest of *look. A victim without which the others would do is not chosen, whatever the order says. */
void evict_choose(const struct evict_input *in, struct evict_look *look);

/* By which way a pod goes; EVICT_WAY_COUNT: by none. A Kubernetes pod is never killed for it while the policy names
 * the API: a kill is for the emergency, or for who wants no other. */
enum evict_way evict_choose_way(const struct policy *policy, const struct pod *pod,
				bool kubernetes);

/* For people: "another one was evicted less than 15 s ago". */
const char *evict_choose_text(enum resource resource, enum evict_not why);
