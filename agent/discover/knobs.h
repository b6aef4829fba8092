// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads what the knobs of a cgroup show now. Ownership, originals and written values are apply's:
// nothing here touches them.
#pragma once

#include <stdbool.h>

#include "colod/cgroup.h"
#include "colod/policy.h"

/* Bits of enum knob that decisions under this policy may need somewhere. The ones that only a few
 * policies ask for (cpuset.*, cpu.max.burst, cgroup.freeze) cost no read under the others. NULL for no policy: as under one that asks for none of them. */
uint32_t knobs_of_policy(const struct policy *policy);

/* Those of them that are read of this cgroup: all of a pod; no burst and no freeze of what is above it, but io.max; of what only stands
 * beside, the usual and the CPUs that it was given; of a container the CPUs alone. And
 * whatever colod wrote, until it is given back. `holds_pod`: a pod is here or below. */
uint32_t knobs_of_cgroup(const struct cgroup *cgroup, bool holds_pod, uint32_t of_policy);

/* Without the lines of io.max that are about no disk; of the first one it is seen all the same whether the file is there. */
uint32_t knobs_of_disks(uint32_t knobs, const struct knob_disks *disks);

/* Which disk's line each knob of io.max is to be, of a cgroup where colod does not own it. Bits of those of which that is
 * new: they have to be read. */
uint32_t knobs_ask_disks(struct cgroup *cgroup, const struct knob_disks *disks);

/* Reads the `wanted` knobs of one cgroup: KNOB_MISSING for a file that is not there, KNOB_UNREAD for
 * one that cannot be read or understood. 1 when some value changed, 0 otherwise. */
int knobs_read(int cgroup_fd, struct cgroup *cgroup, uint32_t wanted);

/* Those that nobody reads any more say nothing. Whether they said something. */
bool knobs_forget(struct cgroup *cgroup, uint32_t knobs);

/* Of the `wanted` ones only those that are KNOB_UNREAD; *ret_unread: some still are. 1 when one was read, else 0. */
int knobs_read_again(int cgroup_fd, struct cgroup *cgroup, uint32_t wanted, bool *ret_unread);

/* What one knob shows now, without changing the model. */
struct knob_value knobs_read_one(int cgroup_fd, const struct cgroup *cgroup, enum knob knob);

/* The value that somebody other than colod gave this knob: the original while colod's own value
 * still stands, else what is there now. */
const struct knob_value *knobs_foreign(const struct cgroup *cgroup, enum knob knob);
