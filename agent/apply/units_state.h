// SPDX-License-Identifier: LGPL-2.1-or-later
// What units.c, units_call.c and units_restore.c share.
#pragma once

#include "agent/apply/apply_state.h"
#include "agent/apply/unit_family.h"
#include "agent/apply/unit_plan.h"
#include "agent/apply/units.h"

struct units {
	struct apply *apply;
	int root_fd;
	struct unit_table table;
	sd_bus *bus; /* referenced; NULL: none */
	struct model *model;
	int64_t now_us;
	uint64_t pass;
	unsigned in_flight;
	bool looped; /* there is an event loop, which knows of the bus */
	bool no_bus_said;
	bool no_record_said;
	bool set_said;
	bool looked; /* in this pass: family is valid */
	struct unit_family family;
	struct units_counts counts;
	units_said_fn said;
	void *said_context;
};

/* Asks what systemd has of this unit; telling follows from the answer. */
void units_ask(struct units *units, struct unit *unit);

/* The unit's cgroup directory, only where that is what systemd answered about. */
int units_open(struct units *units, const struct unit *unit, const struct unit_answer *answer,
	       int *ret_fd);

/* Writes down everything that a plan is about to tell. 0 or -errno: then nothing may be told. */
int units_record(struct units *units, struct unit *unit, const struct unit_plan *plan);

/* What was undone is ended, with its drop-ins; what somebody else set since (`forget`) is forgotten.
 * `by_systemd`: it was told, and has rewritten drop-ins that were there before. */
void units_settle(struct units *units, struct unit *unit, uint32_t undone, uint32_t forget,
		  bool by_systemd);

/* Whether this is what systemd says of a call, and not that it said nothing. */
bool units_is_answer(int r);

/* The drop-in of one property is as it was before colod told anything. */
void units_take_back_dropin(struct units *units, const struct unit *unit, enum unit_prop prop,
			    bool by_systemd);

/* 1 << knob of what colod told or is about to tell: no limit of somebody else's. */
uint32_t units_told_knobs(const struct unit *unit, const struct unit_plan *plan);

/* The controllers of these properties. */
unsigned units_controllers(const struct unit_values *values);
