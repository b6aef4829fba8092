// SPDX-License-Identifier: LGPL-2.1-or-later
// The text form of a thread's scheduling policy, by the names of chrt(1). Pure.
#pragma once

#include <stddef.h>

#include "colod/knob.h"

/* "other", "idle"; the number of one without a name, such as one with SCHED_RESET_ON_FORK. Returns buf. */
const char *knob_sched_format(uint64_t policy, char *buf, size_t size);

/* The same, read. 0, -EINVAL or -ERANGE, *ret_value untouched then. */
int knob_sched_parse(const char *text, struct knob_value *ret_value);
