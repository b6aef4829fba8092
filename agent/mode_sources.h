// SPDX-License-Identifier: LGPL-2.1-or-later
// Gathers what every source says of the mode and has policy/mode.c work out what is in force.
#pragma once

#include "agent/state.h"

#define MODE_SOURCES_DISABLE "etc/colod/disable"

/* Once at the start: colod=MODE on the kernel's command line. */
void mode_sources_read_kernel(struct state *state);

/* Fills status->mode_says and status->modes, as of status->pass_us. */
void mode_sources_update(struct state *state);

/* What it would be with another policy in force: all other sources as they stand. */
void mode_sources_with(const struct state *state, const struct policy *policy,
		       struct mode_says *ret_says, struct modes *ret_modes);
