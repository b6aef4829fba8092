// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of cpuset.cpus, cpuset.cpus.exclusive and cpuset.cpus.partition.
#include "agent/apply/writer.h"

const struct writer cgroup_cpuset_writers[] = {
	{.knob = KNOB_CPUSET_CPUS, .forgets = KNOB_COUNT},
	{.knob = KNOB_CPUSET_EXCLUSIVE, .forgets = KNOB_COUNT},
	{.knob = KNOB_CPUSET_PARTITION, .forgets = KNOB_COUNT},
};
const size_t cgroup_cpuset_n_writers =
	sizeof(cgroup_cpuset_writers) / sizeof(cgroup_cpuset_writers[0]);
