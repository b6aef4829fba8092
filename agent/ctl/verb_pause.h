// SPDX-License-Identifier: LGPL-2.1-or-later
// The durations that coloctl pause takes.
#pragma once

#include <stdint.h>

/* "30s", "10m", "2h" into seconds, from 1 s; -EINVAL for anything else. */
int verb_pause_seconds(const char *text, uint64_t *ret_seconds);
