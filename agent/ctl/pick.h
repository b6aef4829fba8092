// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the pod that a person named, or says which ones they may have meant.
#pragma once

#include "agent/ctl/ctl.h"

/* CTL_OK and the pod's object in ctl->doc, borrowed; else CTL_NO_POD after a message on ctl->err
 * that lists what would have been accepted. */
int pick_pod(const struct ctl *ctl, const cJSON **ret_pod);

/* The same without a message; NULL where it is none, or not one alone. */
const cJSON *pick_one(const struct ctl *ctl);
