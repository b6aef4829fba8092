// SPDX-License-Identifier: LGPL-2.1-or-later
// Two disks of 100 MiB/s, A (8:0) and B (8:16), and who uses them, second by second: for tests of the IO ladder.
//
//  kubepods.slice
//  ├── podweb          online, on A
//  ├── poddb           online, on B
//  └── besteffort
//      ├── podhog      offline, on A
//      └── podtame     offline, on B
#pragma once

#include "tests/lib/fake.h"

#define IO_CASE_MIB 1048576ull
#define IO_CASE_SECOND 1000000

/* MiB/s in requests of 1 MiB, and waits in permille. */
struct io_case_second {
	uint64_t wait;			/* of web */
	uint64_t db_wait;		/* of db */
	uint64_t web;			/* what it reads on A */
	uint64_t hog_reads, hog_writes; /* what it would like to do on A */
	uint64_t tame;			/* what it reads on B */
	bool bounded;			/* web is at a bound of its own */
	bool unseen;			/* what pods do on disks is not known */
	bool has_time;			/* A is not busy half of the time */
	bool no_stat;			/* what A does all in all is not known */
	uint32_t busy;			/* 0, or how much of the time A is, in permille */
};

struct io_case {
	struct fake f;
	struct pod *web, *db, *hog, *tame;
	struct cgroup *class;
	int64_t now_us;
	uint64_t wait_us, db_wait_us;
	uint64_t did[DISK_DIRECTIONS]; /* what the hog did in the last second */
	size_t n_writes;
	bool watches; /* nothing is written */
};

/* Rule: io.some > 10 % over 2 s, floor 10 %. */
void io_case_init(struct io_case *c);
void io_case_done(struct io_case *c);

/* So many seconds like this one: samples, a decision, what is written. */
void io_case_run(struct io_case *c, int seconds, struct io_case_second s);

/* What offline work may do of this disk (0: A), in MiB/s; 0: as much as it likes. */
uint64_t io_case_bound(const struct io_case *c, const struct cgroup *cgroup, uint32_t disk,
		       enum disk_direction direction);
struct ladder *io_case_ladder(struct io_case *c);
