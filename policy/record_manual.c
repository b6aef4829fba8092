// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_manual.h.
#include "policy/record_manual.h"

#include <errno.h>
#include <inttypes.h>

#include "policy/manual.h"
#include "policy/names.h"
#include "policy/record.h"
#include "policy/record_words.h"

void record_manual_put(struct record_buf *buf, const struct manual *manual,
		       const struct record_names *names)
{
	record_put(buf, "manual");
	for (size_t i = 0; manual && i < manual->n; i++) {
		const struct manual_order *o = &manual->orders[i];
		struct reason reason = manual_reason(o),
			      shown = record_names_reason(names, &reason);

		record_put(buf,
			   " slot=%" PRIu32 " serial=%" PRIu64 " order=%s level=%s since=%" PRId64
			   " until=%" PRId64 " wall=%" PRIu64 " who=",
			   o->slot, o->serial, manual_kind_name(o->kind),
			   o->kind == MANUAL_LEVEL ? names_level(o->level) : "-", o->since_us,
			   o->until_us, o->wall_us);
		record_put_word(buf, shown.who);
	}
	record_put_bytes(buf, "\n", 1);
}

static int get_kind(struct record_line *line, struct manual_order *o)
{
	struct record_line word;
	int kind, level = LEVEL_NONE;

	if (record_words_key(line, "order", &word) < 0)
		return -EBADMSG;
	kind = RECORD_WORD_FROM(&word, MANUAL_KIND_COUNT, manual_kind_name, enum manual_kind);
	if (kind < 0 || record_words_key(line, "level", &word) < 0)
		return -EBADMSG;
	if (kind == MANUAL_LEVEL)
		level = RECORD_WORD_FROM(&word, LEVEL_COUNT, names_level, enum level);
	if (kind == MANUAL_LEVEL ? level < 0 : !record_is(&word, "-"))
		return -EBADMSG;
	o->kind = (enum manual_kind)kind;
	o->level = (enum level)level;
	return 0;
}

static int get_order(struct record_line *line, struct manual_order *ret_order)
{
	struct manual_order o = {0};
	struct record_line word;
	uint64_t slot;

	if (record_words_number(line, "slot", RECORD_PODS_MAX, &slot) < 0 ||
	    record_words_number(line, "serial", UINT64_MAX, &o.serial) < 0 ||
	    get_kind(line, &o) < 0 || record_words_key(line, "since", &word) < 0 ||
	    record_get_i64(&word, &o.since_us) < 0 || record_words_key(line, "until", &word) < 0 ||
	    record_get_i64(&word, &o.until_us) < 0 ||
	    record_words_number(line, "wall", UINT64_MAX, &o.wall_us) < 0 ||
	    record_words_key(line, "who", &word) < 0 ||
	    record_get_word(&word, o.who, sizeof(o.who)) < 0)
		return -EBADMSG;
	o.slot = (uint32_t)slot;
	*ret_order = o;
	return 0;
}

int record_manual_get(struct record_line *line, struct manual *ret_manual)
{
	struct manual manual = {.n = 0};

	while (line->len > 0) {
		if (manual.n == MANUAL_MAX || get_order(line, &manual.orders[manual.n]) < 0)
			return -EBADMSG;
		manual.n++;
	}
	*ret_manual = manual;
	return 0;
}
