// SPDX-License-Identifier: LGPL-2.1-or-later
// The two things that colod says to systemd's bus service: what has this unit, and set these properties
// of it at run time. Messages only; when they are sent is units.c's and unit_undo.c's.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/apply/unit_text.h"
#include "policy/unit_prop.h"

#define UNIT_CALL_TIMEOUT_US 5000000
/* 128 bits in hex. */
#define UNIT_INVOCATION_SIZE 33

/* What systemd says of a unit. */
struct unit_answer {
	char control_group[UNIT_TEXT_PATH_SIZE + 1]; /* with a leading slash; "" when not active */
	char invocation[UNIT_INVOCATION_SIZE]; /* of this start of the unit; "": it has none */
	struct unit_values values;
	uint64_t memory_swap_max;
};

/* All properties of the unit whose cgroup is `path`. 0 or -errno; the caller unrefs *ret_call. */
int unit_call_ask(sd_bus *bus, const char *path, sd_bus_message **ret_call);

/* 0, -errno of an error reply (see unit_call_error()), or -EBADMSG. */
int unit_call_answer(sd_bus_message *reply, struct unit_answer *ret_answer);

/* Sets these properties at run time, of the very start of the unit that `invocation` names: systemd refuses
 * where that is over. By its name it would load a unit that is gone, and make its cgroup and a drop-in
 * anew. So it goes by name only where invocation is "": a slice that is always there has none. */
int unit_call_tell(sd_bus *bus, const char *path, const char *invocation,
		   const struct unit_values *values, sd_bus_message **ret_call);

/* 0 without an error, -ESTALE where that start of the unit is over, else -errno. */
int unit_call_error(const sd_bus_error *error);

/* "CPUWeight=5, MemoryLow=8192": for people; returns buf. */
const char *unit_call_text(const struct unit_values *values, char *buf, size_t size);
