// SPDX-License-Identifier: LGPL-2.1-or-later
// One row per knob that colod writes: what is special about writing it. The rows are in
// cgroup_cpu.c, cgroup_cpuset.c, cgroup_memory.c, cgroup_io.c and cgroup_task.c, each knob in exactly one of them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/knob.h"

struct writer {
	enum knob knob;
	/* Its write moves tasks and rebuilds what the scheduler knows of the CPUs: always by the slow
	 * lane, one after another in the order of the diff. */
	bool slow;
	/* Its write is short, and waits for nothing that may last: it takes the urgent lane. */
	bool urgent;
	/* What the kernel says of a value that it took and does not act on; NULL where it does. Without
	 * one: it never does so. */
	const char *(*denied)(const struct knob_value *value);
	/* What to give back in the stead of `original`, where the kernel would not take that any more; it is
	 * left as it is where it would. NULL: any value can be given back. */
	void (*give_back)(int dir_fd, struct knob_value *original);
	int flags; /* for open(2), beside O_WRONLY */
	/* A pod that was killed exits sooner with this value, and no other pod minds it for that long. Of io.max: without any
	 * bound (kill_lift.c). */
	bool lifts;
	uint64_t lifted;
	/* The knob of the same cgroup whose value the kernel forgets while this one is 1, and
	 * what it reads when this one is 0 again; KNOB_COUNT for none. */
	enum knob forgets;
	uint64_t after;
	/* The value to write now on the way from `now` to `want`, so that the writer does not
	 * block; `now` itself where nothing is to be gained yet. NULL: want at once. */
	int (*step)(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		    struct knob_value *ret_value);
	/* The same where a lane does the writing, which then may last. NULL: this knob's write never
	 * does. `probes`: an earlier one came to nothing. *ret_gap: how much more is in use than the
	 * value allows, 0: it will not last. */
	int (*stride)(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		      bool probes, struct knob_value *ret_value, uint64_t *ret_gap);
	/* Instead of a stride, while none is to be tried: follows the use down and leaves some room. */
	int (*follow)(int dir_fd, const struct knob_value *now, const struct knob_value *want,
		      struct knob_value *ret_value);
	/* After such a write of `value`: the value to go back to where it came to nothing, so that the
	 * pod is not slowed down in vain; `value` itself where it helped. */
	int (*ease)(int dir_fd, const struct knob_value *value, uint64_t gap,
		    struct knob_value *ret_value);
};

extern const struct writer cgroup_cpu_writers[];
extern const size_t cgroup_cpu_n_writers;
extern const struct writer cgroup_memory_writers[];
extern const size_t cgroup_memory_n_writers;
extern const struct writer cgroup_cpuset_writers[];
extern const size_t cgroup_cpuset_n_writers;
extern const struct writer cgroup_freeze_writers[];
extern const size_t cgroup_freeze_n_writers;
extern const struct writer cgroup_io_writers[];
extern const size_t cgroup_io_n_writers;
/* Of the tasks in a cgroup, not of a file there (knob_is_of_tasks()): no row says how to write it. */
extern const struct writer cgroup_attr_writers[];
extern const size_t cgroup_attr_n_writers;

/* The row of a knob, NULL for one that colod never writes. */
const struct writer *writer_of(enum knob knob);

/* The present value, of the cgroup directory dir_fd. 0 or -errno; -EBADMSG for a text that is no
 * value of this knob. */
int writer_read(int dir_fd, enum knob knob, struct knob_value *ret_value);

/* The same; of io.max the line of `of`'s disk. */
int writer_read_of(int dir_fd, enum knob knob, const struct knob_value *of,
		   struct knob_value *ret_value);

/* Whether another knob of the same cgroup hides this one now: its value says nothing and cannot be
 * written (cpu.weight while cpu.idle is 1). */
bool writer_is_hidden(int dir_fd, enum knob knob);

/* What to open the knob with, beside O_WRONLY. `patient`: the write may last. */
int writer_flags(const struct writer *writer, bool patient);

/* One write(2) of a known value, of a knob that may last no longer than PATIENCE_US. 0 or -errno. */
int writer_write(int dir_fd, const struct writer *writer, const struct knob_value *value);
