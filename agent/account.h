// SPDX-License-Identifier: LGPL-2.1-or-later
// What was done becomes a record, here and nowhere else: the numbers in it are those that were used,
// and the log prints the record.
#pragma once

#include "agent/state.h"

/* For apply_on_event(): `context` is a struct state. */
void account_event(void *context, const struct apply_event *event);

/* The same where there are originals and no state (colod restore): `context` is a struct history, or
 * NULL. */
void account_event_alone(void *context, const struct apply_event *event);

/* The controller of this knob was enabled in the parent of the pod's cgroup. */
void account_controller(struct state *state, const struct pod *pod, enum knob knob);

/* What the plan asks for and the mode does not allow: a record for each knob and wanted value when it is
 * new, and of a hold, whose value moves, one for each time that pressure rises. */
void account_withheld(struct state *state);

/* Some ladder was on rung `before` and is on another one. */
void account_rungs(struct state *state, const struct ladders *before);

/* What the mode in force, whole and per resource, has become since the last call; the first call only
 * takes it in. `caller`: who asked for the change, NULL when nobody did. */
void account_modes(struct state *state, const struct history_caller *caller);

/* systemd was told something of a unit, or refused it: for units_on_said(). */
void account_property(void *context, const char *unit, const char *what, bool undone, int error);

/* The policy files were read: state_load_policy() returned `result`. */
void account_policy(struct state *state, int result, const struct history_caller *caller);

/* Something of the agent's own life: `what` is the subject ("holds"), `to` what became of it. */
void account_agent(struct state *state, const char *what, const char *to, const char *why);
