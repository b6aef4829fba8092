// SPDX-License-Identifier: LGPL-2.1-or-later
// colod: the node agent. Chooses what to run; nothing is decided or touched here.
#include <stdio.h>

#include "agent/base/log.h"
#include "agent/guard.h"
#include "agent/loop.h"
#include "agent/once.h"
#include "agent/options.h"
#include "agent/restore.h"
#include "agent/serve/bus.h"

int main(int argc, char **argv)
{
	struct options options;

	if (options_parse(argc, argv, &options) < 0)
		return 2;
	log_open(options.verbose ? LOG_DEBUG : LOG_INFO);
	switch (options.action) {
	case OPTIONS_RUN:
		return loop_run(&options);
	case OPTIONS_ONCE:
		return once_run(&options);
	case OPTIONS_RESTORE:
		return restore_run(&options);
	case OPTIONS_GUARD:
		return guard_run(&options);
	case OPTIONS_INTROSPECT:
		return bus_introspect(stdout) < 0;
	case OPTIONS_DONE:
		return 0;
	}
	return 2;
}
