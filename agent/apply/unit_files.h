// SPDX-License-Identifier: LGPL-2.1-or-later
// The files that a property call touches besides the properties: the other knobs of the controller, which
// systemd writes anew with it, and the drop-ins that it leaves behind.
#pragma once

#include <stdbool.h>

#include "agent/apply/unit_call.h"

/* All knobs of the cgroup directory that a call for these controllers makes systemd write. */
void unit_files_read(int dir_fd, unsigned controllers, struct knob_value ret_values[KNOB_COUNT]);

/* Forgets of `values` what has another value now than systemd writes from these properties: somebody else
 * wrote since. */
void unit_files_spare(int dir_fd, const struct unit_values *now,
		      struct knob_value values[KNOB_COUNT], uint64_t page_bytes);

/* Puts back what differs from `values` by now; a memory.high is left to the next pass, because its
 * writer may block. How many were written. */
unsigned unit_files_put_back(int dir_fd, const struct knob_value values[KNOB_COUNT],
			     uint64_t page_bytes);

/* Whether telling a property of the memory controller would change a limit that somebody wrote behind
 * systemd's back: the name of that file, else NULL. `owned` has 1 << knob for colod's own. */
const char *unit_files_memory_foreign(int dir_fd, const struct unit_answer *answer, uint32_t owned,
				      uint64_t page_bytes);

/* The run-time drop-ins that are there: a mask of 1 << enum unit_prop. `root_fd` stands for "/". */
uint32_t unit_files_dropins(int root_fd, const char *path);

/* Writes a drop-in as systemd would for this value: for a unit that systemd cannot be told of now, in
 * place of somebody else's that colod's telling changed. 0 or -errno. */
int unit_files_write_dropin(int root_fd, const char *path, enum unit_prop prop, uint64_t value);

/* Deletes the drop-in of a property, and the folder where nothing else is in it. What systemd keeps of
 * a transient unit (/run/systemd/transient) is not touched: it goes with the unit. 0 or -errno. */
int unit_files_delete_dropin(int root_fd, const char *path, enum unit_prop prop);
