// SPDX-License-Identifier: LGPL-2.1-or-later
// The last line of defence before a kill: whatever the decision was, some directories are never killed. It
// trusts neither the model nor the caller, and looks at what is there.
#pragma once

#include "agent/apply/kill_act.h"
#include "agent/apply/kill_largest.h"

/* Whether this may be killed: it is the pod's cgroup and the very one that was decided on, no cgroup above pods, none
 * of the system, and neither colod nor PID 1 is in it. Fills *largest, n_cgroups and n_processes on the way. 0; -EPERM
 * with *ret_why (static text, to go behind the pod's name); -ENOENT: gone. What could not be looked at whole is
 * refused, too. */
int kill_check(const struct kill_place *place, const struct kill_job *job,
	       struct kill_largest *largest, struct kill_done *done, const char **ret_why);
