// SPDX-License-Identifier: LGPL-2.1-or-later
// What somebody asks for by hand on the bus, and what is answered.
#pragma once

#include <stdint.h>

#include "colod/manual.h"

struct pod;

struct manual_ask {
	const struct pod *pod;
	enum manual_kind kind;
	enum level level; /* MANUAL_LEVEL only */
	uint64_t seconds; /* 0: as long as is usual */
};

#define MANUAL_TEXT_SIZE 512

struct manual_answer {
	uint64_t until_wall_us;	     /* CLOCK_REALTIME; 0: refused */
	char text[MANUAL_TEXT_SIZE]; /* one sentence: what is in force now, or why not */
};
