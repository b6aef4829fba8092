// SPDX-License-Identifier: LGPL-2.1-or-later
// What a disk does and was seen to be able to do. How it is learned: policy/disk_use.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/disk.h"

/* What a disk has done since boot, as the kernel counts it. */
struct disk_sample {
	int64_t at_us;
	struct {
		uint64_t requests; /* that ended */
		uint64_t bytes;
		uint64_t waited_us; /* by all of them together, the disk's work included */
	} of[DISK_DIRECTIONS];
	uint64_t busy_us; /* with at least one request under way, to a tick of the kernel's */
};

/* The newest of each disk that could be read. */
struct disk_samples {
	uint32_t n;
	struct {
		uint32_t major, minor;
		struct disk_sample sample;
	} list[DISKS_MAX];
};

/* As long as the longest window of a pressure rule: a slower disk is believed to be so then. */
#define DISK_USE_SECONDS 10
/* Known from so many on. */
#define DISK_USE_SECONDS_MIN 3

enum disk_ability {
	DISK_READ_BYTES, /* DISK_READ_BYTES + enum disk_direction */
	DISK_WRITE_BYTES,
	DISK_READ_REQUESTS,
	DISK_WRITE_REQUESTS,
	DISK_ABILITIES,
};

/* The last second. */
struct disk_window {
	uint64_t span_us; /* 0: nothing was measured */
	uint64_t bytes_per_s[DISK_DIRECTIONS];
	uint64_t requests_per_s[DISK_DIRECTIONS];
	uint64_t waited_us[DISK_DIRECTIONS]; /* by one request, on average; 0 where none ended */
	uint32_t busy_permille;
	uint32_t queue_milli; /* requests that wait or are worked on, on average, in thousandths */
	bool loaded;	      /* busy all the time, and requests wait for each other */
};

struct disk_use {
	uint32_t major, minor;
	bool has_last;
	struct disk_sample last;
	struct disk_window window;
	struct {
		uint32_t n; /* of per_s that are set */
		uint32_t head;
		uint64_t per_s[DISK_USE_SECONDS];
	} seen[DISK_ABILITIES];
};

struct disk_uses {
	uint32_t n;
	struct disk_use list[DISKS_MAX];
};
