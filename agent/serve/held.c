// SPDX-License-Identifier: LGPL-2.1-or-later
// See held.h.
#include "agent/serve/held.h"

#include "colod/cgroup.h"
#include "policy/freeze.h"

bool held_frozen(const struct pod *pod)
{
	return pod->cgroup && freeze_stands(pod->cgroup);
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
