// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of cpu.weight, cpu.idle, cpu.max and cpu.max.burst.
#include "agent/apply/writer.h"

/* sched_group_set_idle(): switching idle off sets the weight to the default, whatever it was. */
#define WEIGHT_AFTER_IDLE 100

/* Enough to exit beside busy neighbours, and not more than colod's own unit has. */
#define WEIGHT_LIFTED 1000

const struct writer cgroup_cpu_writers[] = {
	{.knob = KNOB_CPU_WEIGHT, .forgets = KNOB_COUNT, .lifts = true, .lifted = WEIGHT_LIFTED},
	{
		.knob = KNOB_CPU_IDLE,
		.forgets = KNOB_CPU_WEIGHT,
		.after = WEIGHT_AFTER_IDLE,
		.lifts = true,
		.lifted = 0,
	},
	{.knob = KNOB_CPU_MAX, .forgets = KNOB_COUNT, .lifts = true, .lifted = KNOB_VALUE_MAX},
	{.knob = KNOB_CPU_MAX_BURST, .forgets = KNOB_COUNT},
};
const size_t cgroup_cpu_n_writers = sizeof(cgroup_cpu_writers) / sizeof(cgroup_cpu_writers[0]);
