// SPDX-License-Identifier: LGPL-2.1-or-later
// What was done around an incident, out of the records of the history: which of them matter, and how they stay few. Pure;
// allocates nothing.
#pragma once

#include "policy/incident.h"

/* A new record: into each incident that goes on, and kept for a minute for one that is opened. What matters to none is
 * ignored. */
void incident_mark(struct incidents *incidents, const struct history_record *record);

/* What was done in the minute before it was opened. */
void incident_mark_begin(struct incident *incident, const struct incidents *incidents);

/* The same thing again within some seconds makes one mark; where there is no room, writes go before steps, and they are
 * counted. */
void incident_mark_put(struct incident *incident, const struct incident_mark *mark);

/* What was done in a few words: "2 evicted, 3 held", "would hold", "nothing". Returns buf. */
const char *incident_mark_done(const struct incident *incident, char *buf, size_t size);
