// SPDX-License-Identifier: LGPL-2.1-or-later
// A lane: one thread and a bounded queue for what the kernel makes the caller wait for, so that the
// event loop need not. Several lanes (lanes.h) keep a long reclaim from delaying what is urgent.
//
// Jobs are done one by one, in the order in which they came. Handing one in allocates nothing. Each
// write is reported once; a write that outlives the lane's patience is cut short by a signal, and
// counted.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANE_JOBS 128
/* A value as text, but for a set of CPUs in more than some thirty pieces. */
#define LANE_TEXT_SIZE 256
/* A number, as the kernel writes it. */
#define LANE_NUMBER_SIZE 32

struct lane;

/* What came of a write. */
struct lane_done {
	uint64_t token; /* the caller's, given with the job */
	int result;	/* 0 or -errno; -ECANCELED: it was taken back before it began */
	bool cut;	/* the signal ended it (it may have done a part, or all) */
	uint64_t took_us;
	/* Of lane_write_measured(): the text of its file; "" where it could not be read. */
	char before[LANE_NUMBER_SIZE];
	char after[LANE_NUMBER_SIZE];
};

/* Since the lane began. */
struct lane_count {
	uint64_t written; /* writes that ended */
	uint64_t cut;	  /* of those: because they took too long */
	uint64_t closed;
	uint64_t full; /* jobs that found no place */
	uint64_t longest_us;
	uint32_t waiting; /* now, in the queue or under way */
	bool running;	  /* now: one is under way */
};

/* Starts the thread. `name` (static, 15 characters) is the thread's. A write may last `patience_us`. `event_fd` is borrowed, a
 * non-blocking eventfd that is raised when a write has ended; -EBADF for none. 0 or -errno: then
 * there is no lane, and the caller does such work itself. */
int lane_new(const char *name, int event_fd, uint64_t patience_us, struct lane **ret_lane);

/* Ends the thread and frees the lane; accepts NULL. Closes and, with `drain`, writes that wait are
 * done first; without it they are dropped and the one under way is cut short at once. Waits for
 * that: the writes that it drains may take its patience each, closes some ten milliseconds. */
void lane_free(struct lane *lane, bool drain);

/* One write(2) of `text` to `file` (static) in the directory dir_fd, opened with O_WRONLY | flags by
 * the thread, because opening may have to wait for memory too. The lane takes dir_fd over. 0; -EBUSY:
 * full, -E2BIG: longer than a job can hold; then dir_fd is still the caller's. */
int lane_write(struct lane *lane, int dir_fd, const char *file, int flags, const char *text,
	       uint64_t token);

/* The same, and reads the file `measured` (static) of that directory right before the write and right after it. */
int lane_write_measured(struct lane *lane, int dir_fd, const char *file, int flags,
			const char *text, uint64_t token, const char *measured);

/* Closes fd. 0, or -EBUSY: full, and fd is still the caller's. */
int lane_close(struct lane *lane, int fd);

/* Takes back the write with this token: one that waits ends at once with -ECANCELED, one that is
 * under way is cut short (and not counted as too long). Either is still reported. True when there
 * was one. */
bool lane_cancel(struct lane *lane, uint64_t token);

/* The next write that has ended, in their order; false for none. */
bool lane_next(struct lane *lane, struct lane_done *ret_done);

struct lane_count lane_counts(struct lane *lane);
