// SPDX-License-Identifier: LGPL-2.1-or-later
// A fact is known, unknown or absent, and unknown is never "no": a rule that needs an unknown
// fact stops there, a rule that needs an absent one does not match. A derived fact was worked
// out from knobs (a request from a weight) and is shown as such.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum fact_state {
	FACT_UNKNOWN, /* should exist, but nobody has told yet (a pod not in /pods yet) */
	FACT_ABSENT,  /* does not exist for this kind of pod, or nobody is there to ask */
	FACT_KNOWN,   /* told by the kubelet or by a pods file */
	FACT_DERIVED, /* worked out from the cgroup's knobs */
	FACT_STATE_COUNT,
};

struct fact_u64 {
	enum fact_state state;
	uint64_t value;
};

static inline bool fact_has_value(const struct fact_u64 *f)
{
	return f->state == FACT_KNOWN || f->state == FACT_DERIVED;
}
