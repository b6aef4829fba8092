// SPDX-License-Identifier: LGPL-2.1-or-later
// See reclaim.h. Reclaim costs CPU and, with swap, disk time of everybody: so it asks only for what is likely
// there, a little at a time, and stops where the kernel searches in vain.
#include "policy/reclaim.h"

#include <stddef.h>

#include "policy/kernel_text.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* Less than a quarter of what was asked for is next to nothing; twice in a row is no accident. */
#define POOR_PART 4
#define POOR_MAX 2

int reclaim_stat_parse(const char *text, uint64_t nodes, struct reclaim_stat *ret_stat)
{
	struct reclaim_stat stat = {0};
	const struct {
		const char *key;
		uint64_t *value;
	} keys[] = {
		{"inactive_file", &stat.inactive_file_bytes},
		{"active_file", &stat.active_file_bytes},
		{"anon", &stat.anon_bytes},
		{"inactive_anon", &stat.inactive_anon_bytes},
		{"file_dirty", &stat.dirty_bytes},
		{"file_writeback", &stat.writeback_bytes},
	};

	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		int r = nodes != 0 ? kernel_text_numa_stat(text, keys[i].key, nodes, keys[i].value)
				   : kernel_text_keyed(text, keys[i].key, keys[i].value);

		if (r < 0)
			return r;
	}
	*ret_stat = stat;
	return 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t reclaim_give(const struct reclaim_stat *stat, uint64_t swap_bytes, bool mglru)
{
	uint64_t file = plus(stat->inactive_file_bytes, stat->active_file_bytes / 2);
	uint64_t busy = plus(stat->dirty_bytes, stat->writeback_bytes);
	uint64_t anon = least(swap_bytes, mglru ? stat->anon_bytes / 2 : stat->inactive_anon_bytes);
	uint64_t give = plus(file, anon);

	return give > busy ? give - busy : 0;
}

enum reclaim_answer reclaim_ready(const struct reclaim_pace *pace, uint64_t wanted_bytes,
				  int64_t now_us)
{
	if (wanted_bytes < RECLAIM_SLICE_MIN_BYTES)
		return RECLAIM_ENOUGH;
	return now_us < pace->rest_until_us ? RECLAIM_RESTS : RECLAIM_SLICE;
}

enum reclaim_answer reclaim_next(const struct reclaim_pace *pace, uint64_t give_bytes,
				 uint64_t wanted_bytes, uint64_t page_bytes, int64_t now_us,
				 uint64_t *ret_bytes)
{
	enum reclaim_answer answer = reclaim_ready(pace, wanted_bytes, now_us);
	uint64_t bytes = pace->slice_bytes;

	if (answer != RECLAIM_SLICE)
		return answer;
	if (give_bytes <= RECLAIM_GIVE_MIN_BYTES)
		return RECLAIM_NOTHING;
	if (bytes < RECLAIM_SLICE_MIN_BYTES)
		bytes = RECLAIM_SLICE_MIN_BYTES;
	bytes = least(least(bytes, RECLAIM_SLICE_MAX_BYTES), least(give_bytes, wanted_bytes));
	/* The smallest is a multiple of every page size. */
	*ret_bytes = page_bytes > 0 ? bytes - bytes % page_bytes : bytes;
	return RECLAIM_SLICE;
}

static void rest(struct reclaim_pace *pace, int64_t now_us)
{
	pace->poor = 0;
	pace->rest_until_us = now_us + RECLAIM_REST_US;
}

void reclaim_ended(struct reclaim_pace *pace, enum reclaim_end end, uint64_t asked_bytes,
		   uint64_t got_bytes, int64_t now_us)
{
	switch (end) {
	case RECLAIM_END_ALL:
		pace->poor = 0;
		pace->slice_bytes = least(plus(asked_bytes, asked_bytes), RECLAIM_SLICE_MAX_BYTES);
		break;
	case RECLAIM_END_SHORT:
	/* A large pod is searched in vain for so long that the kernel does not get to say so. */
	case RECLAIM_END_TIME:
		pace->slice_bytes = 0;
		pace->poor = got_bytes < asked_bytes / POOR_PART ? pace->poor + 1 : 0;
		if (pace->poor >= POOR_MAX)
			rest(pace, now_us);
		break;
	case RECLAIM_END_REFUSED:
		rest(pace, now_us);
		break;
	case RECLAIM_END_STOPPED: /* says nothing about the pod */
	case RECLAIM_END_COUNT:
		break;
	}
}

const char *reclaim_answer_text(enum reclaim_answer answer)
{
	static const char *const texts[RECLAIM_ANSWER_COUNT] = {
		[RECLAIM_SLICE] = "is being reclaimed from",
		[RECLAIM_ENOUGH] = "has given enough",
		[RECLAIM_NOTHING] = "has too little that could be reclaimed",
		[RECLAIM_RESTS] = "gave next to nothing and is left alone for a while",
		[RECLAIM_UNDER_WAY] = "is still being reclaimed from",
		[RECLAIM_FULL] = "has to wait: too many pods are reclaimed from already",
		[RECLAIM_REFUSED] = "cannot be reclaimed from",
		[RECLAIM_GONE] = "is gone",
	};

	return (unsigned)answer < ELEMENTS(texts) ? texts[answer] : "?";
}

const char *reclaim_end_text(enum reclaim_end end)
{
	static const char *const texts[RECLAIM_END_COUNT] = {
		[RECLAIM_END_ALL] = "all of it was taken",
		[RECLAIM_END_SHORT] = "the kernel found no more",
		[RECLAIM_END_TIME] = "it took too long and was cut short",
		[RECLAIM_END_STOPPED] = "it was not wanted any more",
		[RECLAIM_END_REFUSED] = "it was refused",
	};

	return (unsigned)end < ELEMENTS(texts) ? texts[end] : "?";
}
