// SPDX-License-Identifier: LGPL-2.1-or-later
// See core_sched.h.
#include "agent/base/core_sched.h"

#include <stdint.h>
#include <sys/prctl.h>

/* Of Linux 5.14, for headers that are older. */
#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#define PR_SCHED_CORE_GET 0
#endif
#define SCOPE_THREAD 0

bool core_sched_is_there(void)
{
	uint64_t cookie = 0;

	/* EINVAL: not built in; ENODEV: no core has two threads. */
	return prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, SCOPE_THREAD, (unsigned long)&cookie) ==
	       0;
}
