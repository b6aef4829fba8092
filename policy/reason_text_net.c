// SPDX-License-Identifier: LGPL-2.1-or-later
// See reason_text.h: why offline work is held on a link, and why no more.
#include "policy/reason_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#define BITS 8u
#define THOUSAND 1000u

/* As links are called: "9.6 Gbit/s"; three decimals at most, cut. */
const char *reason_text_rate(uint64_t bytes_per_s, char *buf)
{
	static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
	uint64_t most = UINT64_MAX / BITS, unit = 1, whole;
	char rest[8] = "";
	size_t n = 0, end = 3;

	whole = (bytes_per_s < most ? bytes_per_s : most) * BITS;
	while (whole / unit >= THOUSAND && n + 1 < sizeof(units) / sizeof(units[0])) {
		unit *= THOUSAND;
		n++;
	}
	if (unit > 1)
		(void)snprintf(rest, sizeof(rest), "%03u",
			       (unsigned)(whole % unit / (unit / THOUSAND) % THOUSAND));
	while (end > 0 && (rest[end - 1] == '0' || rest[end - 1] == '\0'))
		rest[--end] = '\0';
	(void)snprintf(buf, REASON_TEXT_UNIT_SIZE, "%" PRIu64 "%s%s %s", whole / unit,
		       end > 0 ? "." : "", rest, units[n]);
	return buf;
}

/* Of what is sent: what is said of what arrives is told by the same code. */
static enum reason_code code_of(const struct reason *r)
{
	return r->code >= REASON_NET_RX_ONLINE && r->code <= REASON_NET_RX_BLIND
		       ? r->code - (REASON_NET_RX_ONLINE - REASON_NET_ONLINE)
		       : r->code;
}

void reason_text_net(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE], c[REASON_TEXT_UNIT_SIZE];
	const char *link = r->who[0] ? r->who : "the link";
	bool arrives = r->code >= REASON_NET_RX_ONLINE;

	switch (code_of(r)) {
	case REASON_NET_ONLINE:
	case REASON_NET_FLOOR:
		text_out_put(out, "online work %s %s of the %s of %s: offline work ",
			     arrives ? "receives" : "sends", reason_text_rate(r->observed, a),
			     reason_text_rate(r->limit, b), link);
		if (code_of(r) == REASON_NET_ONLINE)
			text_out_put(out, "may %s ", arrives ? "receive" : "send");
		else
			text_out_put(out, "keeps its floor, ");
		text_out_put(out, "%s", reason_text_rate(r->extra, c));
		break;
	case REASON_NET_IDLE:
		text_out_put(out,
			     "online work has %s less than %s on %s for %s, now %s: offline work "
			     "may use all of it",
			     arrives ? "received" : "sent", reason_text_rate(r->limit, b), link,
			     reason_text_duration(r->for_us, c), reason_text_rate(r->observed, a));
		break;
	case REASON_NET_NOBODY:
		text_out_put(out, "no offline pod is left %s %s could hold",
			     arrives ? "for which what arrives on" : "whose traffic", link);
		break;
	case REASON_NET_BLIND:
		text_out_put(out,
			     "what %s %s was not measured for %s: offline work is not held there",
			     link, arrives ? "receives" : "sends",
			     reason_text_duration(r->for_us, c));
		break;
	case REASON_NET_RX_GROWS:
		text_out_put(
			out,
			"online work receives ever more, %s of the %s of %s if it goes on so: offline "
			"work may receive %s",
			reason_text_rate(r->observed, a), reason_text_rate(r->limit, b), link,
			reason_text_rate(r->extra, c));
		break;
	case REASON_NET_RX_CROWDED:
		text_out_put(
			out,
			"what arrives takes %s of the %s of %s while online work uses it: offline "
			"work may receive %s, so that less waits before the link",
			reason_text_rate(r->observed, a), reason_text_rate(r->limit, b), link,
			reason_text_rate(r->extra, c));
		break;
	default:
		break;
	}
}
