// SPDX-License-Identifier: LGPL-2.1-or-later
// The reference of the policy language, policy/README.md, as data: what `policy explain` prints is what
// that page says.
#pragma once

#include <stddef.h>

#define POLICY_REFERENCE_PATH_SIZE 96

/* One row of its tables, without the Markdown. */
struct policy_reference {
	char path[POLICY_REFERENCE_PATH_SIZE]; /* "levels.P*.cpu.yield" */
	char accepts[512];
	char meaning[2048];
};

/* The row at *at or behind it; *at moves on. Start with 0. False at the end. */
int policy_reference_next(size_t *at, struct policy_reference *ret_row);
