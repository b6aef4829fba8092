// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of cgroup.freeze, but for the thaw of a pod that is killed (kill_lift.c). The kernel takes the word at
// once; its processes stop, each at its next way back to user space, and nobody waits for that. Nor may either way
// wait behind a reclaim: both go by the urgent lane.
#include "agent/apply/writer.h"

const struct writer cgroup_freeze_writers[] = {
	{.knob = KNOB_CGROUP_FREEZE, .forgets = KNOB_COUNT, .urgent = true},
};
const size_t cgroup_freeze_n_writers =
	sizeof(cgroup_freeze_writers) / sizeof(cgroup_freeze_writers[0]);
