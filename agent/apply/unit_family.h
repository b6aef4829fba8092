// SPDX-License-Identifier: LGPL-2.1-or-later
// The cpusets that systemd would lose for somebody: told of a controller that a unit has not had, it writes all
// files of that unit, of what is beside it and of what is beside each slice above it anew; a cpuset.cpus that it
// was never told of becomes empty then.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "agent/apply/unit_table.h"
#include "colod/model.h"

#define UNIT_FAMILY_SETS 16

/* Cgroups of units with a cpuset.cpus that is neither colod's nor, as far as its drop-ins tell, systemd's. */
struct unit_family {
	const struct cgroup *sets[UNIT_FAMILY_SETS];
	unsigned n;
	bool more; /* than fit: any unit may have one beside it */
};

/* Looks at all of `model`, which is borrowed. `root_fd` stands for "/". */
void unit_family_look(int root_fd, const struct model *model, struct unit_family *ret_family);

/* One that telling this cgroup's unit of a new controller could cost its set; NULL: none. */
const struct cgroup *unit_family_set(const struct unit_family *family, const struct cgroup *cgroup);

/* Of what is wanted, the properties (1 << enum unit_prop) of controllers that colod has told this unit nothing of. */
uint32_t unit_family_new(const struct unit *unit, const struct unit_values *wanted);
