// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners: where systemd owns a cgroup, it is told the shares, protection and limits that colod wrote there,
// so that its own rewrites (a daemon-reload, another property of the same controller) agree. The files are
// written first and always; telling follows, never blocks, and nothing depends on it. Holds are never told:
// a property outlives a SIGKILL.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "agent/apply/apply.h"

struct units;

/* For apply_use_units(), which hands it `apply`. `root_fd` stands for "/"; state_fd (/run/colod) is
 * borrowed. 0 or -errno. */
int units_new(struct apply *apply, int root_fd, int state_fd, struct units **ret_units);
void units_free(struct units *units);

/* The system bus to tell systemd over, attached to the caller's event loop; NULL when it is gone: from
 * then on only files. Calls under way are given up. */
void units_set_bus(struct units *units, sd_bus *bus);

/* After apply_changes(): asks and tells systemd what has changed since, one call per unit and 5 s at
 * most, a few units at a time. `model` is borrowed until the next call. */
void units_pass(struct units *units, struct model *model, int64_t now_us);

struct units_counts {
	uint64_t calls;	   /* of properties that systemd took, since start */
	uint64_t refusals; /* ... and that it did not */
	uint32_t told;	   /* units that have something of colod's now */
	uint32_t waiting; /* of the last pass: units that systemd has not been told all of, or is at work for */
};
struct units_counts units_counts(const struct units *units);

/* What was told or undone, once per call: "batch.slice", "CPUWeight=5". `error`: 0, or the -errno of a
 * refusal, of which only the first is said until systemd takes something. */
typedef void (*units_said_fn)(void *context, const char *unit, const char *what, bool undone,
			      int error);
void units_on_said(struct units *units, units_said_fn fn, void *context);

/* Everything back, without an event loop: after apply_restore(), which has put the files back. Each
 * property only where it still is what colod told; then the drop-ins that telling made. Blocks, at most
 * a few seconds where systemd does not answer. */
struct units_restored {
	size_t written;	 /* properties that colod had told */
	size_t restored; /* of those: as before */
	size_t gone;	 /* of those: the unit is not active any more */
	size_t foreign;	 /* of those: somebody set them since */
	size_t failed;	 /* of those: systemd could not be told, and forgets them when it reloads */
};
int units_restore(struct units *units, struct units_restored *ret_restored);
