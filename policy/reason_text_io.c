// SPDX-License-Identifier: LGPL-2.1-or-later
// See reason_text.h: why offline work is held on a disk, and why no more.
#include "policy/reason_text.h"

#include "colod/disk.h"

void reason_text_io(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE], c[REASON_TEXT_UNIT_SIZE],
		d[REASON_TEXT_UNIT_SIZE];

	switch (r->code) {
	case REASON_IO_WAITS:
	case REASON_IO_FLOOR:
		reason_text_waited(out, r, "IO");
		text_out_put(out, ": ");
		if (r->code == REASON_IO_WAITS)
			text_out_put(out, "offline work may do %s of what the disk does there",
				     reason_text_percent(r->extra, d));
		else
			text_out_put(out,
				     "offline work keeps its floor, %s of what the disk does there",
				     reason_text_percent(r->extra, d));
		break;
	case REASON_IO_WORSE:
		text_out_put(
			out,
			"%s waits for IO %s of the time since the %s of offline work are bounded, "
			"%s before: that ends, and is not tried again there for %s",
			r->who[0] ? r->who : "an online pod", reason_text_percent(r->observed, a),
			r->extra == DISK_WRITE ? "writes" : "reads",
			reason_text_percent(r->limit, b), reason_text_duration(r->for_us, c));
		break;
	default:
		break;
	}
}
