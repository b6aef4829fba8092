// SPDX-License-Identifier: LGPL-2.1-or-later
// Controllers that a levelled pod needs and its parent does not hand down: enabled where colod
// may, otherwise said once, with who can.
#pragma once

#include "agent/state.h"

/* After decide; costs nothing while the model stays the same. Returns whether one was enabled, so
 * that the tree must be read again. Below mode protect it only says. */
bool controllers_check(struct state *state);
