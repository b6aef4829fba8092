// SPDX-License-Identifier: LGPL-2.1-or-later
// The lanes of the agent. Only the loop has them; a single pass (--once) and `colod restore` do
// the same work in line.
#pragma once

#include "agent/base/lane.h"

struct lanes {
	struct lane *urgent; /* gives back what was taken; later freeze, thaw, kill, oom_score_adj */
	struct lane *slow;   /* what reclaims or waits: memory.high, closing a PSI trigger */
	struct lane *reclaim; /* memory.reclaim, which nothing else is to wait for */
	int event_fd;	      /* raised when a write of any has ended; non-blocking */
};

/* 0 or -errno: there are none, and everything is done in line. */
int lanes_new(struct lanes **ret_lanes);

/* The urgent lane does all that waits, the others stop as soon as they can. Accepts NULL. */
void lanes_free(struct lanes *lanes);

/* Closes fd in the slow lane; at once where lanes is NULL or that lane is full. */
void lanes_close_fd(struct lanes *lanes, int fd);

/* Lowers the event; the writes that ended are still to be taken. */
void lanes_clear(struct lanes *lanes);
