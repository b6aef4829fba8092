// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. Whoever writes `modes: {cpu: protect}` beside `mode: observe` wants CPU protected, and
// gets nothing: the lowest wins. The two may come from different files, so only the whole shows it.
#include "policy/check.h"
#include "policy/names.h"

void check_modes(struct reader *reader)
{
	const struct policy *policy = reader->policy;

	for (int r = 0; r < RESOURCE_MODES && reader->diags->n_errors == 0; r++) {
		const struct policy_mode *own = &policy->modes[r];

		/* full lowers nothing: it takes an earlier file's word back. */
		if (!own->given || own->mode <= policy->mode || own->mode == MODE_FULL)
			continue;
		reader_report(reader, &reader->modes[r], DIAG_WARNING,
			      "raise `mode`, and lower under `modes` what shall not follow",
			      "%s stays at %s: the lower of `mode` and `modes` wins",
			      names_mode_of((enum resource)r), names_mode(policy->mode));
	}
}
