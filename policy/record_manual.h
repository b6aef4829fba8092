// SPDX-License-Identifier: LGPL-2.1-or-later
// The statement "manual" of a record: all orders that are in force. Pure.
#pragma once

#include "colod/manual.h"
#include "policy/record_names.h"
#include "policy/record_text.h"

/* "manual" alone: none. `names` as for a reason's `who`. */
void record_manual_put(struct record_buf *buf, const struct manual *manual,
		       const struct record_names *names);

/* The rest of the line. 0 or -EBADMSG; *ret_manual untouched then. */
int record_manual_get(struct record_line *line, struct manual *ret_manual);
