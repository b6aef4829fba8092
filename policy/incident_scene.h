// SPDX-License-Identifier: LGPL-2.1-or-later
// The samples of an incident: of whom, and how they stay few. Pure; allocates nothing.
#pragma once

#include "policy/incident.h"

/* The node's second, once for each of the pods'. Whether there was one. */
bool incident_scene_feed(struct incidents *incidents, const struct incident_look *look);

/* The victim is in the first place already: who else is in it, and the minute that is over. */
void incident_scene_begin(struct incident *incident, const struct incidents *incidents,
			  const struct incident_look *look);

/* The newest second. */
void incident_scene_add(struct incident *incident, const struct incidents *incidents,
			const struct incident_look *look);

/* Who is suspected is in it, in the place of who uses least where it has to be. */
void incident_scene_suspect(struct incident *incident, const struct incident_look *look,
			    const struct pod *pod);

/* A new point at the end: into a place of its own, or, behind the fine ones of a long incident, into the last one. */
void incident_scene_put(struct incident *incident, const struct incident_point *point);
