// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentence about what somebody ordered by hand; see reason_text.h.
#include <inttypes.h>
#include <stdio.h>

#include "colod/manual.h"
#include "policy/reason_text.h"

#define DAY_S 86400u

/* "12:03:05" of the day, in UTC. */
static const char *time_of_day(uint64_t wall_us, char *buf)
{
	uint64_t s = wall_us / 1000000 % DAY_S;

	(void)snprintf(buf, REASON_TEXT_UNIT_SIZE, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
		       s / 3600, s / 60 % 60, s % 60);
	return buf;
}

void reason_text_manual(struct text_out *out, const struct reason *r)
{
	static const char *const what[MANUAL_KIND_COUNT] = {
		[MANUAL_LEVEL] = "this level",
		[MANUAL_SQUEEZE] = "it to be squeezed",
		[MANUAL_FREEZE] = "it to stand still",
		[MANUAL_THAW] = "it not to be frozen",
	};
	char from[REASON_TEXT_UNIT_SIZE], until[REASON_TEXT_UNIT_SIZE];

	if (r->code != REASON_MANUAL)
		return;
	text_out_put(out, "%s ordered %s at %s, until %s UTC", r->who[0] ? r->who : "somebody",
		     r->extra < MANUAL_KIND_COUNT ? what[r->extra] : "something",
		     time_of_day(r->observed, from), time_of_day(r->observed + r->for_us, until));
}
