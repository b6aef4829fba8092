// SPDX-License-Identifier: LGPL-2.1-or-later
// See account.h.
#include "agent/account.h"

void account_policy(struct state *s, int result, const struct history_caller *caller)
{
	struct history_record r = HISTORY_RECORD(HISTORY_POLICY);

	HISTORY_SET(r.what, "%s", s->policy->origin);
	HISTORY_SET(r.to, "%s", result < 0 ? "rejected" : "loaded");
	HISTORY_SET(r.why, "%s", s->status.policy_state);
	if (caller)
		r.caller = *caller;
	history_add(s->history, &r);
}

void account_agent(struct state *s, const char *what, const char *to, const char *why)
{
	struct history_record r = HISTORY_RECORD(HISTORY_AGENT);

	HISTORY_SET(r.what, "%s", what);
	HISTORY_SET(r.to, "%s", to);
	HISTORY_SET(r.why, "%s", why);
	history_add(s->history, &r);
}
