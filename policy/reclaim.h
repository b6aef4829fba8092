// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod has to give when the kernel is asked to reclaim from it (memory.reclaim), and in which slices it is
// asked. When, and of whom, is the ladder's to decide: nothing here knows of levels.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A slice is between the two; it begins small and grows while the kernel keeps up. */
#define RECLAIM_SLICE_MIN_BYTES (16u << 20)
#define RECLAIM_SLICE_MAX_BYTES (64u << 20)
/* A pod that has no more than this to give is left alone. */
#define RECLAIM_GIVE_MIN_BYTES (32u << 20)
/* ... and one that gave next to nothing twice in a row, for so long. */
#define RECLAIM_REST_US 10000000

/* Of memory.stat: the cgroup with everything below it. */
struct reclaim_stat {
	uint64_t inactive_file_bytes;
	uint64_t active_file_bytes;
	uint64_t anon_bytes;
	uint64_t inactive_anon_bytes;
	uint64_t dirty_bytes;	  /* file_dirty */
	uint64_t writeback_bytes; /* file_writeback */
};

/* Of the node, as it is now. */
struct reclaim_node {
	uint64_t swap_free_bytes;
	bool mglru; /* the multi-generational LRU is on: inactive_anon says nothing then */
};

/* What came of asking for a slice, or why none was asked for. */
enum reclaim_answer {
	RECLAIM_SLICE,	   /* one is asked for */
	RECLAIM_ENOUGH,	   /* less is wanted than the smallest slice */
	RECLAIM_NOTHING,   /* it has no more than RECLAIM_GIVE_MIN_BYTES to give */
	RECLAIM_RESTS,	   /* it gave next to nothing, or could not be asked, lately */
	RECLAIM_UNDER_WAY, /* the last slice has not ended */
	RECLAIM_FULL,	   /* more pods than are kept track of */
	RECLAIM_REFUSED,   /* it cannot be asked; the journal says why */
	RECLAIM_GONE,	   /* the cgroup is not there any more */
	RECLAIM_ANSWER_COUNT,
};

/* How a slice ended. */
enum reclaim_end {
	RECLAIM_END_ALL,     /* the kernel took all of it */
	RECLAIM_END_SHORT,   /* it found no more to take (EAGAIN) */
	RECLAIM_END_TIME,    /* cut short, because it lasted too long */
	RECLAIM_END_STOPPED, /* cut short, because nobody wanted it any more */
	RECLAIM_END_REFUSED, /* nothing was tried */
	RECLAIM_END_COUNT,
};

/* What is remembered of a pod from slice to slice. Starts zeroed. */
struct reclaim_pace {
	uint64_t slice_bytes; /* the next one is no larger; 0: the smallest */
	uint32_t poor;	      /* slices in a row that gave next to nothing */
	int64_t rest_until_us;
};

/* The text of memory.stat, or with memory nodes that of memory.numa_stat: what lies there. 0; -ENOENT: a key is missing (every kernel with cgroup v2 has them all), -EINVAL or
 * -ERANGE: one has no number. *ret_stat is untouched then. */
int reclaim_stat_parse(const char *text, uint64_t nodes, struct reclaim_stat *ret_stat);

/* R: what reclaim may find. The inactive file pages and half of the active ones, but for those that have to be
 * written first, and what may go to swap: of the anonymous pages those that are idle, or half of all where
 * nobody knows which are. `swap_bytes`: the free swap that this pod may use. What goes to zram is compressed
 * into RAM: R is what leaves the pod, not what the node gains. */
uint64_t reclaim_give(const struct reclaim_stat *stat, uint64_t swap_bytes, bool mglru);

/* RECLAIM_SLICE: worth a look at what the pod has; else RECLAIM_ENOUGH or RECLAIM_RESTS. */
enum reclaim_answer reclaim_ready(const struct reclaim_pace *pace, uint64_t wanted_bytes,
				  int64_t now_us);

/* The next slice of a pod that has give_bytes and of which wanted_bytes are still wanted: whole pages,
 * never more than either. *ret_bytes is filled on RECLAIM_SLICE alone. */
enum reclaim_answer reclaim_next(const struct reclaim_pace *pace, uint64_t give_bytes,
				 uint64_t wanted_bytes, uint64_t page_bytes, int64_t now_us,
				 uint64_t *ret_bytes);

/* A slice has ended. `got_bytes`: what was measured, 0 where that failed. */
void reclaim_ended(struct reclaim_pace *pace, enum reclaim_end end, uint64_t asked_bytes,
		   uint64_t got_bytes, int64_t now_us);

/* For people: the rest of a sentence about the pod; "?" for no such value. */
const char *reclaim_answer_text(enum reclaim_answer answer);
const char *reclaim_end_text(enum reclaim_end end);
