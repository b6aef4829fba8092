// SPDX-License-Identifier: LGPL-2.1-or-later
// What each disk does, and what it was seen to be able to do: learned while requests wait behind each other, because
// only then the disk, and not those who ask, says how much there is. Pure.
//
// A disk can do so many bytes a second in large requests and so many requests a second in small ones, of reads and of
// writes, so four things are learned, each from seconds of its own kind; a second of both directions or of middling
// requests teaches nothing. The ability is the most of the last DISK_USE_SECONDS such seconds: more is believed at once, less once
// that many loaded seconds in a row showed no more. Nothing is learned from a disk that is idle, so it stays known.
#pragma once

#include <stdint.h>

#include "colod/disk_use.h"

/* Takes in the newest samples of the disks that there are. What was learned is forgotten with the disk; a sample that is missing,
 * a gap of some seconds, or a counter that fell, begins a new second and forgets nothing. */
void disk_use_look(struct disk_uses *uses, const struct disks *disks,
		   const struct disk_samples *samples);

/* The one with these numbers, or NULL. */
const struct disk *disk_use_disk(const struct disks *disks, uint32_t major, uint32_t minor);

/* The disk's, or NULL: disk_use_look() has not met it. */
const struct disk_use *disk_use_of(const struct disk_uses *uses, const struct disk *disk);

/* What it was seen to be able to do, a second; -ENODATA where that is not known. */
int disk_use_ability(const struct disk_use *use, enum disk_ability ability, uint64_t *ret_per_s);
