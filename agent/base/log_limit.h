// SPDX-License-Identifier: LGPL-2.1-or-later
// How many lines one place in the code may log: a node in trouble must not lose its journal to the
// same sentence. Time is an argument; no clock, no output.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOG_LIMIT_LINES 20
#define LOG_LIMIT_WINDOW_US 10000000
#define LOG_LIMIT_SITES 64

struct log_limit_site {
	const char *site; /* static text; NULL: free */
	int64_t since_us;
	uint32_t lines;	     /* let through since since_us */
	uint32_t suppressed; /* and not, not yet reported */
};

/* Starts zeroed. */
struct log_limit {
	struct log_limit_site sites[LOG_LIMIT_SITES];
	uint64_t suppressed; /* all, since start */
};

/* Whether a line of `site` (static text, compared by content) may be logged at now_us: at most
 * LOG_LIMIT_LINES in LOG_LIMIT_WINDOW_US. When it may, *ret_suppressed says how many lines of the
 * site were swallowed since the last one that was let through. Sites beyond LOG_LIMIT_SITES share
 * one limit. A clock that steps back starts a new window. */
bool log_limit_pass(struct log_limit *limit, const char *site, int64_t now_us,
		    uint32_t *ret_suppressed);
