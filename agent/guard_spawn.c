// SPDX-License-Identifier: LGPL-2.1-or-later
// See guard.h. An agent starts its own guard: forked twice, so that it is nobody's child to reap, and
// in a session of its own.
#include "agent/guard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/log.h"

static void run(const struct options *options, pid_t agent)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)agent);
	(void)setsid();
	if (fork() == 0)
		(void)execl("/proc/self/exe", "colod", "guard", "--for", pid, "--root",
			    options->root, NULL);
}

int guard_spawn(const struct options *options)
{
	pid_t agent = getpid(), child = fork();

	if (child == 0) {
		run(options, agent);
		_exit(0);
	}
	if (child < 0)
		return -errno;
	return waitpid(child, NULL, 0) == child ? 0 : -errno;
}
