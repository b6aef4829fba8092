// SPDX-License-Identifier: LGPL-2.1-or-later
// Times of day as people say them, in the local time zone. Arguments and results are CLOCK_REALTIME in
// microseconds.
#pragma once

#include <stdint.h>

#define WHEN_SIZE 24

/* "90s", "10m", "2h", "3d" before now, or "today": from midnight on. 0 or -EINVAL. */
int when_since(const char *text, int64_t now_us, uint64_t *ret_since_us);

/* The last midnight. */
int64_t when_midnight(int64_t now_us);

/* "14:02:11", with the date in front where it is not today's. Returns buf, of WHEN_SIZE bytes. */
const char *when_text(int64_t at_us, int64_t now_us, char *buf);
