// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's threads: signals are the loop's, and a stack is as large as the thread needs.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Starts a thread that takes no signal, called `name` (15 characters at most). 0, or -errno and *ret_thread is not to be used. */
int thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *context,
		 pthread_t *ret_thread);

/* Joins one that ends within so many seconds; 0: that has ended. False: it goes on, and was not joined. */
bool thread_join_for(pthread_t thread, unsigned seconds);
