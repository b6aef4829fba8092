// SPDX-License-Identifier: LGPL-2.1-or-later
// The units that colod told something, or wants to: a table by cgroup path, and the file
// /run/colod/units, which survives colod. A line is in the file before systemd is told, so that a
// kill between any two steps loses nothing that an undo needs.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/apply/unit_text.h"

#define UNIT_TABLE_FILE "units"
#define UNIT_TABLE_FILE_NEW "units.new"
#define UNIT_TABLE_MAX 16384
#define UNIT_TABLE_MAX_BYTES (16u << 20)

/* One property of a unit. */
struct unit_told {
	bool set;  /* colod told it, or was about to: the values below count */
	bool made; /* see unit_text.h, as the next three */
	uint64_t before;
	uint64_t told;
	uint64_t previous;
};

enum unit_owner {
	UNIT_OWNER_UNKNOWN, /* systemd was not asked yet */
	UNIT_OWNER_SYSTEMD,
	UNIT_OWNER_NOBODY, /* not a unit of this host's systemd: files only */
};

struct unit {
	struct unit *next; /* in its hash bucket */
	struct unit_told props[UNIT_PROP_COUNT];
	/* The rest is units.c's and not in the file. */
	struct units *units;
	struct sd_bus_slot *slot; /* a call under way */
	enum unit_owner owner;
	bool stale; /* systemd has to be asked what it has now */
	bool said;  /* a refusal was said */
	bool kept;  /* its cgroup is gone, but systemd may remember it */
	bool unsure; /* systemd may still do what it was told: its record must not end before it answers */
	uint32_t undoing; /* of the call: 1 << enum unit_prop for what goes back */
	uint64_t seen;	  /* the last pass in which its cgroup was there */
	uint64_t inode;
	uint64_t call_inode; /* of the cgroup that before_call was read from */
	uint64_t rewrites;   /* of its knobs, when systemd was last asked */
	int64_t next_us;     /* no call before */
	struct unit_values wanted;
	struct unit_values now;	 /* what systemd last said, where it was asked */
	struct unit_values call; /* what it is being told */
	struct knob_value before_call[KNOB_COUNT];
	char path[];
};

struct unit_table {
	struct unit **buckets;
	size_t n;
	int dir_fd; /* of the file, borrowed */
	int fd;	    /* to append, -EBADF: not made yet */
	uint64_t n_lines;
	uint64_t n_bytes;
	bool broken;
};

/* Reads the file. Damaged lines are counted in *ret_n_bad and left out. 0 or -errno. */
int unit_table_open(struct unit_table *t, int dir_fd, size_t *ret_n_bad);
void unit_table_close(struct unit_table *t);

struct unit *unit_table_find(const struct unit_table *t, const char *path);

/* Finds or makes it. NULL without memory, when there are too many, or for a path that cannot be
 * recorded. */
struct unit *unit_table_get(struct unit_table *t, const char *path);

/* Takes it out and frees it; it must have nothing set and no call under way. */
void unit_table_drop(struct unit_table *t, struct unit *unit);

/* Writes down that a property is about to be told, then takes it in. 0 or -errno: do not tell. */
int unit_table_own(struct unit_table *t, struct unit *unit, enum unit_prop prop,
		   const struct unit_told *told);

/* ... that it is not colod's any more. -errno when that could not be written down; it is forgotten
 * all the same, and an undo sees by comparing. */
int unit_table_end(struct unit_table *t, struct unit *unit, enum unit_prop prop);

bool unit_table_any_set(const struct unit *unit);

/* Calls fn for each unit, which may drop that one. */
void unit_table_each(struct unit_table *t, void (*fn)(void *context, struct unit *unit),
		     void *context);

/* Deletes the file where nothing is set, else writes it anew. 0 or -errno. */
int unit_table_compact(struct unit_table *t);
