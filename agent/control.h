// SPDX-License-Identifier: LGPL-2.1-or-later
// SetMode and Pause: what people asked of the running agent. Kept in /run/colod/control, so that a
// restart or an upgrade neither ends a pause nor raises a mode; a reboot ends both.
#pragma once

#include "agent/control_text.h"
#include "agent/state.h"

/* Reads the record. One that cannot be read, or not be understood, means observe until somebody
 * resumes: what it may have lowered is not known. */
void control_load(struct state *state);

/* What is asked for becomes part of the sources of the mode. A pause that has ended by `now_us` is
 * dropped here, and a record that could not be written is tried again. */
void control_say(struct state *state, int64_t now_us);

/* SetMode: the whole with RESOURCE_INVALID. MODE_FULL takes back what was said of this scope.
 * Pause: lowers everything to observe for so many seconds, 0: until it is resumed; -EINVAL beyond
 * CONTROL_PAUSE_MAX_S. Resume ends a pause, and what a damaged record had set.
 * What was asked is in force with the next control_say() whatever is returned: 0, or why it could
 * not be recorded (-errno), so that a restart would forget it. */
int control_set_mode(struct state *state, enum resource resource, enum mode mode,
		     const struct history_caller *caller);
int control_pause(struct state *state, uint64_t seconds, int64_t now_us,
		  const struct history_caller *caller);
int control_resume(struct state *state, const struct history_caller *caller);
