// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences about memory that runs short, and on which memory nodes; see reason_text.h.
#include "policy/reason_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "colod/cpu_set.h"

const char *reason_text_nodes(uint64_t nodes, char *buf)
{
	struct cpu_set ids = {{nodes}};
	char list[REASON_TEXT_NODES_SIZE - 16];

	(void)snprintf(buf, REASON_TEXT_NODES_SIZE, "NUMA node%s %s",
		       __builtin_popcountll(nodes) > 1 ? "s" : "",
		       cpu_set_format(&ids, list, sizeof(list)));
	return buf;
}

/* Where the room is not the machine's. */
static void add_nodes(struct text_out *out, const struct reason *reason)
{
	char buf[REASON_TEXT_NODES_SIZE];

	if (reason->nodes != 0)
		text_out_put(out, " on %s", reason_text_nodes(reason->nodes, buf));
}

void reason_text_memory(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE], c[REASON_TEXT_UNIT_SIZE],
		d[REASON_TEXT_UNIT_SIZE];

	switch (r->code) {
	case REASON_MEMORY_WAITS:
		reason_text_waited(out, r, r->extra ? "memory as a whole" : "memory");
		break;
	case REASON_MEMORY_EMPTY:
		text_out_put(out, "the room of %s", reason_text_bytes(r->extra, a));
		add_nodes(out, r);
		text_out_put(out, " falls by %s a second: gone in %s, less than %s",
			     reason_text_bytes(r->observed, b), reason_text_duration(r->for_us, c),
			     reason_text_duration(r->limit, d));
		break;
	case REASON_MEMORY_MARK:
		text_out_put(out, "%s are available", reason_text_bytes(r->observed, a));
		add_nodes(out, r);
		text_out_put(out, ", less than the %s of its level's watermark",
			     reason_text_bytes(r->limit, b));
		break;
	case REASON_MEMORY_GROWTH:
		text_out_put(out, "it grew by %s a second while the node has room for %s",
			     reason_text_bytes(r->observed, a), reason_text_bytes(r->extra, b));
		add_nodes(out, r);
		if (r->who[0])
			text_out_put(out, " and memory is waited for by %s", r->who);
		text_out_put(out, ": it may grow by %s a second", reason_text_bytes(r->limit, c));
		break;
	default:
		break;
	}
}
