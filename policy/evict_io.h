// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether an online pod that waits for a disk would be helped by a pod that goes, and by which: the disk is busy all the time,
// and offline work that was held there and still uses a part of it has it. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/pressure.h"
#include "policy/efficacy.h"
#include "policy/victim.h"
#include "policy/wait.h"

/* Who does less than a tenth of what the disk does would not be missed there. */
#define EVICT_IO_LEAST_PERMILLE 100u
/* So much of the time it has something to do: else it is not what is waited for. */
#define EVICT_IO_FULL_PERMILLE 900u
/* What is held there has been so for as long as it takes to judge that. */
#define EVICT_IO_HELD_US 20000000

/* Rates are in KiB a second; a small request counts as 16 KiB, since it costs the disk no less. */
struct evict_io {
	const struct pod *waiter; /* who waits longest; NULL: nobody, and the rest says nothing */
	uint32_t major, minor;	  /* for this disk */
	bool measured;
	uint32_t busy_permille;
	uint64_t least_kib;
	uint64_t most_kib; /* the most that one pod does there whom a hold may meet */
	bool offline_measured;
	uint64_t offline_kib; /* what all of these do there */
	struct wait_look look;
};

/* `look` is that of IO. Only disks count that `holds` has held for EVICT_IO_HELD_US. */
void evict_io_look(const struct wait_look *look, const struct efficacy *efficacy,
		   const struct io_holds *holds, struct evict_io *ret_io);

/* Whether somebody's going would help the one who waits. */
bool evict_io_is_needed(const struct evict_io *io);

/* For victim_choose(): what this pod does on that disk. `context`: a struct evict_io that is needed. */
enum victim_out evict_io_rate(const void *context, const struct pod *pod, struct victim *victim);

/* What all whom a hold may meet do on this disk together; false: not measured lately. */
bool evict_io_offline(const struct wait_look *look, uint32_t major, uint32_t minor,
		      uint64_t *ret_kib);

/* That it does nothing on any disk, as far as that was measured. */
bool evict_io_rests(const struct samples *samples, const struct pod *pod, int64_t now_us);
