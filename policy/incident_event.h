// SPDX-License-Identifier: LGPL-2.1-or-later
// What is told when an incident is opened and when it is over. Pure; allocates nothing.
#pragma once

#include "policy/incident.h"

/* It was opened, or closed, now. */
void incident_event_put(struct incidents *incidents, const struct incident *incident);

/* The next event behind *cursor (from 0, or incidents->n_events for those to come), which is moved on; those that had to make room
 * are passed over. NULL: no more. */
const struct incident_event *incident_event_next(const struct incidents *incidents,
						 uint64_t *cursor);

/* Who is told of first: whom a hold confirmed, else who is ranked first. False: nobody. Either may be NULL. */
bool incident_event_suspect(const struct incident *incident, const struct culprit_trial **ret_trial,
			    const struct culprit_who **ret_who);
