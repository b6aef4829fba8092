// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend_text.h.
#include "policy/lend_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000
/* A year, and more than any age that matters. */
#define AGE_MAX_S (366u * 86400)

static uint64_t age_s(int64_t at_us, int64_t now_us)
{
	uint64_t age = now_us > at_us ? (uint64_t)(now_us - at_us) / SECOND_US : 0;

	return age < AGE_MAX_S ? age : AGE_MAX_S;
}

static void put_hist(struct record_buf *buf, int who, const struct lend_hist *hist)
{
	if (lend_hist_weight(hist) == 0)
		return;
	if (who < LEVEL_COUNT)
		record_put(buf, "h %d", who);
	else
		record_put(buf, "h %s", who == LEND_NODE ? "node" : "other");
	for (uint32_t i = 0; i < LEND_HIST_BUCKETS; i++)
		if (hist->weights[i] > 0)
			record_put(buf, " %" PRIu32 ":%" PRIu32, i, hist->weights[i]);
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
			   age_s(slot->first_us, now_us));
		n++;
	}
}

void lend_text_put(struct record_buf *buf, const struct lend *lend, int64_t now_us, int64_t wall_s)
{
	record_put(buf, LEND_TEXT_VERSION " at=%" PRId64 "\n", wall_s);
	for (int of = 0; of < LEND_OF_COUNT; of++) {
		const struct lend_ledger *l = &lend->of[of];
		uint64_t watched_s = l->watched_us / SECOND_US;

		if (l->fed_us == 0)
			continue;
		record_put(buf, "r %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			   lend_of_name((enum lend_of)of),
			   watched_s < AGE_MAX_S ? watched_s : AGE_MAX_S, age_s(l->fed_us, now_us),
			   age_s(l->faded_us, now_us));
		for (int who = 0; who < LEND_WHO_COUNT; who++)
			put_hist(buf, who, &l->hist[who]);
	}
	put_pods(buf, &lend->pods, now_us);
}

/* --- reading -------------------------------------------------------------------------------------- */

struct get {
	struct lend *lend;
	struct lend_ledger *ledger; /* of the last line "r" */
	int64_t now_us; /* at which ages are reckoned: now, less what passed since the text was written */
};

static int number(struct record_line *line, uint64_t max, uint64_t *ret)
{
	struct record_line word;

	return record_next(line, &word) ? record_get_u64(&word, max, ret) : -EBADMSG;
}

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
	    number(line, AGE_MAX_S, &watched) < 0 || number(line, AGE_MAX_S, &fed) < 0 ||
	    number(line, AGE_MAX_S, &faded) < 0 || line->len > 0)
		return -EBADMSG;
	g->ledger = &g->lend->of[of];
	g->ledger->watched_us = watched * SECOND_US;
	g->ledger->fed_us = g->now_us - (int64_t)fed * SECOND_US;
	g->ledger->faded_us = g->now_us - (int64_t)faded * SECOND_US;
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

/* I:WEIGHT, ascending. */
static int get_hist(struct get *g, struct record_line *line)
{
	struct record_line word, bucket;
	uint64_t i = 0, weight = 0, least = 0;
	struct lend_hist *hist;
	int who;

	if (!g->ledger || !record_next(line, &word))
		return -EBADMSG;
	who = get_who(&word);
	if (who < 0 || lend_hist_weight(&g->ledger->hist[who]) > 0 || line->len == 0)
		return -EBADMSG;
	hist = &g->ledger->hist[who];
	while (record_next(line, &word)) {
		if (!record_take(&word, ':', &bucket) ||
		    record_get_u64(&bucket, LEND_HIST_BUCKETS - 1, &i) < 0 || i < least ||
		    record_get_u64(&word, UINT32_MAX, &weight) < 0 || weight == 0)
			return -EBADMSG;
		hist->weights[i] = (uint32_t)weight;
		least = i + 1;
	}
	return line->len > 0 ? -EBADMSG : 0;
}

static int get_pod(struct get *g, struct record_line *line)
{
	struct lend_pods *pods = &g->lend->pods;
	uint64_t id = 0, age = 0;

	if (number(line, UINT64_MAX, &id) < 0 || number(line, AGE_MAX_S, &age) < 0 ||
	    line->len > 0 || pods->n_kept >= LEND_KEPT_MAX)
		return -EBADMSG;
	if (!pods->kept)
		pods->kept = calloc(LEND_KEPT_MAX, sizeof(*pods->kept));
	if (!pods->kept)
		return -ENOMEM;
	pods->kept[pods->n_kept++] = (struct lend_kept){
		.id = id,
		.first_us = g->now_us - (int64_t)age * SECOND_US,
	};
	return 0;
}

static int get_line(struct get *g, struct record_line line)
{
	struct record_line word;

	if (!record_next(&line, &word))
		return -EBADMSG;
	if (record_is(&word, "r"))
		return get_ledger(g, &line);
	if (record_is(&word, "h"))
		return get_hist(g, &line);
	return record_is(&word, "p") ? get_pod(g, &line) : -EBADMSG;
}

static int get_head(struct get *g, struct record_line line, int64_t wall_s)
{
	static const char head[] = LEND_TEXT_VERSION " at=";
	int64_t at_s = 0, passed_s;

	if (line.len < sizeof(head) - 1 || memcmp(line.at, head, sizeof(head) - 1) != 0)
		return -EBADMSG;
	line.at += sizeof(head) - 1;
	line.len -= sizeof(head) - 1;
	if (record_get_i64(&line, &at_s) < 0 || at_s < 0)
		return -EBADMSG;
	passed_s = wall_s > at_s ? wall_s - at_s : 0;
	if (passed_s > AGE_MAX_S)
		passed_s = AGE_MAX_S;
	g->now_us -= passed_s * SECOND_US;
	return 0;
}

int lend_text_get(const char *text, size_t len, struct lend *lend, int64_t now_us, int64_t wall_s)
{
	struct get g = {.lend = lend, .now_us = now_us};
	bool head = true;
	int r = len > 0 ? 0 : -EBADMSG;

	while (r == 0 && len > 0) {
		const char *end = memchr(text, '\n', len);
		struct record_line line = {.at = text, .len = end ? (size_t)(end - text) : 0};

		r = !end ? -EBADMSG : head ? get_head(&g, line, wall_s) : get_line(&g, line);
		head = false;
		text += line.len + 1;
		len -= end ? line.len + 1 : len;
	}
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
