// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of io.weight: its "default" line. Lines of single devices are never touched.
#include "agent/apply/writer.h"

const struct writer cgroup_io_writers[] = {
	{.knob = KNOB_IO_WEIGHT, .forgets = KNOB_COUNT},
};
const size_t cgroup_io_n_writers = sizeof(cgroup_io_writers) / sizeof(cgroup_io_writers[0]);
