// SPDX-License-Identifier: LGPL-2.1-or-later
// colod guard: a process beside the agent, for places where systemd's watchdog is not. When the agent's
// lease runs out or its process is gone, it ends every hold. A hung agent is killed first, so that
// nobody else writes. Shares and protection stay: the next agent adopts them, or colod restore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/base/lease.h"
#include "agent/options.h"

#define GUARD_FILE "guard"

/* What the guard sees of an agent at one look. */
struct guard_view {
	bool has_lease; /* the lease could be read and was not given back */
	bool alive;	/* its process is there */
	struct lease lease;
	int64_t now_us;
	int64_t not_before_us; /* a lease that ran out is not judged before this */
};

enum guard_verdict {
	GUARD_NOBODY, /* no agent, or it ended in good order */
	GUARD_FINE,
	GUARD_DEAD, /* it is gone and has not given its lease back */
	GUARD_HUNG, /* it is there, and silent for longer than its lease */
};

/* Pure. */
enum guard_verdict guard_judge(const struct guard_view *view);

/* The verb: runs until SIGTERM or SIGINT, or, for the agent `options->guard_for` (its pid), until that
 * one has ended and holds nothing. The exit status. */
int guard_run(const struct options *options);

/* Starts a guard for this process, in a session of its own, so that what ends this one does not end
 * it. 0 or -errno. */
int guard_spawn(const struct options *options);

/* The pid of the guard that runs, 0 where none does. *fd (-EBADF at first) is kept between calls. */
uint32_t guard_present(int state_fd, int *fd);
