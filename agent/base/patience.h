// SPDX-License-Identifier: LGPL-2.1-or-later
// A system call that the kernel may keep for seconds (a write to memory.high reclaims memory in the
// writer), with an end: after a while the calling thread gets a signal, and again every few
// milliseconds until the call has returned, so that none can come too early and be lost.
//
// Why an end is needed: while such a write lasts, the cgroup cannot be removed, and whoever tries
// holds the lock of the whole cgroup tree meanwhile.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* How long one slow write may take. */
#define PATIENCE_US 200000

struct patience {
	timer_t timer;
	bool on;
};

/* For the calling thread, in which the signal must not be blocked: patience_unblock(). 0 or
 * -errno. */
int patience_open(struct patience *patience);
/* Accepts one that is zeroed. */
void patience_close(struct patience *patience);

/* Lets the signal through in the calling thread, whatever else is blocked in it. */
void patience_unblock(void);

/* From now on the thread has this long; until patience_stop(). Does nothing where *patience was not
 * opened: then nothing ends the call. */
void patience_start(struct patience *patience, uint64_t us);
/* Whether the signal came meanwhile. */
bool patience_stop(struct patience *patience);

/* From any thread, between start and stop: the time is over now. */
void patience_hurry(struct patience *patience);

/* One write(2) in the calling thread that takes no longer than PATIENCE_US and what the kernel needs
 * to notice. 0 or -errno (-EIO for a short write); *ret_cut (may be NULL) is filled always. */
int patience_write(int fd, const char *text, size_t len, bool *ret_cut);
