// SPDX-License-Identifier: LGPL-2.1-or-later
// Calibration (policy/calibrate.h) in the agent: before each pass is decided, whether its hold begins or ends, and what is
// kept and told of what it has shown. The hold itself is decided and written like any other one, so that the guard ends it
// when this process dies.
#pragma once

#include "agent/state.h"

/* None in the first 200 s. */
void calibrator_start(struct state *state, int64_t now_us);

/* Before the pass is decided, by the plan and the scores of the one before. */
void calibrator_look(struct state *state, int64_t now_us);

/* Once the pass is decided and recorded: where the plan holds nobody, there is no hold. */
void calibrator_check(struct state *state, int64_t now_us);
