// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentences about what a pod asks for as colod.io/batch-*; see reason_text.h.
#include "policy/reason_text.h"

void reason_text_batch(struct text_out *out, const struct reason *r)
{
	char much[REASON_TEXT_UNIT_SIZE];

	if (r->code == REASON_CPU_BATCH)
		text_out_put(out, "it asks for %s as colod.io/batch-cpu",
			     reason_text_cpus(r->observed, much));
	else if (r->code == REASON_MEMORY_BATCH)
		text_out_put(out, "it asks for %s as colod.io/batch-memory",
			     reason_text_bytes(r->observed, much));
}
