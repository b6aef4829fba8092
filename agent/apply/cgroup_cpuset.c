// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of cpuset.cpus, cpuset.cpus.exclusive and cpuset.cpus.partition.
#include <stdio.h>
#include <string.h>

#include "agent/apply/writer.h"
#include "agent/base/fs.h"
#include "policy/knob.h"

/* How deep below /sys a cgroup may be. */
#define DEPTH_MAX 24

/* The kernel takes no empty cpuset.cpus of a cgroup with processes (ENOSPC; seen on 6.12). A set with every
 * CPU that the machine may ever have is the same: what is above decides. That is told by a file of sysfs, which
 * cgroup2 is mounted in; where it is not, the set stays empty, and is given back once the cgroup is. */
static void give_back_cpus(int dir_fd, struct knob_value *original)
{
	char path[DEPTH_MAX * 3 + 64], text[CPU_SET_TEXT_SIZE + 1];
	size_t up = 0;

	if (!cpu_set_is_empty(&original->cpus))
		return;
	for (int depth = 0; depth < DEPTH_MAX; depth++, up += 3) {
		memcpy(path + up, "../", 3);
		(void)snprintf(path + up + 3, sizeof(path) - up - 3, "devices/system/cpu/possible");
		if (fs_read(dir_fd, path, text, sizeof(text), NULL) < 0)
			continue;
		(void)knob_parse(KNOB_CPUSET_CPUS, text, original);
		return;
	}
}

const struct writer cgroup_cpuset_writers[] = {
	{.knob = KNOB_CPUSET_CPUS, .slow = true, .forgets = KNOB_COUNT, .give_back = give_back_cpus},
	{.knob = KNOB_CPUSET_EXCLUSIVE, .slow = true, .forgets = KNOB_COUNT},
	{.knob = KNOB_CPUSET_PARTITION,
	 .slow = true,
	 .forgets = KNOB_COUNT,
	 .denied = knob_partition_why},
};
const size_t cgroup_cpuset_n_writers =
	sizeof(cgroup_cpuset_writers) / sizeof(cgroup_cpuset_writers[0]);
