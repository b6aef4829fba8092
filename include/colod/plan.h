// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan: the wanted value of every knob, each with its reason; and the changes that lead
// there, each with what came of it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/cpu_set.h"
#include "colod/knob.h"
#include "colod/level.h"
#include "colod/reason.h"

struct cgroup;
struct pod;
struct decide_tree;

struct plan_entry {
	struct cgroup *cgroup;
	enum knob knob;
	enum effect effect;
	struct knob_value want;
	struct reason reason;
};

enum assignment_state {
	ASSIGNMENT_NONE,    /* no rule matched: never touched */
	ASSIGNMENT_WAITING, /* a rule needs a fact that is not known yet: untouched */
	ASSIGNMENT_LEVEL,
};

struct assignment {
	enum assignment_state state;
	enum level level;
	enum role role;
	int32_t rule;		 /* index into policy->rules, -1 for none */
	const char *waiting_for; /* static text: the name of the missing fact; NULL otherwise */
	bool may_hold;		 /* offline, and enough is known of it for limits and holds */
	bool kept_online;	 /* the rule said offline, but this pod never is (assign.h) */
	bool ordered;		 /* the level is by hand (manual.h), the rule said another */
};

/* Cores of its own, or siblings without offline work: what a pod has of what its level asks for. */
enum cores_state {
	CORES_NOT_ASKED,
	CORES_OWN,	/* cpus: its own */
	CORES_SIBLINGS, /* others pinned it; cpus: siblings that offline work is kept off */
	CORES_REFUSED,
	CORES_STATE_COUNT,
};

struct plan_cores {
	enum cores_state state;
	struct cpu_set cpus;
	struct reason reason; /* for any state but NOT_ASKED */
	/* kept from pass to pass: what the kernel called invalid, and until when it is not tried again */
	uint64_t serial;
	unsigned invalid; /* passes in a row */
	uint64_t why;	  /* value of cpuset.cpus.partition */
	int64_t retry_us;
};

/* Whether an offline pod may be made to stand still while memory runs out (policy/freeze.h). */
enum freeze_state {
	FREEZE_NOT_ASKED, /* not offline, or no step of the policy's */
	FREEZE_REFUSED,	  /* never, as things are */
	FREEZE_RESTS,	  /* it was a moment ago */
	FREEZE_MAY,
	FREEZE_DUE, /* it is to be frozen now, as far as the mode allows it */
	FREEZE_STATE_COUNT,
};

struct plan_freeze {
	enum freeze_state state;
	struct reason reason; /* for any state but NOT_ASKED */
	uint64_t most_us;     /* at a time; 0 unless it may */
	bool grows;	      /* so that freezing it would help */
	uint64_t growth_bytes_per_s;
	/* kept from pass to pass */
	uint64_t serial;
	int64_t since_us; /* DUE since; 0: it is not */
	int64_t ended_us; /* DUE until; 0: never was */
	uint64_t was_us;  /* for so long, then */
	bool stood;	  /* it was seen frozen since then */
	bool ordered;	  /* by hand (manual.h), not by the ladder */
};

/* How far a held pod may have grown by now (policy/growth_line.h); kept from pass to pass while it is held. */
struct plan_growth {
	uint64_t serial;
	uint64_t line_bytes;
	int64_t line_us;	    /* of that; 0: there is none */
	uint64_t wants_bytes_per_s; /* what it would take if it were not held: the most that was seen since */
	int64_t met_us; /* it last stood at its bound, or was frozen; 0: it has not since it is held */
};

/* An online pod that may have memory of these nodes alone (policy/memory_bounds.h). */
struct plan_bound {
	uint64_t nodes;
	uint32_t slot;
	uint64_t serial;
};

#define PLAN_BOUNDS_MAX 16

/* Something to be done once, not a value that stays: so many bytes are wanted back by reclaim. */
struct plan_act {
	struct cgroup *cgroup; /* of an offline pod */
	uint64_t bytes;
	uint64_t nodes; /* only what lies there counts; 0: all of it does */
	struct reason reason;
};

#define PLAN_ACTS_MAX 16

struct plan {
	struct plan_entry *entries; /* owned; at most one per cgroup and knob */
	size_t n_entries;
	size_t cap_entries;
	struct assignment *assignments; /* by pod->slot; owned */
	size_t n_assignments;
	size_t cap_assignments;
	struct plan_act acts[PLAN_ACTS_MAX]; /* of this pass */
	size_t n_acts;
	struct plan_bound bounds[PLAN_BOUNDS_MAX]; /* each set of nodes once */
	size_t n_bounds;
	/* Kept from pass to pass: the memory ladder is up, and of which memory nodes the room is that it goes by (0: the machine's). */
	bool room_up;
	uint64_t room_nodes;
	struct plan_cores *cores; /* by pod->slot; owned */
	size_t n_cores;
	size_t cap_cores;
	struct plan_freeze *freezes; /* by pod->slot; owned */
	size_t n_freezes;
	size_t cap_freezes;
	struct plan_growth *growths; /* by pod->slot; owned */
	size_t n_growths;
	size_t cap_growths;
	uint32_t *index; /* for plan_find(); owned, policy/plan.c alone reads it */
	size_t n_index;
	struct decide_tree *tree; /* working memory of the deciders, kept between passes; owned */
};

enum change_kind {
	CHANGE_WRITE,
	CHANGE_RESTORE, /* the original comes back, ownership ends */
	CHANGE_FORGET,	/* somebody else wrote since: left alone, ownership ends */
};

/* Why the kernel did not take a value. */
enum refusal {
	REFUSAL_NONE,
	REFUSAL_GONE,	       /* the cgroup vanished: normal */
	REFUSAL_NO_CONTROLLER, /* the controller is not enabled in the parent's subtree_control */
	REFUSAL_NO_KNOB,       /* this kernel lacks the file */
	REFUSAL_NO_DISK,       /* the disk went */
	REFUSAL_INVALID,       /* EINVAL or ERANGE */
	REFUSAL_DENIED,	       /* EACCES, EPERM, EROFS */
	REFUSAL_BUSY,
	REFUSAL_DIFFERS,   /* written, but something else was read back */
	REFUSAL_NO_RECORD, /* the original could not be recorded, so nothing was written */
	REFUSAL_OTHER,
	REFUSAL_COUNT,
};

struct change {
	struct cgroup *cgroup;
	enum knob knob;
	enum effect effect;
	enum change_kind kind;
	struct knob_value had;
	struct knob_value want;
	struct reason reason;
	/* the outcome, filled by apply */
	bool done;
	int error; /* 0 or -errno */
	enum refusal refusal;
	struct knob_value got; /* read back */
};

struct changes {
	struct change *list; /* owned */
	size_t n;
	size_t cap;
	size_t n_withheld; /* of the diff, not in the list: the mode does not allow them */
};
