// SPDX-License-Identifier: LGPL-2.1-or-later
// Closes file descriptors that are slow to close, in a thread of its own: the end of a PSI trigger
// waits for an RCU grace period, and the event loop must not. It does nothing else.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define CLOSER_MAX 64

struct closer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool runs;
	bool ends;
	int fds[CLOSER_MAX];
	size_t n;
};

/* Starts nothing yet. */
void closer_init(struct closer *closer);

/* Takes the fd over. Closed here and now where no thread can be started or too many are waiting. */
void closer_close(struct closer *closer, int fd);

/* Waits until all are closed and the thread has ended. A later closer_init() makes it usable again. */
void closer_done(struct closer *closer);
