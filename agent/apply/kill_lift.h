// SPDX-License-Identifier: LGPL-2.1-or-later
// What slows a dying pod down is lifted from its cgroup and those below, and put back when it is over: the values
// may be the kubelet's, which writes those of a pod only once.
#pragma once

#include <stdint.h>

#include "colod/knob.h"

/* Cgroups with a lifted value; those beyond keep theirs. */
#define KILL_LIFT_CGROUPS 24

struct kill_lift {
	struct kill_lifted {
		int fd;
		uint64_t inode;
		uint32_t lifted; /* 1 << enum knob: to be lifted, after kill_lift() what was */
		struct kill_had {
			uint64_t value, period_us;
		} had[KNOB_COUNT];
		struct io_max io[KNOB_IO_MAX_DISKS]; /* what KNOB_IO_MAX and so on had */
	} list[KILL_LIFT_CGROUPS];
	uint32_t n;
	uint32_t lifted; /* 1 << enum knob: of any */
	uint32_t n_thawed;
	int error;	/* the first of lifting */
	int thaw_error; /* the first of thawing */
};

/* Looks at dir_fd and everything below for what is to be lifted, writes none of it, and thaws. What is gone is no
 * error. kill_lift_put_back() ends it. */
void kill_lift_look(struct kill_lift *lift, int dir_fd);

/* Lifts what was found. What the kernel refuses stays, and counts no longer. */
void kill_lift(struct kill_lift *lift);

/* Lifts none of it. */
void kill_lift_forget(struct kill_lift *lift);

struct writer;

/* What is to be put back, of one that is in `lifted`. */
struct knob_value kill_lift_had(const struct kill_lifted *lifted, enum knob knob);

/* One value of the cgroup dir_fd back to what it had: 1; of a line of io.max those parts that still are what was
 * lifted; 0: it is not the lifted one, which is somebody else's doing, and is not written over; or -errno. */
int kill_lift_value_back(int dir_fd, const struct writer *writer, const struct knob_value *had);

/* Where the value is still the lifted one. 0 or the first -errno; what is gone is none. Ends with *lift empty. */
int kill_lift_put_back(struct kill_lift *lift);
