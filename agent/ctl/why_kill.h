// SPDX-License-Identifier: LGPL-2.1-or-later
// What `coloctl why` says of kills for memory: whether this pod was killed or passed over, and on which numbers.
#pragma once

#include "agent/ctl/ctl.h"

/* A line for each record that verb_why_ask() asked for; nothing without any. The text begins in column `indent`. */
void why_kill_lines(const struct ctl *ctl, unsigned indent);

/* The same of a pod that is not there any more. */
void why_kill_gone(const struct ctl *ctl);

/* The records as "kills" into `object`; null where the history could not be read. False without memory. */
bool why_kill_json(const struct ctl *ctl, cJSON *object);
