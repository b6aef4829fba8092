// SPDX-License-Identifier: LGPL-2.1-or-later
// Which memory nodes the processes of a cgroup may have memory of (cpuset.mems.effective).
#pragma once

#include <stdbool.h>

#include "colod/cgroup.h"

/* Sets cgroup->mems: of a cgroup without the file (no cpuset controller there) it is that of the nearest one above that has it;
 * 0 where it cannot be read or understood. True when it is another now. */
bool mems_read(int cgroup_fd, struct cgroup *cgroup);

/* For a machine with one memory node: 0. */
bool mems_forget(struct cgroup *cgroup);
