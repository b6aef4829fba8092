// SPDX-License-Identifier: LGPL-2.1-or-later
// What an incident's points have of the network. Pure.
#pragma once

#include "colod/incident.h"
#include "colod/net.h"

/* As last measured, where that is fresh; the rest of it, and all of a `flow` that is NULL, is INCIDENT_UNKNOWN. */
struct incident_net incident_flow_now(const struct net_flow *flow, int64_t now_us);

/* `b` follows `a`: the means of what was so much a second, by their time, and what waits at the end. a_ms + b_ms > 0. */
void incident_flow_merge(struct incident_net *a, uint32_t a_ms, const struct incident_net *b,
			 uint32_t b_ms);
