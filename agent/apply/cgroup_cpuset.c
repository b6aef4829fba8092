// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of cpuset.cpus, cpuset.cpus.exclusive and cpuset.cpus.partition.
#include "agent/apply/writer.h"
#include "policy/knob.h"

const struct writer cgroup_cpuset_writers[] = {
	{.knob = KNOB_CPUSET_CPUS, .slow = true, .forgets = KNOB_COUNT},
	{.knob = KNOB_CPUSET_EXCLUSIVE, .slow = true, .forgets = KNOB_COUNT},
	{.knob = KNOB_CPUSET_PARTITION,
	 .slow = true,
	 .forgets = KNOB_COUNT,
	 .denied = knob_partition_why},
};
const size_t cgroup_cpuset_n_writers =
	sizeof(cgroup_cpuset_writers) / sizeof(cgroup_cpuset_writers[0]);
