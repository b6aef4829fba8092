// SPDX-License-Identifier: LGPL-2.1-or-later
// The one writer of io.weight and io.bfq.weight, of which it writes the "default" line and never that of a device, and of io.max, of which
// it writes single parts of the lines of disks that are held: "8:0 rbps=1048576" leaves the rest of that line, and all
// other lines, as they are.
//
// The first line of a disk in any io.max makes the kernel (6.12) stop the disk for as long as what it is at work for takes:
// 58 ms on a disk of 20 MB/s with a megabyte queued, the next line 1 ms (63-io-hold). That is nothing for the agent's
// loop: the slow lane has it.
//
// systemd is not told. It writes a line of io.max only where a unit has IOReadBandwidthMax= or the like for that disk, then
// the whole of it, at a call that changes an IO property of that unit, and leaves all other lines alone; a daemon-reload
// writes none (systemd 257: 63-io-hold); what it does write over is drift as any other. And a property would outlive
// this process.
#include "agent/apply/writer.h"

const struct writer cgroup_io_writers[] = {
	{.knob = KNOB_IO_WEIGHT, .forgets = KNOB_COUNT},
	{.knob = KNOB_IO_BFQ_WEIGHT, .forgets = KNOB_COUNT},
	{.knob = KNOB_IO_MAX, .slow = true, .forgets = KNOB_COUNT, .lifts = true},
	{.knob = KNOB_IO_MAX + 1, .slow = true, .forgets = KNOB_COUNT, .lifts = true},
	{.knob = KNOB_IO_MAX + 2, .slow = true, .forgets = KNOB_COUNT, .lifts = true},
	{.knob = KNOB_IO_MAX + 3, .slow = true, .forgets = KNOB_COUNT, .lifts = true},
};
const size_t cgroup_io_n_writers = sizeof(cgroup_io_writers) / sizeof(cgroup_io_writers[0]);
