// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_knob.h.
#include "policy/record_knob.h"

#include <errno.h>

#include "policy/knob.h"

/* systemd was told another value than the one that colod wrote, and may write that. */
static bool is_told_else(enum knob knob, const struct knob_state *s)
{
	return s->owned && s->told.state == KNOB_KNOWN && !knob_same(knob, &s->told, &s->written);
}

uint64_t record_knob_hash(enum knob knob, const struct knob_state *s)
{
	uint64_t h = 0;

	if (s->now.state != KNOB_UNREAD || s->owned)
		h = record_mix_value(1, knob, &s->now) | 1;
	if (s->owned)
		h = record_mix_value(record_mix_value(h + s->held, knob, &s->original), knob,
				     &s->written) |
		    1;
	if (is_told_else(knob, s))
		h = record_mix_value(h, knob, &s->told) | 1;
	return h;
}

void record_knob_put(struct record_buf *out, enum knob knob, const struct knob_state *s)
{
	record_put(out, " %s=", knob_name(knob));
	record_put_knob(out, knob, &s->now);
	if (!s->owned)
		return;
	record_put(out, s->held ? ":hold:" : ":own:");
	record_put_knob(out, knob, &s->original);
	record_put_bytes(out, ":", 1);
	record_put_knob(out, knob, &s->written);
	if (!is_told_else(knob, s))
		return;
	record_put_bytes(out, ":", 1);
	record_put_knob(out, knob, &s->told);
}

int record_knob_get(enum knob knob, struct record_line word, struct knob_state *ret_state)
{
	struct knob_state s = {0};
	struct record_line part;

	if (record_take(&word, ':', &part)) {
		s.owned = true;
		if (record_get_knob(&part, knob, &s.now) < 0 || !record_take(&word, ':', &part))
			return -EBADMSG;
		s.held = record_is(&part, "hold");
		if ((!s.held && !record_is(&part, "own")) || !record_take(&word, ':', &part) ||
		    record_get_knob(&part, knob, &s.original) < 0)
			return -EBADMSG;
		if (!record_take(&word, ':', &part))
			part = word;
		else if (record_get_knob(&word, knob, &s.told) < 0)
			return -EBADMSG;
		if (record_get_knob(&part, knob, &s.written) < 0)
			return -EBADMSG;
	} else if (record_get_knob(&word, knob, &s.now) < 0) {
		return -EBADMSG;
	}
	*ret_state = s;
	return 0;
}
