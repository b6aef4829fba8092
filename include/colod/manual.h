// SPDX-License-Identifier: LGPL-2.1-or-later
// What people ordered by hand for one pod, and until when. Orders are held against the same rules as
// everything else in every pass (policy/manual.h), and end with the agent.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

enum manual_kind {
	MANUAL_LEVEL,	/* another level than the rules give */
	MANUAL_SQUEEZE, /* the CPU floor, and the growth limit of its level */
	MANUAL_FREEZE,
	MANUAL_THAW, /* a freeze of colod's ends, and none begins */
	MANUAL_KIND_COUNT,
};

#define MANUAL_WHO_SIZE 64

struct manual_order {
	uint32_t slot;	 /* of the pod ... */
	uint64_t serial; /* ... and which of those that had this slot */
	enum manual_kind kind;
	enum level level;	   /* MANUAL_LEVEL; else LEVEL_NONE */
	int64_t since_us;	   /* CLOCK_BOOTTIME */
	int64_t until_us;	   /* in force before that */
	uint64_t wall_us;	   /* CLOCK_REALTIME of since_us, for people */
	char who[MANUAL_WHO_SIZE]; /* "uid 0 (coloctl, pid 4711)" */
};

/* More are refused. */
#define MANUAL_MAX 64

/* At most one of a kind for one pod. */
struct manual {
	struct manual_order orders[MANUAL_MAX]; /* the oldest first */
	size_t n;
};
