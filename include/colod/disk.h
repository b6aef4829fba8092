// SPDX-License-Identifier: LGPL-2.1-or-later
// The disks that have a queue of their own: where IO waits, and where it can be weighed and bounded. What only maps
// to others (partitions, LVM and other device mapper targets, md, loop) is none: the kernel accounts for each of
// its requests at the disk below, for the cgroup that asked (62-disks shows loop and the device mapper).
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* More are left out, and counted. */
#define DISKS_MAX 64
#define DISK_NAME_SIZE 32

enum disk_direction { DISK_READ, DISK_WRITE, DISK_DIRECTIONS };

struct disk {
	uint32_t major, minor;
	char name[DISK_NAME_SIZE];	/* as the kernel calls it: "nvme0n1" */
	char scheduler[DISK_NAME_SIZE]; /* "none", "mq-deadline", ...; "" where it has none to choose */
	bool iocost;			/* is on: io.weight has a meaning here */
	bool bfq;			/* schedules: io.bfq.weight has */
	bool rotational;
	bool swap; /* or perhaps: something is swapped there */
};

/* In the order of their numbers. */
struct disks {
	uint32_t n;
	uint32_t left_out;
	struct disk list[DISKS_MAX];
};
