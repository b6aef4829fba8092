// SPDX-License-Identifier: LGPL-2.1-or-later
// What was lifted from a dying pod (kill_lift.h), in /run/colod/lifted: whoever comes after an agent that was killed
// meanwhile puts it back. Its pages are there before they are needed: a node that has no memory left gives none.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/apply/kill_lift.h"

#define LIFT_RECORD_FILE "lifted"
/* One for each thread that kills. */
#define LIFT_RECORD_SLOTS 2

struct lift_record;

/* A new and empty file; state_fd is borrowed. 0 or -errno: then nothing may be lifted. */
int lift_record_new(int state_fd, struct lift_record **ret_record);
/* Deletes the file, if nothing in it is still to be put back. Accepts NULL. */
void lift_record_free(struct lift_record *record);

/* Before the first value is lifted. False: it cannot be recorded, and must not be lifted. */
bool lift_record_set(struct lift_record *record, unsigned slot, const char *path, uint64_t inode,
		     const struct kill_lift *lift);
/* Everything is back. */
void lift_record_clear(struct lift_record *record, unsigned slot);

struct lift_back {
	uint32_t written; /* values that were lifted, by what is recorded */
	uint32_t restored;
	uint32_t gone;	  /* with their cgroup */
	uint32_t foreign; /* somebody else wrote since, or they had not been lifted yet */
	uint32_t failed;  /* the kernel refused */
	uint32_t bad;	  /* lines that say nothing */
};

/* By whoever holds the lock of /run/colod, before anything else is read or written: puts back what an agent that
 * is gone had lifted, where the value is still the lifted one, and deletes the file. No file: all 0. */
void lift_record_put_back(int cgroup_fd, int state_fd, struct lift_back *ret_back);
