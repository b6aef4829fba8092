// SPDX-License-Identifier: LGPL-2.1-or-later
// History: every write and step as a record, for people: when, what, from, to, why, who asked. A
// record is made once, when the thing is done (or, in mode observe, would have been done), and is
// printed as it stands; nothing in it is worked out again later.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/level.h"

#include "colod/knob.h"
#include "colod/pod.h"

#define HISTORY_WHAT_SIZE 256
#define HISTORY_KNOB_SIZE 32
#define HISTORY_VALUE_SIZE 64
#define HISTORY_WHY_SIZE 384
#define HISTORY_COMM_SIZE 16
#define HISTORY_NUMBERS_SIZE 384

/* In braces: what the record says in `what`, `knob`, `from` and `to`. */
enum history_kind {
	HISTORY_WRITE,	 /* {cgroup path, knob, value before, value after} */
	HISTORY_RESTORE, /* the original is back; as WRITE */
	HISTORY_LEFT,	 /* an original was not put back; from: colod's value, to: what is there */
	HISTORY_REFUSED, /* the kernel or systemd did not take a value; to: what was wanted */
	HISTORY_DRIFT,	 /* somebody else wrote over colod's value; from: colod's, to: theirs */
	HISTORY_FIGHT, /* that went on beyond its bound, colod steps back; as DRIFT; over: no `to` */
	HISTORY_PROPERTY, /* a systemd unit was told: {unit, property, …} */
	HISTORY_RUNG,	  /* {resource, "", rung, rung} */
	HISTORY_MODE,	  /* {"mode" or a resource, "", mode, mode} */
	HISTORY_POLICY,	  /* loaded or rejected: {files, "", "", "loaded" or "rejected"} */
	/* {"facts", "", "awaited", "silent" or "known", the same}; of a pod whose facts came late or
	 * changed {cgroup path, "", level or what it waited for, level} */
	HISTORY_FACTS,
	HISTORY_RECLAIM, /* {cgroup path, "memory.reclaim", "", what it gave}; told when it is over */
	HISTORY_KILL,	 /* {cgroup path, "cgroup.kill", "", what became of it} */
	HISTORY_EVICT,	 /* {cgroup path, "evict", "", what was answered, then what became of it} */
	/* {cgroup path, "", "", "chosen", "passed over" or "no candidate"}: whom a kill or an eviction might have taken */
	HISTORY_CANDIDATE,
	/* How a step worked, 10 s after it: {resource, "", rung, rung} or {cgroup path, "cgroup.kill", "", ""} */
	HISTORY_EFFECT,
	HISTORY_ORDER, /* by hand: {cgroup path, "level P4" or "squeeze"…, "" or "in force", "in force" or "ended"} */
	HISTORY_SLI, /* {cgroup path, its name, "met" or …, "violated"}, or {…, "violated", "met" or why nothing says so any more} */
	/* {cgroup path, resource, "" or "open", "opened" or "closed"}: an online pod was hurt, and it is over */
	HISTORY_INCIDENT,
	HISTORY_CALIBRATE, /* {cgroup path, "calibrate", what it waited before, and in a second with offline work at its floor} */
	HISTORY_AGENT,	   /* {"colod", "holds" or "link NAME", "", "", what became of it} */
	HISTORY_KIND_COUNT,
};

/* Who asked, where a person or a program did (D-Bus): as the bus daemon tells it. */
struct history_caller {
	bool known;
	uint32_t uid;
	int32_t pid;
	char comm[HISTORY_COMM_SIZE];
};

/* Texts that are too long are cut (`what` at its beginning: the end of a path tells it apart), and
 * scrubbed of what could forge a line, by history_add(). */
struct history_record {
	uint64_t id;	 /* grows by one, over restarts too; given by history_add() */
	int64_t wall_us; /* CLOCK_REALTIME, for people; given by history_add() where it is 0 */
	int64_t at_us;	 /* CLOCK_BOOTTIME, for arithmetic; the same */
	enum history_kind kind;
	bool would;		 /* nothing was done: the mode did not allow it */
	enum level level;	 /* of the pod concerned, LEVEL_NONE without one */
	enum effect effect;	 /* of a knob's value, EFFECT_COUNT without one */
	char pod[POD_NAME_SIZE]; /* for people, "" without one */
	char what[HISTORY_WHAT_SIZE];
	char knob[HISTORY_KNOB_SIZE];
	char from[HISTORY_VALUE_SIZE];
	char to[HISTORY_VALUE_SIZE];
	char why[HISTORY_WHY_SIZE]; /* one sentence */
	/* The numbers of that, "key=value,key=-" (agent/base/history_numbers.h); "" without any */
	char numbers[HISTORY_NUMBERS_SIZE];
	struct history_caller caller;
};

/* What to start from: no pod, no level, no effect, nobody asked. */
#define HISTORY_RECORD(kind_)                                                                      \
	((struct history_record){.kind = (kind_), .level = LEVEL_NONE, .effect = EFFECT_COUNT})

/* The records of this node; agent/base/history.h has what can be done with them. */
struct history;
