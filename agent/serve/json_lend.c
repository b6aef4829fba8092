// SPDX-License-Identifier: LGPL-2.1-or-later
// The "lend" section: what the node can lend, with each term of the sum.
#include "agent/serve/json_view.h"

#include "policy/lend.h"
#include "policy/names.h"

static void number(struct json_view *view, cJSON *object, const char *key, bool there, uint64_t n)
{
	if (there)
		json_put_u64(&view->put, object, key, n);
	else
		json_put_null(&view->put, object, key);
}

static void levels(struct json_view *view, cJSON *object, const struct lend_sum *sum)
{
	struct json_put *put = &view->put;
	cJSON *array = json_put_array(put, object, "levels");

	for (int level = 0; level < LEVEL_COUNT; level++) {
		cJSON *one;

		if (sum->level_peak[level] == 0 && sum->use.level[level] == 0)
			continue;
		one = json_put_object(put, array, NULL);
		json_put_text(put, one, "level", names_level((enum level)level));
		number(view, one, "used", sum->use.measured, sum->use.level[level]);
		number(view, one, "peak", sum->level_peak[level] > 0, sum->level_peak[level]);
	}
}

/* Keys are without a unit: both have the same, and the section says what it is. */
static void one(struct json_view *view, cJSON *section, enum lend_of of)
{
	const struct lend_sum *sum = &view->snapshot->lend[of];
	const struct lend_use *use = &sum->use;
	bool there = use->measured, summed = there && sum->state != LEND_OFF;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, section, lend_of_name(of));

	json_put_text(put, object, "unit", of == LEND_CPU ? "milli" : "bytes");
	json_put_text(put, object, "state", lend_state_name(sum->state));
	json_put_u64(put, object, "lendable", sum->published);
	json_put_u64(put, object, "capacity", use->capacity);
	json_put_u64(put, object, "reserved", use->reserved);
	number(view, object, "online_now", there, use->online);
	number(view, object, "offline_now", there, use->offline);
	number(view, object, "node_peak", summed && sum->node_peak > 0, sum->node_peak);
	levels(view, object, sum);
	number(view, object, "other_now", there, use->other);
	number(view, object, "other_peak", summed && sum->other_peak > 0, sum->other_peak);
	number(view, object, "levels_peak", summed && sum->levels_peak > 0, sum->levels_peak);
	number(view, object, "margin", summed, sum->margin);
	number(view, object, "newcomers", there, use->newcomers);
	number(view, object, "newcomer_pods", there, use->n_newcomers);
	number(view, object, "kept", summed, sum->kept);
	number(view, object, "lendable_now", sum->state >= LEND_HELD, sum->lendable);
	json_put_u64(put, object, "watched_us", sum->watched_us);
	json_put_u64(put, object, "cold_start_us", sum->cold_start_us);
	number(view, object, "until_us", sum->until_us > 0, (uint64_t)sum->until_us);
}

void json_lend_section(struct json_view *view, cJSON *doc)
{
	cJSON *object;

	if (!view->snapshot->lend) {
		json_put_null(&view->put, doc, "lend");
		return;
	}
	object = json_put_object(&view->put, doc, "lend");
	for (int of = 0; of < LEND_OF_COUNT; of++)
		one(view, object, (enum lend_of)of);
}
