// SPDX-License-Identifier: LGPL-2.1-or-later
// See held.h.
#include "agent/serve/held.h"

#include "colod/cgroup.h"

bool held_frozen(const struct pod *pod)
{
	const struct knob_state *s = pod->cgroup ? &pod->cgroup->knobs[KNOB_CGROUP_FREEZE] : NULL;

	return s && s->owned && s->held && s->now.state == KNOB_KNOWN && s->now.value == 1;
}

bool held_pod(const struct pod *pod)
{
	for (const struct cgroup *c = pod->cgroup; c; c = c->parent) {
		for (int k = 0; k < KNOB_COUNT; k++) {
			if (c->knobs[k].owned && c->knobs[k].held)
				return true;
		}
	}
	return false;
}
