// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's incidents (policy/incident.h): fed at the end of each pass, told, and kept in /var/lib/colod/incidents
// (incident_store.h).
#pragma once

#include "policy/incident.h"

struct state;

/* What was kept goes on: ids, and the list. Never fails. */
void incidents_start(struct state *state);

/* At the end of each pass, after its culprits. */
void incidents_pass(struct state *state, int64_t now_us);

/* An SLI of this pod, for want of the resource, is violated now: to be told in each pass in which it is. */
void incidents_sli(struct state *state, const struct pod *pod, enum resource resource,
		   int64_t now_us);

/* Whether some pod is hurt for want of IO, so that it is told what each does on disks. */
bool incidents_want_disks(const struct state *state);

/* Keeps what there is, for which a slow disk has 2 s. */
void incidents_stop(struct state *state);
