// SPDX-License-Identifier: LGPL-2.1-or-later
// See thread.h.
#include "agent/base/thread.h"

#include <signal.h>
#include <time.h>

#include "agent/base/sys.h"

int thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *context,
		 pthread_t *ret_thread)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int r = sys_fault(SYS_THREAD, name);

	if (r < 0)
		return r;
	r = pthread_attr_init(&attributes);
	if (r != 0)
		return -r;
	(void)pthread_attr_setstacksize(&attributes, stack_bytes);
	sigfillset(&all);
	/* It has the mask of whoever starts it. */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret_thread, &attributes, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	if (r == 0)
		(void)pthread_setname_np(*ret_thread, name);
	return -r;
}

bool thread_join_for(pthread_t thread, unsigned seconds)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}
