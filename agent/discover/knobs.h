// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads what the knobs of a cgroup show now. Ownership, originals and written values are apply's:
// nothing here touches them.
#pragma once

#include <stdbool.h>

#include "colod/cgroup.h"

/* Reads all knobs of one cgroup: KNOB_MISSING for a file that is not there, KNOB_UNREAD for one
 * that cannot be read or understood. 1 when some value changed, 0 otherwise. */
int knobs_read(int cgroup_fd, struct cgroup *cgroup);

/* Only those that are KNOB_UNREAD; *ret_unread: some still are. 1 when one was read, else 0. */
int knobs_read_again(int cgroup_fd, struct cgroup *cgroup, bool *ret_unread);

/* What one knob shows now, without changing the model. */
struct knob_value knobs_read_one(int cgroup_fd, const struct cgroup *cgroup, enum knob knob);

/* The value that somebody other than colod gave this knob: the original while colod's own value
 * still stands, else what is there now. */
const struct knob_value *knobs_foreign(const struct cgroup *cgroup, enum knob knob);
