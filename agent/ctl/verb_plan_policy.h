// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl plan --policy.
#pragma once

#include "agent/ctl/ctl.h"

/* ctl->args are the files. CTL_CHANGED, CTL_OK (it would change nothing), or an error. */
int verb_plan_policy(const struct ctl *ctl);

/* The same from the agent's answer, ctl->doc. */
int verb_plan_policy_show(const struct ctl *ctl);
