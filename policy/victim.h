// SPDX-License-Identifier: LGPL-2.1-or-later
// Whom a memory kill would take, and what that would give back. Pure: it decides nothing about when, and its
// memory is the caller's struct. Never a candidate: online work, pods whose facts are not known, static and
// mirror pods, colod, the kubelet, the runtime, what the system runs in, a pod that holds another one, and
// a pod whose loss frees nothing. When unsure, a pod is left out and the reason is kept.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/sample.h"

/* How many candidates, and how many of those left out, are kept with their numbers. */
#define VICTIM_LIST 8
/* A pod that would give back less is not killed for it. */
#define VICTIM_LEAST_BYTES (8u << 20)
/* Of many that grow each is smaller than one that rests; killing that one would stop nothing. */
#define VICTIM_SOON_S 10u
/* What was measured longer ago says nothing of a pod that grows. */
#define VICTIM_STALE_US 5000000
/* A pod whose kill did not end, or was refused, is no candidate for so long. */
#define VICTIM_REST_US 30000000
#define VICTIM_RESTING 16
/* The next victim not before 80 % of what was expected is back, or this much later. */
#define VICTIM_PATIENCE_US 2000000

/* What one pod's memory.stat said: an entry of an array by pod->slot. */
struct victim_memory {
	uint64_t serial; /* of the pod it is about */
	int64_t at_us;	 /* when it was read; 0: never */
	uint64_t anon_bytes;
	uint64_t shmem_bytes; /* tmpfs and emptyDir Memory too: stays until the pod is deleted */
	/* Where only some memory nodes count, the two above are what lies there, and this is all that it has there; and what of
	 * anon and shmem lies elsewhere. */
	uint64_t there_bytes;
	uint64_t elsewhere_bytes;
};

/* Why a pod is no candidate. Text: victim_out_text(). */
enum victim_out {
	VICTIM_NO_RULE,	     /* no rule gave it a level */
	VICTIM_ONLINE,	     /* by its level */
	VICTIM_NO_FACTS,     /* not told yet what it is, or nobody is there to tell */
	VICTIM_STATIC,	     /* static or mirror pod */
	VICTIM_PROTECTED,    /* the system runs in it, or it is never offline */
	VICTIM_HOLDS_OTHERS, /* another pod is inside, or something that could not be looked at */
	VICTIM_DELETING,     /* goes already */
	VICTIM_RESTS,	     /* its kill is under way, or came to nothing lately */
	VICTIM_ASKED,	     /* it was asked to go, or that was refused, a moment ago */
	VICTIM_NO_WAY,	     /* no way that the policy names fits a pod of its kind */
	VICTIM_NOT_MEASURED, /* nobody knows now what it would free */
	VICTIM_ELSEWHERE, /* next to nothing of what it has lies on the memory nodes that run short */
	VICTIM_FREES_NOTHING, /* less than VICTIM_LEAST_BYTES, or than it takes to be missed */
	VICTIM_NO_HOLD,	      /* its level may not even be held for this resource */
	VICTIM_OUT_COUNT,
};

struct victim {
	const struct pod *pod; /* valid for the pass */
	enum level level;
	uint64_t estimate_bytes; /* what killing it frees */
	uint64_t usage_bytes;	 /* newest measured; 0: not measured */
	uint64_t soon_bytes;	 /* ... and what it grows by in VICTIM_SOON_S */
	/* What it takes in a second, or would if it were not held, of what does not come back by itself as file pages do. 0:
	 * it takes nothing, or that was not measured. */
	uint64_t takes_bytes_per_s;
	uint64_t over_request_bytes; /* of those; 0 where the request is not known */
	uint64_t born; /* the larger the newer: the inode of its cgroup, which the kernel counts up */
	int64_t cost; /* controller.kubernetes.io/pod-deletion-cost; 0 without one */
	bool grows; /* by enough to matter, and those of its level that do are what takes the room */
	bool asks_to_stay; /* cluster-autoscaler.kubernetes.io/safe-to-evict: "false" */
	/* Where it goes for a resource that is used and not kept, rate_of (the CPU: in thousandths of one; a disk: KiB a
	 * second): what it uses of that where whoever waits could, and of this what is beyond its request. rate 0: it goes for memory, see above. */
	uint64_t rate;
	uint64_t over_request_rate;
	enum resource rate_of;
};

struct victim_left {
	const struct pod *pod; /* valid for the pass */
	enum victim_out why;
	uint64_t usage_bytes; /* newest measured; 0: not measured */
};

/* What put the first candidate before the second. */
enum victim_by {
	VICTIM_BY_NONE,	 /* nobody is left */
	VICTIM_BY_ALONE, /* the only one */
	VICTIM_BY_LEVEL,
	VICTIM_BY_ORDER, /* the policy's order: `key` */
	VICTIM_BY_PATH,	 /* alike in everything: the path of the cgroup */
};

struct victim_list {
	struct victim list[VICTIM_LIST]; /* the first is the choice */
	size_t n;
	size_t n_candidates; /* also those beyond the list */
	enum victim_by by;
	enum evict_key key;		      /* with VICTIM_BY_ORDER */
	struct victim_left left[VICTIM_LIST]; /* of offline work: the largest that were left out */
	size_t n_left;
	uint32_t n_out[VICTIM_OUT_COUNT]; /* how many pods, by reason */
	uint64_t pending_bytes; /* what offline pods that are being deleted will give back, as far as measured */
};

/* What happened to earlier victims. Zeroed: nothing yet. */
struct victim_state {
	int64_t at_us; /* of the last; 0: none */
	uint64_t estimate_bytes;
	struct victim_resting {
		uint64_t serial; /* 0: free */
		int64_t until_us;
	} resting[VICTIM_RESTING];
};

/* Who is left out of an eviction, and until when. */
struct victim_left_out {
	uint64_t serial; /* 0: free */
	int64_t until_us;
	uint32_t answer; /* enum evict_answer; accepted: it was still there when its time was over */
	uint32_t back; /* 0 or 1: it was back from an eviction itself (struct evict_pending.returned) */
};

/* For another resource than memory: what a pod uses of it. Fills the rates of *victim; VICTIM_OUT_COUNT: it may go for it,
 * as far as that says; else why not. */
struct victim_rates {
	enum victim_out (*look)(const void *context, const struct pod *pod, struct victim *victim);
	const void *context;
};

struct victim_input {
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct plan *plan;	    /* its assignments */
	const struct victim_memory *memory; /* by pod->slot, n_memory of them */
	size_t n_memory;
	const struct victim_state *state;	/* NULL: no earlier victim */
	const struct victim_left_out *left_out; /* n_left_out of them */
	size_t n_left_out;
	uint32_t no_way;    /* 1 << enum pod_kind: of these nobody */
	enum evict_way way; /* EVICT_KUBERNETES: shmem of Kubernetes pods counts too */
	const struct victim_rates *rates; /* NULL: it is for memory */
	uint64_t nodes; /* memory nodes: only what lies there counts; 0: all of it does */
	uint64_t fall_bytes_per_s; /* of the room there; 0: it does not fall, or nobody knows */
	int64_t now_us;
};

/* Fills *ret_list. The order: lowest level first whatever the policy says, then the keys of its
 * `evict.order` (over-request and usage: of those that have any what grows before what rests, then soon most first; newest;
 * cost: least first), then the path. */
void victim_choose(const struct victim_input *in, struct victim_list *ret_list);

/* By what it is, and what was done to it, whatever it would free: why this pod is never one; VICTIM_OUT_COUNT: nothing
 * speaks against it. */
enum victim_out victim_judge(const struct victim_input *in, const struct pod *pod);

/* Whether this order of a policy looks at this annotation of pods. */
bool victim_reads(const struct evict_policy *evict, const char *key);

/* Negative: a goes before b, by *ret_by and *ret_key (where that is VICTIM_BY_ORDER). */
int victim_compare(const struct evict_policy *evict, const struct victim *a, const struct victim *b,
		   enum victim_by *ret_by, enum evict_key *ret_key);

/* This one is killed now. */
void victim_taken(struct victim_state *state, const struct victim *victim, int64_t now_us);

/* Its kill is over: `dead`, or it was refused or did not end in time. */
void victim_ended(struct victim_state *state, uint64_t serial, bool dead, int64_t now_us);

enum victim_wait {
	VICTIM_WAIT, /* not yet */
	VICTIM_FIRST,
	VICTIM_FREED,	/* 80 % of the estimate is back */
	VICTIM_OVERDUE, /* VICTIM_PATIENCE_US have passed */
};

/* Whether another victim may be taken; freed_bytes: what is measured to be back since the last one. */
enum victim_wait victim_may_go_on(const struct victim_state *state, int64_t now_us,
				  uint64_t freed_bytes);

/* Whether a cgroup of this name (the last part of a path; "" for the root) holds the system, many pods, or
 * one of the programs that colod must not harm. Such a cgroup is never killed, whoever asks. */
bool victim_is_system_name(const char *name);

/* For people, to go behind a pod's name: "is online". "?" out of range. */
const char *victim_out_text(enum victim_out out);
