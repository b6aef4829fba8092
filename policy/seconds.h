// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the last minute of each pod (include/colod/seconds.h). Pure: its memory is the caller's.
#pragma once

#include "colod/model.h"
#include "colod/net.h"
#include "colod/sample.h"
#include "colod/seconds.h"

/* The newest sample of each pod, where a second has passed since the last time; else nothing. Allocates only for pods
 * that were not there before. 0 or -ENOMEM: then the pods that there is no memory for have no minute. `net`: what pods have sent is taken
 * from it; NULL: nobody looked. */
int seconds_feed(struct seconds *seconds, const struct model *model, const struct samples *samples,
		 const struct net_shown *net, int64_t now_us);

void seconds_free(struct seconds *seconds);

/* Appends in place; the oldest falls out. One that is not newer than the last is ignored. `memory`: what was measured last of the
 * pod's; NULL: nothing. `net_kib_s` as in struct second. */
void seconds_add(struct pod_seconds *of, const struct pod_sample *sample,
		 const struct pod_memory *memory, uint32_t net_kib_s);

/* The one `back` places before the newest (0: the newest), or NULL. */
const struct second *seconds_at(const struct pod_seconds *of, uint32_t back);

/* Of a slot, NULL where nothing was kept for the pod with this serial. */
const struct pod_seconds *seconds_of(const struct seconds *seconds, uint32_t slot, uint64_t serial);
