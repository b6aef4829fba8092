// SPDX-License-Identifier: LGPL-2.1-or-later
// See baseline_text.h.
#include "policy/baseline_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/aged_text.h"
#include "policy/names.h"

#define SECOND_US 1000000
static void put_hist(struct record_buf *buf, const char *name, const struct stall_hist *hist)
{
	record_put(buf, " %s", name);
	aged_text_put_weights(buf, hist->weights, STALL_HIST_BUCKETS);
}

static void put_held(struct record_buf *buf, const struct baseline_held *held, int bin,
		     int64_t now_us)
{
	if (held->n == 0)
		return;
	record_put(buf, "h %d %" PRIu64, bin, aged_text_age_s(held->at_us, now_us));
	for (uint32_t i = 0; i < held->n; i++)
		record_put(buf, " %u", held->permille[i]);
	record_put(buf, "\n");
}

static void put_cell(struct record_buf *buf, const struct baseline_cell *c, enum resource resource,
		     int bin, int64_t now_us)
{
	if (c->n_all == 0)
		return;
	record_put(buf, "c %s %d %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu32 " %" PRIu64,
		   names_resource(resource), bin, c->n_calm, c->n_episodes,
		   aged_text_age_s(c->calm_us, now_us), c->n_all,
		   aged_text_age_s(c->all_us, now_us));
	put_hist(buf, "calm", &c->calm);
	put_hist(buf, "all", &c->all);
	record_put(buf, "\n");
}

void baseline_text_put(struct record_buf *buf, const struct baselines *b, int64_t now_us,
		       int64_t wall_s)
{
	aged_text_put_head(buf, BASELINE_TEXT_VERSION, wall_s);
	for (size_t i = 0; i < BASELINE_WORKLOADS && b->workloads[i]; i++) {
		const struct baseline_workload *w = b->workloads[i];

		record_put(buf, "w %" PRIu32 " %" PRIu64 " %" PRIu64 " ", w->top_milli,
			   aged_text_age_s(w->seen_us, now_us),
			   aged_text_age_s(w->faded_us, now_us));
		record_put_word(buf, w->key);
		record_put(buf, "\n");
		for (int r = 0; r < RESOURCE_COUNT; r++)
			for (int bin = 0; bin < BASELINE_BINS; bin++)
				put_cell(buf, &w->cells[r][bin], (enum resource)r, bin, now_us);
		for (int bin = 0; bin < BASELINE_BINS; bin++)
			put_held(buf, &w->held[bin], bin, now_us);
	}
}

/* --- reading -------------------------------------------------------------------------------------- */

struct get {
	struct baselines *baselines;
	struct baseline_workload *workload; /* of the last line "w" */
	int64_t written_us;		    /* at which ages are reckoned */
};

static int get_top(struct record_line *line, uint32_t *ret)
{
	uint64_t top = 0;

	if (aged_text_number(line, BASELINE_TOP_MAX, &top) < 0 || top < BASELINE_TOP_MIN ||
	    (top & (top - 1)) != 0)
		return -EBADMSG;
	*ret = (uint32_t)top;
	return 0;
}

static int get_workload(struct get *g, struct record_line *line)
{
	char key[WORKLOAD_KEY_SIZE];
	uint64_t seen = 0, faded = 0;
	struct record_line word;
	uint32_t top = 0;

	if (get_top(line, &top) < 0 || aged_text_number(line, AGED_TEXT_MAX_S, &seen) < 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &faded) < 0 || !record_next(line, &word) ||
	    record_get_word(&word, key, sizeof(key)) < 0 || !key[0] || line->len > 0)
		return -EBADMSG;
	for (size_t i = 0; i < BASELINE_WORKLOADS && g->baselines->workloads[i]; i++)
		if (strcmp(g->baselines->workloads[i]->key, key) == 0)
			return -EBADMSG;
	/* None of those that were added can make room: there are too many. */
	g->workload = baselines_add(g->baselines, key, INT64_MIN / 2);
	if (!g->workload)
		return -EBADMSG;
	g->workload->top_milli = top;
	g->workload->seen_us = g->written_us - (int64_t)seen * SECOND_US;
	g->workload->faded_us = g->written_us - (int64_t)faded * SECOND_US;
	return 0;
}

/* Each calm window is one of all. */
static bool is_part(const struct stall_hist *calm, const struct stall_hist *all)
{
	for (uint32_t i = 0; i < STALL_HIST_BUCKETS; i++)
		if (calm->weights[i] > all->weights[i])
			return false;
	return true;
}

static int get_place(struct get *g, struct record_line *line, struct baseline_cell **ret_cell)
{
	struct record_line word;
	uint64_t bin = 0;
	int r;

	if (!g->workload || !record_next(line, &word))
		return -EBADMSG;
	for (r = 0; r < RESOURCE_COUNT; r++)
		if (record_is(&word, names_resource((enum resource)r)))
			break;
	if (r == RESOURCE_COUNT || aged_text_number(line, BASELINE_BINS - 1, &bin) < 0)
		return -EBADMSG;
	*ret_cell = &g->workload->cells[r][bin];
	return (*ret_cell)->n_all > 0 ? -EBADMSG : 0;
}

static int get_cell(struct get *g, struct record_line *line)
{
	uint64_t n = 0, episodes = 0, age = 0, n_all = 0, age_all = 0;
	struct baseline_cell *cell = NULL;
	struct record_line word;

	if (get_place(g, line, &cell) < 0 || aged_text_number(line, UINT32_MAX, &n) < 0 ||
	    aged_text_number(line, n, &episodes) < 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &age) < 0 ||
	    aged_text_number(line, UINT32_MAX, &n_all) < 0 || n_all < n || n_all == 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &age_all) < 0 || !record_next(line, &word) ||
	    !record_is(&word, "calm") ||
	    aged_text_weights(line, "all", cell->calm.weights, STALL_HIST_BUCKETS) < 0 ||
	    aged_text_weights(line, NULL, cell->all.weights, STALL_HIST_BUCKETS) < 0 ||
	    !is_part(&cell->calm, &cell->all))
		return -EBADMSG;
	cell->n_calm = (uint32_t)n;
	cell->n_episodes = (uint32_t)episodes;
	cell->n_all = (uint32_t)n_all;
	cell->calm_us = g->written_us - (int64_t)age * SECOND_US;
	cell->all_us = g->written_us - (int64_t)age_all * SECOND_US;
	cell->calm_spell = BASELINE_SPELL_KEPT;
	return 0;
}

static int get_held(struct get *g, struct record_line *line)
{
	uint64_t bin = 0, age = 0, permille;
	struct baseline_held *held;

	if (!g->workload || aged_text_number(line, BASELINE_BINS - 1, &bin) < 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &age) < 0 || line->len == 0)
		return -EBADMSG;
	held = &g->workload->held[bin];
	if (held->n > 0)
		return -EBADMSG;
	while (line->len > 0) {
		if (held->n == BASELINE_HOLDS || aged_text_number(line, 1000, &permille) < 0)
			return -EBADMSG;
		baseline_held_add(held, (uint32_t)permille,
				  g->written_us - (int64_t)age * SECOND_US);
	}
	return 0;
}

static int get_line(void *context, int64_t written_us, struct record_line *line)
{
	struct get *g = context;
	struct record_line word;

	g->written_us = written_us;
	if (!record_next(line, &word))
		return -EBADMSG;
	if (record_is(&word, "w"))
		return get_workload(g, line);
	if (record_is(&word, "h"))
		return get_held(g, line);
	return record_is(&word, "c") ? get_cell(g, line) : -EBADMSG;
}

static void settle(struct baselines *b, int64_t now_us)
{
	for (size_t i = 0; i < BASELINE_WORKLOADS && b->workloads[i]; i++) {
		struct baseline_workload *w = b->workloads[i];

		for (int r = 0; r < RESOURCE_COUNT; r++)
			for (int bin = 0; bin < BASELINE_BINS; bin++)
				baseline_settle(&w->cells[r][bin]);
		baseline_fade(w, now_us);
	}
}

static void forget_all(struct baselines *b)
{
	for (size_t i = 0; i < BASELINE_WORKLOADS; i++) {
		free(b->workloads[i]);
		b->workloads[i] = NULL;
	}
}

int baseline_text_get(const char *text, size_t len, struct baselines *b, int64_t now_us,
		      int64_t wall_s)
{
	struct get g = {.baselines = b};
	int r = aged_text_get(text, len, BASELINE_TEXT_VERSION, now_us, wall_s, get_line, &g);

	if (r == 0)
		settle(b, now_us);
	else
		forget_all(b);
	return r;
}
