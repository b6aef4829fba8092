// SPDX-License-Identifier: LGPL-2.1-or-later
// See victim_text.h.
#include "policy/victim_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/names.h"
#include "policy/reason_text.h"
#include "policy/victim_growth.h"

const char *victim_text_rate(const struct victim *v, uint64_t rate, char *buf)
{
	char bytes[REASON_TEXT_UNIT_SIZE];

	if (v->rate_of == RESOURCE_IO)
		(void)snprintf(buf, REASON_TEXT_UNIT_SIZE, "%.*s/s", REASON_TEXT_UNIT_SIZE - 3,
			       reason_text_bytes(rate * 1024, bytes));
	else
		(void)snprintf(buf, REASON_TEXT_UNIT_SIZE, "%" PRIu64 ".%02" PRIu64 " CPUs",
			       rate / 1000, rate % 1000 / 10);
	return buf;
}

static void put_numbers(struct text_out *out, const struct victim *v)
{
	char a[REASON_TEXT_UNIT_SIZE];

	if (v->rate > 0) {
		text_out_put(out, "it uses %s where whoever waits could",
			     victim_text_rate(v, v->rate, a));
		return;
	}
	text_out_put(out, "it would give back %s", reason_text_bytes(v->estimate_bytes, a));
	if (v->usage_bytes == 0)
		text_out_put(out, " (what it uses was not measured");
	else
		text_out_put(out, " (uses %s", reason_text_bytes(v->usage_bytes, a));
	if (v->soon_bytes > v->usage_bytes)
		text_out_put(out, ", in %u s %s", VICTIM_SOON_S,
			     reason_text_bytes(v->soon_bytes, a));
	text_out_put(out, ")");
}

static const char *key_word(const struct victim_list *list)
{
	static const char *const keys[EVICT_KEY_COUNT] = {
		[EVICT_BY_LEVEL] = "level",
		[EVICT_BY_OVER_REQUEST] = "what it uses beyond its request",
		[EVICT_BY_USAGE] = "what it uses",
		[EVICT_BY_NEWEST] = "age",
		[EVICT_BY_COST] = "pod-deletion-cost",
		[EVICT_BY_OPT_OUT] = "not having asked to stay",
	};

	if (list->by == VICTIM_BY_LEVEL)
		return "level";
	if (list->by != VICTIM_BY_ORDER || (unsigned)list->key >= EVICT_KEY_COUNT)
		return "path";
	return victim_growth_compare(&list->list[0], &list->list[1], list->key) < 0
		       ? "growing while others rest"
		       : keys[list->key];
}

uint32_t victim_text_n_left(const struct victim_list *list)
{
	uint32_t n = 0;

	for (int i = 0; i < VICTIM_OUT_COUNT; i++)
		if (i != VICTIM_ONLINE && i != VICTIM_NO_RULE)
			n += list->n_out[i];
	return n;
}

const char *victim_text_choice(const struct victim_list *list, char *buf, size_t size)
{
	struct text_out out = {.buf = buf, .size = size};
	uint32_t n_left = victim_text_n_left(list);

	buf[0] = '\0';
	put_numbers(&out, &list->list[0]);
	if (list->by == VICTIM_BY_ALONE)
		text_out_put(&out, "; the only pod that might be killed");
	else
		text_out_put(&out, "; of %zu pods that might be killed the first by %s",
			     list->n_candidates, key_word(list));
	if (list->n_candidates > list->n)
		text_out_put(&out, " (%zu of them are not told one by one)",
			     list->n_candidates - list->n);
	if (n_left > 0)
		text_out_put(&out, "; %" PRIu32 " more could not be", n_left);
	if (n_left > list->n_left)
		text_out_put(&out, " (%zu of them are not told one by one)",
			     (size_t)n_left - list->n_left);
	return buf;
}

static void put_key(struct text_out *out, const struct victim *first, const struct victim *v,
		    enum evict_key key)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE];

	if (v->rate > 0 && (key == EVICT_BY_OVER_REQUEST || key == EVICT_BY_USAGE)) {
		bool over = key == EVICT_BY_OVER_REQUEST;

		text_out_put(
			out,
			over ? "uses %s beyond its request, this one %s" : "uses %s, this one %s",
			victim_text_rate(first, over ? first->over_request_rate : first->rate, a),
			victim_text_rate(v, over ? v->over_request_rate : v->rate, b));
		return;
	}
	if (victim_growth_compare(first, v, key) < 0) {
		text_out_put(out, "still grows, this one does not");
		return;
	}
	switch (key) {
	case EVICT_BY_OVER_REQUEST:
		text_out_put(out, "is %s beyond its request, this one %s",
			     reason_text_bytes(first->over_request_bytes, a),
			     reason_text_bytes(v->over_request_bytes, b));
		return;
	case EVICT_BY_USAGE:
		text_out_put(out, "will use %s, this one %s",
			     reason_text_bytes(first->soon_bytes, a),
			     reason_text_bytes(v->soon_bytes, b));
		return;
	case EVICT_BY_NEWEST:
		text_out_put(out, "is newer");
		return;
	case EVICT_BY_COST:
		text_out_put(out, "has the pod-deletion-cost %" PRId64 ", this one %" PRId64,
			     first->cost, v->cost);
		return;
	case EVICT_BY_OPT_OUT:
		text_out_put(out, "did not ask to stay, as this one does (safe-to-evict: false)");
		return;
	default:
		text_out_put(out, "is before it in the order");
		return;
	}
}

const char *victim_text_passed(const struct victim_list *list, size_t i,
			       const struct evict_policy *evict, char *buf, size_t size)
{
	const struct victim *first = &list->list[0], *v = &list->list[i];
	struct text_out out = {.buf = buf, .size = size};
	enum evict_key key = EVICT_BY_LEVEL;
	enum victim_by by;

	buf[0] = '\0';
	(void)victim_compare(evict, first, v, &by, &key);
	put_numbers(&out, v);
	text_out_put(&out, "; %s went first: it ", first->pod->name);
	if (by == VICTIM_BY_LEVEL)
		text_out_put(&out, "is %s, this one %s", names_level(first->level),
			     names_level(v->level));
	else if (by == VICTIM_BY_ORDER)
		put_key(&out, first, v, key);
	else
		text_out_put(&out, "is alike in everything, and its path comes first");
	return buf;
}

const char *victim_text_left(const struct victim_left *left, char *buf, size_t size)
{
	struct text_out out = {.buf = buf, .size = size};
	char a[REASON_TEXT_UNIT_SIZE];

	buf[0] = '\0';
	text_out_put(&out, "it %s", victim_out_text(left->why));
	if (left->usage_bytes > 0)
		text_out_put(&out, " (uses %s)", reason_text_bytes(left->usage_bytes, a));
	return buf;
}
