// SPDX-License-Identifier: LGPL-2.1-or-later
// Why the kernel did not take a value, and what to do about it; and which refusals were reported
// already, so that each is said once.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/plan.h"

/* The cause of `error` (a negative errno) from opening, reading or writing the knob in the open
 * cgroup directory dir_fd (-EBADF when that could not be opened: the cgroup is gone). */
enum refusal refuse_classify(int dir_fd, enum knob knob, int error);

/* What a person can do about it: static text. */
const char *refuse_fix(enum refusal refusal, enum knob knob);

/* The same for a file that is no knob, of a controller (CONTROLLER_...). */
enum refusal refuse_classify_controller(int dir_fd, unsigned controller, int error);
const char *refuse_fix_controller(enum refusal refusal, unsigned controller);

#define REFUSE_SEEN_MAX 256

/* The last reported (cgroup, knob, cause); when full, the oldest is forgotten and may be said
 * again. Zeroed by the caller. */
struct refuse_seen {
	struct {
		uint64_t inode;
		enum knob knob;
		enum refusal refusal;
	} list[REFUSE_SEEN_MAX];
	size_t n;
	size_t next;
};

/* Whether this refusal is new; it is not the next time. */
bool refuse_is_new(struct refuse_seen *seen, uint64_t inode, enum knob knob, enum refusal refusal);

/* The knob was taken: a later refusal is new again. */
void refuse_clear(struct refuse_seen *seen, uint64_t inode, enum knob knob);
