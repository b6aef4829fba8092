// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_sli.h.
#include "policy/record_sli.h"

#include <inttypes.h>

#include "policy/names.h"

void record_sli_tell(struct record_buf *out, const struct sli_watch *watch, bool named,
		     const char *prefix)
{
	for (size_t i = 0; i < watch->n_events; i++) {
		const struct sli_event *e = &watch->events[i];

		if (e->of.sign == SLI_SCORE || e->of.sign == SLI_CPI || (e->of.pods[0] && !named))
			continue;
		record_put(out,
			   "%ssli %" PRIu32 " slot=%" PRIu32 " serial=%" PRIu64 " %s value=%" PRIu32
			   " worst=%" PRIu32 " bound=%" PRIu64 " since=%" PRId64 "\n",
			   prefix, e->sli, e->slot, e->serial, names_sli_verdict(e->is),
			   e->value_permille, e->worst_permille, e->of.bound, e->since_us);
	}
}
