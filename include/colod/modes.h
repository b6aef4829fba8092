// SPDX-License-Identifier: LGPL-2.1-or-later
// How far the agent may go, whole and per resource: what each source says, each with its sentence,
// and what is in force. The lowest wins; policy/mode.c works it out.
#pragma once

#include <stdbool.h>

#include "colod/level.h"

#define MODE_WHY_SIZE 160

/* Who may lower the mode. Of equal ones the first is named as the one that decides. */
enum mode_source {
	MODE_SOURCE_POLICY,  /* `mode:` and `modes:` */
	MODE_SOURCE_OPTION,  /* --mode on the command line */
	MODE_SOURCE_BUS,     /* D-Bus SetMode: coloctl mode */
	MODE_SOURCE_PAUSE,   /* D-Bus Pause: coloctl pause */
	MODE_SOURCE_CONTROL, /* the record of the two above could not be read: the safe side */
	MODE_SOURCE_DOUBT, /* what colod did freed far less than it expected, three times in a row */
	MODE_SOURCE_DISABLE, /* /etc/colod/disable: coloctl off */
	MODE_SOURCE_KERNEL,  /* colod=off on the kernel command line */
	MODE_SOURCE_COUNT,
	MODE_SOURCE_NONE = -EINVAL, /* nobody says anything: MODE_FULL */
};

/* What one source says; `why` is its sentence, shown behind the mode in brackets. */
struct mode_say {
	bool given; /* false: it says nothing, the rest is not looked at */
	enum mode mode;
	char why[MODE_WHY_SIZE];
};

struct mode_says {
	struct mode_say all[MODE_SOURCE_COUNT];
	struct mode_say by[MODE_SOURCE_COUNT][RESOURCE_MODES];
};

/* In force. Never by[r] > all: what a source says of everything holds for each resource. */
struct modes {
	enum mode all;
	enum mode by[RESOURCE_MODES];
	enum mode_source all_from; /* the source that decided, MODE_SOURCE_NONE without one */
	enum mode_source by_from[RESOURCE_MODES];
	bool by_own[RESOURCE_MODES]; /* decided by what that source says of this resource alone */
};
