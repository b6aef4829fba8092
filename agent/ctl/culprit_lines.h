// SPDX-License-Identifier: LGPL-2.1-or-later
// Who seems to make a pod wait, in words.
#pragma once

#include "agent/ctl/ctl.h"

/* Of each resource that it waits for more than is usual, or did a short while ago: who, and how sure that is, or why
 * nobody is named. Under `score` POD. */
void culprit_lines(const struct ctl *ctl, const cJSON *score);

#define CULPRIT_SHORT_SIZE 256

/* The first one now, with its confidence; empty where nobody is named now. */
void culprit_short(const cJSON *value, char buf[CULPRIT_SHORT_SIZE]);
