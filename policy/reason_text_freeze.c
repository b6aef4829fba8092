// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences about pods that stand still for a moment, and why one does not; see reason_text.h.
#include "policy/reason_text.h"

#include <inttypes.h>

/* It is, it was, it may be. */
static void frozen_text(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE], c[REASON_TEXT_UNIT_SIZE];
	char nodes[REASON_TEXT_NODES_SIZE];

	switch (r->code) {
	case REASON_FREEZE:
		text_out_put(out, "it grew by %s a second while the node has room for %s%s%s",
			     reason_text_bytes(r->observed, a), reason_text_bytes(r->extra, b),
			     r->nodes ? " on " : "",
			     r->nodes ? reason_text_nodes(r->nodes, nodes) : "");
		if (r->who[0])
			text_out_put(out, " and memory is waited for by %s", r->who);
		text_out_put(out, ": it stands still, for %s at most",
			     reason_text_duration(r->for_us, c));
		break;
	case REASON_FREEZE_OVER:
		text_out_put(out,
			     "it stood still for %s, and %s are the most: it runs again, for %s at "
			     "least",
			     reason_text_duration(r->observed, a),
			     reason_text_duration(r->limit, b), reason_text_duration(r->for_us, c));
		break;
	case REASON_FREEZE_ENDS:
		text_out_put(out,
			     "it stood still for %s, and nothing asks for that any more: it runs "
			     "again, for %s at least",
			     reason_text_duration(r->observed, a),
			     reason_text_duration(r->for_us, b));
		break;
	case REASON_FREEZE_ALL:
		text_out_put(out,
			     "no pod is left that may be frozen now: those that were run again");
		break;
	case REASON_FREEZE_MAY:
		text_out_put(out,
			     "it may be frozen for up to %s if it takes the last of the memory",
			     reason_text_duration(r->for_us, a));
		break;
	default:
		break;
	}
}

/* It is not, and why. */
static void refused_text(struct text_out *out, const struct reason *r)
{
	char a[REASON_TEXT_UNIT_SIZE], b[REASON_TEXT_UNIT_SIZE];

	switch (r->code) {
	case REASON_FREEZE_OTHER:
		text_out_put(out, "somebody else freezes and thaws it: colod leaves that alone");
		break;
	case REASON_FREEZE_GUARD:
		text_out_put(out,
			     "it is not frozen: nobody would thaw it if colod died. Run colod as "
			     "colod.service, or with --with-guard");
		break;
	case REASON_FREEZE_START:
		text_out_put(
			out,
			"it is not frozen: an earlier colod died, perhaps while it was; not for "
			"%s after that",
			reason_text_duration(r->for_us, a));
		break;
	case REASON_FREEZE_FACTS:
		text_out_put(out,
			     "it is not frozen: nobody tells what it shares with others, and who "
			     "waits for its answers");
		break;
	case REASON_FREEZE_ENDING:
		text_out_put(out, "it is not frozen: it ends");
		break;
	case REASON_FREEZE_CLASS:
		text_out_put(out, "it is not frozen: its runtime class %s may be a virtual machine",
			     r->who);
		break;
	case REASON_FREEZE_IPC:
		text_out_put(out, "it is not frozen: it shares memory and locks with the node "
				  "(hostIPC)");
		break;
	case REASON_FREEZE_VOLUME:
		text_out_put(
			out,
			"it is not frozen: others may use its volume %s, which it writes to, and "
			"would wait for it",
			r->who);
		break;
	case REASON_FREEZE_PROBE:
		text_out_put(out,
			     "it is not frozen: a probe of its kubelet has it killed after %s, and "
			     "with less than %s that may be too soon",
			     reason_text_duration(r->observed, a),
			     reason_text_duration(r->limit, b));
		break;
	case REASON_FREEZE_INNER:
		text_out_put(out, "it is not frozen: what is in its cgroup is not known, or not "
				  "its own alone");
		break;
	default:
		break;
	}
}

void reason_text_freeze(struct text_out *out, const struct reason *reason)
{
	if (reason->code == REASON_RETURNED)
		text_out_put(
			out,
			"one like it was evicted a moment ago: it starts with the floor, %" PRIu64
			".%" PRIu64 " %% of the node",
			reason->extra / 10, reason->extra % 10);
	if (reason->code == REASON_RETURNED_IO)
		text_out_put(
			out,
			"one like it was evicted a moment ago: of the disks it gets what others "
			"leave, weight %" PRIu64,
			reason->limit);
	frozen_text(out, reason);
	refused_text(out, reason);
}
