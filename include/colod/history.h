// SPDX-License-Identifier: LGPL-2.1-or-later
// History: every write and step as a record, for people: when, what, from, to, why, who asked. A
// record is made once, when the thing is done (or, in mode observe, would have been done), and is
// printed as it stands; nothing in it is worked out again later.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/level.h"

#define HISTORY_WHAT_SIZE 256
#define HISTORY_VALUE_SIZE 48
#define HISTORY_WHY_SIZE 320

enum history_kind {
	HISTORY_WRITE,	  /* a knob: what = "PATH KNOB", from, to */
	HISTORY_RESTORE,  /* the original is back */
	HISTORY_LEFT,	  /* an original was not put back: why */
	HISTORY_REFUSED,  /* the kernel or systemd did not take a value */
	HISTORY_DRIFT,	  /* somebody else wrote over colod's value: from colod's, to theirs */
	HISTORY_FIGHT,	  /* that went on beyond its bound, colod steps back */
	HISTORY_PROPERTY, /* a systemd unit was told: what = "UNIT Property=" */
	HISTORY_RUNG,	  /* what = resource, from and to are rungs */
	HISTORY_MODE,	  /* what = "mode" or a resource */
	HISTORY_POLICY,	  /* loaded or rejected */
	HISTORY_FACTS,	  /* the kubelet fell silent, or answers again */
	HISTORY_AGENT,	  /* start, stop, resumed after a suspend, holds ended */
	HISTORY_KIND_COUNT,
};

/* Who asked, where a person or a program did (D-Bus): as the bus daemon tells it. */
struct history_caller {
	bool known;
	uint32_t uid;
	int32_t pid;
	char comm[16];
};

struct history_record {
	uint64_t id;	 /* grows by one, over restarts too; given by history_add() */
	int64_t wall_us; /* CLOCK_REALTIME, for people */
	int64_t at_us;	 /* CLOCK_BOOTTIME, for arithmetic */
	enum history_kind kind;
	bool would;	  /* nothing was done: the mode did not allow it */
	enum level level; /* of the pod concerned, LEVEL_NONE without one */
	char what[HISTORY_WHAT_SIZE];
	char from[HISTORY_VALUE_SIZE];
	char to[HISTORY_VALUE_SIZE];
	char why[HISTORY_WHY_SIZE];
	struct history_caller caller;
};
