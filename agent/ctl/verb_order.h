// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs about what people order for one pod; for the table in verbs.c.
#pragma once

#include "agent/ctl/ctl.h"

/* These act: on the agent, over the bus. */
int verb_order_level(const struct ctl *ctl);
int verb_order_squeeze(const struct ctl *ctl);
int verb_order_freeze(const struct ctl *ctl);
int verb_order_thaw(const struct ctl *ctl);
int verb_order_release(const struct ctl *ctl);
int verb_order_evict(const struct ctl *ctl);

int verb_orders(const struct ctl *ctl);
cJSON *verb_orders_json(const struct ctl *ctl, int *ret_exit);
