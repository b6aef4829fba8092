// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend_text.h.
#include "policy/lend_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/aged_text.h"

#define SECOND_US 1000000
static void put_hist(struct record_buf *buf, int who, const struct lend_hist *hist)
{
	if (lend_hist_weight(hist) == 0)
		return;
	if (who < LEVEL_COUNT)
		record_put(buf, "h %d", who);
	else
		record_put(buf, "h %s", who == LEND_NODE ? "node" : "other");
	aged_text_put_weights(buf, hist->weights, LEND_HIST_BUCKETS);
	record_put(buf, "\n");
}

static void put_pods(struct record_buf *buf, const struct lend_pods *pods, int64_t now_us)
{
	uint32_t n = 0;

	for (size_t i = 0; i < pods->n_slots && n < LEND_KEPT_MAX; i++) {
		const struct lend_slot *slot = &pods->slots[i];

		if (slot->serial == UINT64_MAX)
			continue;
		record_put(buf, "p %" PRIu64 " %" PRIu64 "\n", slot->id,
			   aged_text_age_s(slot->first_us, now_us));
		n++;
	}
}

void lend_text_put(struct record_buf *buf, const struct lend *lend, int64_t now_us, int64_t wall_s)
{
	aged_text_put_head(buf, LEND_TEXT_VERSION, wall_s);
	for (int of = 0; of < LEND_OF_COUNT; of++) {
		const struct lend_ledger *l = &lend->of[of];
		uint64_t watched_s = l->watched_us / SECOND_US;

		if (l->fed_us == 0)
			continue;
		record_put(buf, "r %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			   lend_of_name((enum lend_of)of),
			   watched_s < AGED_TEXT_MAX_S ? watched_s : AGED_TEXT_MAX_S,
			   aged_text_age_s(l->fed_us, now_us),
			   aged_text_age_s(l->faded_us, now_us));
		for (int who = 0; who < LEND_WHO_COUNT; who++)
			put_hist(buf, who, &l->hist[who]);
	}
	put_pods(buf, &lend->pods, now_us);
}

/* --- reading -------------------------------------------------------------------------------------- */

struct get {
	struct lend *lend;
	struct lend_ledger *ledger; /* of the last line "r" */
	int64_t written_us;	    /* at which ages are reckoned */
};

static int get_ledger(struct get *g, struct record_line *line)
{
	uint64_t watched = 0, fed = 0, faded = 0;
	struct record_line word;
	int of;

	if (!record_next(line, &word))
		return -EBADMSG;
	for (of = 0; of < LEND_OF_COUNT; of++)
		if (record_is(&word, lend_of_name((enum lend_of)of)))
			break;
	if (of == LEND_OF_COUNT || g->lend->of[of].fed_us != 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &watched) < 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &fed) < 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &faded) < 0 || line->len > 0)
		return -EBADMSG;
	g->ledger = &g->lend->of[of];
	g->ledger->watched_us = watched * SECOND_US;
	g->ledger->fed_us = g->written_us - (int64_t)fed * SECOND_US;
	g->ledger->faded_us = g->written_us - (int64_t)faded * SECOND_US;
	return 0;
}

static int get_who(const struct record_line *word)
{
	uint64_t level = 0;

	if (record_is(word, "node"))
		return LEND_NODE;
	if (record_is(word, "other"))
		return LEND_OTHER;
	return record_get_u64(word, LEVEL_COUNT - 1, &level) < 0 ? -EBADMSG : (int)level;
}

static int get_hist(struct get *g, struct record_line *line)
{
	struct record_line word;
	struct lend_hist *hist;
	int who;

	if (!g->ledger || !record_next(line, &word))
		return -EBADMSG;
	who = get_who(&word);
	if (who < 0 || lend_hist_weight(&g->ledger->hist[who]) > 0 || line->len == 0)
		return -EBADMSG;
	hist = &g->ledger->hist[who];
	return aged_text_weights(line, NULL, hist->weights, LEND_HIST_BUCKETS);
}

static int get_pod(struct get *g, struct record_line *line)
{
	struct lend_pods *pods = &g->lend->pods;
	uint64_t id = 0, age = 0;

	if (aged_text_number(line, UINT64_MAX, &id) < 0 ||
	    aged_text_number(line, AGED_TEXT_MAX_S, &age) < 0 || line->len > 0 ||
	    pods->n_kept >= LEND_KEPT_MAX)
		return -EBADMSG;
	if (!pods->kept)
		pods->kept = calloc(LEND_KEPT_MAX, sizeof(*pods->kept));
	if (!pods->kept)
		return -ENOMEM;
	pods->kept[pods->n_kept++] = (struct lend_kept){
		.id = id,
		.first_us = g->written_us - (int64_t)age * SECOND_US,
	};
	return 0;
}

static int get_line(void *context, int64_t written_us, struct record_line *line)
{
	struct get *g = context;
	struct record_line word;

	g->written_us = written_us;
	if (!record_next(line, &word))
		return -EBADMSG;
	if (record_is(&word, "r"))
		return get_ledger(g, line);
	if (record_is(&word, "h"))
		return get_hist(g, line);
	return record_is(&word, "p") ? get_pod(g, line) : -EBADMSG;
}

int lend_text_get(const char *text, size_t len, struct lend *lend, int64_t now_us, int64_t wall_s)
{
	struct get g = {.lend = lend};
	int r = aged_text_get(text, len, LEND_TEXT_VERSION, now_us, wall_s, get_line, &g);

	if (r < 0) {
		memset(lend->of, 0, sizeof(lend->of));
		lend_pods_done(&lend->pods);
		return r;
	}
	for (int of = 0; of < LEND_OF_COUNT; of++)
		if (lend->of[of].fed_us != 0)
			lend_fade(&lend->of[of], (enum lend_of)of, now_us);
	return 0;
}
