// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_policy.h.
#include "agent/serve/bus_policy.h"

#include <errno.h>

#include "agent/serve/bus_reply.h"
#include "agent/serve/bus_why.h"
#include "agent/serve/policy_why_json.h"

int bus_policy_why(sd_bus_message *call, const struct snapshot *snapshot, sd_bus_error *error)
{
	const struct pod *pod;
	const char *word;
	int r = sd_bus_message_read(call, "s", &word);

	if (r < 0)
		return r;
	r = bus_why_find(snapshot, word, &pod, error);
	if (r < 0)
		return r;
	if (!snapshot->policy)
		return -ENODATA;
	return bus_reply_json(call, "colod-policy-why", policy_why_json(snapshot, pod));
}
