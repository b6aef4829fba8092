// SPDX-License-Identifier: LGPL-2.1-or-later
// Who waits for which disk, and who uses it: what one look sees of all disks. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "policy/efficacy.h"
#include "policy/io_hold.h"
#include "policy/wait.h"

struct io_disk_view {
	struct io_hold_look look; /* io_view_look() fills waits, uses and rates of it */
	const struct pod *waiter; /* who waits longest past the rule and uses it; NULL: nobody */
	uint64_t span_us;
	uint32_t busy_permille; /* 0: not measured, too */
	bool shared;		/* busy, and not only with what online pods ask of it */
	bool pressed;		/* the ladder's */
};

/* `model` is the caller's to set; the rest zeroed. */
struct io_view {
	bool holdable; /* some offline pod may be bounded */
	const struct model *model;
	struct io_disk_view disks[DISKS_MAX]; /* of model->disks */
};

/* Whom a hold does not help causes none. */
void io_view_look(struct io_view *v, const struct wait_look *look, const struct efficacy *efficacy);

/* NULL: there is no such disk. */
struct io_disk_view *io_view_disk(struct io_view *v, uint32_t major, uint32_t minor);

/* What this pod does on disks; NULL: it was not measured lately. */
const struct pod_disks *io_view_pod(const struct wait_look *look, const struct pod *pod);

/* Whether its IO may be bounded. */
bool io_view_may_hold(const struct policy *policy, const struct assignment *a);

/* ... or it may wait for IO, and is not colod itself. */
bool io_view_is_online(const struct assignment *a, const struct pod *pod);

/* Some offline work is held at this place (of KNOB_IO_MAX_DISKS) by colod, and nobody wrote over it. */
bool io_view_in_force(const struct model *model, int place);
