// SPDX-License-Identifier: LGPL-2.1-or-later
// One knob of a cgroup in a record. Pure.
#pragma once

#include <stdint.h>

#include "colod/knob.h"
#include "policy/record_text.h"

/* Of what a record has of it; 0 where that is nothing: unread, as a reader begins. */
uint64_t record_knob_hash(enum knob knob, const struct knob_state *state);

/* " KNOB=NOW", with ":own:ORIGINAL:WRITTEN" or ":hold:ORIGINAL:WRITTEN" behind it where colod owns it, and ":TOLD" behind that where
 * systemd was told another value, which it may write. */
void record_knob_put(struct record_buf *buf, enum knob knob, const struct knob_state *state);

/* What is behind "KNOB=". 0 or -EBADMSG. */
int record_knob_get(enum knob knob, struct record_line word, struct knob_state *ret_state);
