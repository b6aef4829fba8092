// SPDX-License-Identifier: LGPL-2.1-or-later
// Service level indicators of the running agent: held against the policy once a second, and what began and ended is told.
#pragma once

#include "agent/state.h"

/* After the pods were scored. */
void slis_pass(struct state *state);
