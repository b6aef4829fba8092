// SPDX-License-Identifier: LGPL-2.1-or-later
// An eviction that somebody ordered, as a line of a record: who, whom, and what came of it. Pure.
#pragma once

#include "policy/evict_order.h"
#include "policy/record_text.h"

struct record_names;

/* The line "evict-order ...", with its end. */
void record_evict_order_put(struct record_buf *buf, const struct evict_order *order,
			    const struct record_names *names);

/* The line behind its first word; `no` is left at EVICT_ORDER_YES. 0 or -EBADMSG. */
int record_evict_order_get(struct record_line *line, struct evict_order *ret_order);

/* What came of it: the step "evict-order" or "evict-order-refused", after `prefix`. */
void record_evict_order_tell(struct record_buf *buf, const struct evict_order *order,
			     const struct model *model, const struct record_names *names,
			     const char *prefix);
