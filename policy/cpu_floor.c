// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_floor.h.
#include "policy/cpu_floor.h"

#include "policy/release.h"

#define CPU_MILLI 1000u
#define PERMILLE 1000u
/* Since 6.18 a throttled task stops on its way back to user space. Before, the whole run queue
 * stops, kernel locks and all, and small quotas stall online work: the floor is higher there. */
#define PER_TASK_THROTTLE_MAJOR 6
#define PER_TASK_THROTTLE_MINOR 18

uint64_t cpu_floor_milli(const struct node *node, uint64_t capacity_milli, uint64_t floor_permille)
{
	uint64_t floor_milli = capacity_milli * floor_permille / PERMILLE, least;

	if (!release_at_least(node->kernel, PER_TASK_THROTTLE_MAJOR, PER_TASK_THROTTLE_MINOR)) {
		least = capacity_milli / 4 < CPU_MILLI ? capacity_milli / 4 : CPU_MILLI;
		least = capacity_milli / 10 > least ? capacity_milli / 10 : least;
		floor_milli = floor_milli > least ? floor_milli : least;
	}
	return floor_milli < capacity_milli ? floor_milli : capacity_milli;
}
