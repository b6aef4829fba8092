// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod sent, and what of its class waits or was dropped on each uplink: beside its score, which has no term of the network.
#pragma once

#include <stddef.h>

#include "agent/ctl/ctl.h"

/* NULL where no link is shaped or nothing of it is counted; else buf. */
const char *net_line_text(const struct ctl *ctl, const cJSON *pod, char *buf, size_t size);

/* The same as an object of its own: the class, what the pod sent (null where that is not counted), and by link the counters of its
 * class; or null. NULL where there is no memory. */
cJSON *net_line_json(const struct ctl *ctl, const cJSON *pod);
