// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. An indicator is about online pods: who yields is meant to wait.
#include "policy/check.h"
#include "policy/diag.h"
#include "policy/names.h"

void check_slis(struct reader *reader)
{
	for (size_t i = 0; i < reader->policy->n_slis; i++) {
		enum level level = reader->policy->slis[i].level;
		const struct level_policy *p;

		if (level == LEVEL_NONE)
			continue;
		p = &reader->policy->levels[level];
		if (!p->defined)
			reader_report(reader, &reader->slis[i], DIAG_ERROR,
				      "define it under levels, or name another one",
				      "an sli of level %s, which is not defined",
				      names_level(level));
		else if (p->role == ROLE_OFFLINE)
			reader_report(reader, &reader->slis[i], DIAG_ERROR,
				      "accepted: an online level, or online",
				      "an sli of level %s, which is offline: it yields, and waits",
				      names_level(level));
	}
}
