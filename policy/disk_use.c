// SPDX-License-Identifier: LGPL-2.1-or-later
// See disk_use.h.
#include "policy/disk_use.h"

#include <errno.h>
#include <stddef.h>

#define US_PER_S 1000000u
#define PERMILLE 1000u
/* A window, and what is too long to say anything of its seconds. */
#define SPAN_MIN_US 900000
#define SPAN_MAX_US 5000000
/* The kernel counts a busy disk's time in ticks, and looks now and then. */
#define BUSY_PERMILLE 900
/* Two at a time: whoever asks waits for another. */
#define QUEUE_MILLI 2000
/* Of the time that requests took. */
#define OF_ONE_KIND_PERMILLE 900
#define LARGE_BYTES (64u << 10)
#define SMALL_BYTES (16u << 10)

static uint64_t per_s(uint64_t amount, uint64_t span_us)
{
	/* In two steps: no disk does 18 TB/s, but a counter may say so. */
	return amount / span_us * US_PER_S + amount % span_us * US_PER_S / span_us;
}

/* The counters only grow; where one did not, it is another disk's, or was set back. */
static bool grows(const struct disk_sample *a, const struct disk_sample *b)
{
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if (b->of[d].requests < a->of[d].requests || b->of[d].bytes < a->of[d].bytes ||
		    b->of[d].waited_us < a->of[d].waited_us)
			return false;
	return b->busy_us >= a->busy_us;
}

static struct disk_window window_of(const struct disk_sample *a, const struct disk_sample *b)
{
	struct disk_window w = {.span_us = (uint64_t)(b->at_us - a->at_us)};
	uint64_t waited_us = 0, busy = (b->busy_us - a->busy_us) * PERMILLE / w.span_us;

	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		uint64_t n = b->of[d].requests - a->of[d].requests;
		uint64_t us = b->of[d].waited_us - a->of[d].waited_us;

		w.bytes_per_s[d] = per_s(b->of[d].bytes - a->of[d].bytes, w.span_us);
		w.requests_per_s[d] = per_s(n, w.span_us);
		w.waited_us[d] = n > 0 ? us / n : 0;
		waited_us += us;
	}
	w.busy_permille = busy < PERMILLE ? (uint32_t)busy : PERMILLE;
	waited_us = waited_us * PERMILLE / w.span_us;
	w.queue_milli = waited_us < UINT32_MAX ? (uint32_t)waited_us : UINT32_MAX;
	w.loaded = w.busy_permille >= BUSY_PERMILLE && w.queue_milli >= QUEUE_MILLI;
	return w;
}

static void learn(struct disk_use *use, enum disk_ability ability, uint64_t amount)
{
	uint32_t *head = &use->seen[ability].head, *n = &use->seen[ability].n;

	use->seen[ability].per_s[*head] = amount;
	*head = (*head + 1) % DISK_USE_SECONDS;
	*n += *n < DISK_USE_SECONDS;
}

/* Whether nearly all the time that requests took was this direction's. */
static bool is_of(const struct disk_window *w, int direction)
{
	uint64_t all_us = 0;

	for (int d = 0; d < DISK_DIRECTIONS; d++)
		all_us += w->waited_us[d] * w->requests_per_s[d];
	return w->waited_us[direction] * w->requests_per_s[direction] * PERMILLE >=
	       all_us * OF_ONE_KIND_PERMILLE;
}

static void look(struct disk_use *use, const struct disk_sample *now)
{
	int64_t span_us = now->at_us - use->last.at_us;

	if (use->has_last && span_us >= 0 && span_us < SPAN_MIN_US)
		return;
	use->window = (struct disk_window){0};
	if (use->has_last && span_us > 0 && span_us <= SPAN_MAX_US && grows(&use->last, now))
		use->window = window_of(&use->last, now);
	use->last = *now;
	use->has_last = true;
	if (!use->window.loaded)
		return;
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		const struct disk_window *w = &use->window;
		uint64_t size = w->requests_per_s[d] ? w->bytes_per_s[d] / w->requests_per_s[d] : 0;

		if (!is_of(w, d))
			continue;
		if (size >= LARGE_BYTES)
			learn(use, (enum disk_ability)(DISK_READ_BYTES + d), w->bytes_per_s[d]);
		else if (size > 0 && size <= SMALL_BYTES)
			learn(use, (enum disk_ability)(DISK_READ_REQUESTS + d),
			      w->requests_per_s[d]);
	}
}

const struct disk *disk_use_disk(const struct disks *disks, uint32_t major, uint32_t minor)
{
	for (uint32_t i = 0; i < disks->n; i++)
		if (disks->list[i].major == major && disks->list[i].minor == minor)
			return &disks->list[i];
	return NULL;
}

static const struct disk_sample *sample_of(const struct disk_samples *samples,
					   const struct disk_use *use)
{
	for (uint32_t i = 0; i < samples->n; i++)
		if (samples->list[i].major == use->major && samples->list[i].minor == use->minor)
			return &samples->list[i].sample;
	return NULL;
}

void disk_use_look(struct disk_uses *uses, const struct disks *disks,
		   const struct disk_samples *samples)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < uses->n; i++)
		if (disk_use_disk(disks, uses->list[i].major, uses->list[i].minor))
			uses->list[n++] = uses->list[i];
	uses->n = n;
	for (uint32_t i = 0; i < disks->n; i++)
		if (!disk_use_of(uses, &disks->list[i]))
			uses->list[uses->n++] = (struct disk_use){
				.major = disks->list[i].major,
				.minor = disks->list[i].minor,
			};
	for (uint32_t i = 0; i < uses->n; i++) {
		const struct disk_sample *sample = sample_of(samples, &uses->list[i]);

		if (sample)
			look(&uses->list[i], sample);
		else
			uses->list[i].window = (struct disk_window){0};
	}
}

const struct disk_use *disk_use_of(const struct disk_uses *uses, const struct disk *disk)
{
	for (uint32_t i = 0; i < uses->n; i++)
		if (uses->list[i].major == disk->major && uses->list[i].minor == disk->minor)
			return &uses->list[i];
	return NULL;
}

int disk_use_ability(const struct disk_use *use, enum disk_ability ability, uint64_t *ret_per_s)
{
	uint64_t most = 0;

	if (use->seen[ability].n < DISK_USE_SECONDS_MIN)
		return -ENODATA;
	for (uint32_t i = 0; i < use->seen[ability].n; i++)
		if (use->seen[ability].per_s[i] > most)
			most = use->seen[ability].per_s[i];
	*ret_per_s = most;
	return 0;
}
