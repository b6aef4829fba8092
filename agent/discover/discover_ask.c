// SPDX-License-Identifier: LGPL-2.1-or-later
// A knob that only an order by hand wants; see discover.h.
#include "agent/discover/discover_state.h"
#include "agent/discover/knobs.h"

void discover_ask_knob(struct discover *d, struct cgroup *cgroup, enum knob knob)
{
	struct cgroup_node *node = cgroup_node_of(cgroup);
	uint32_t bit = 1u << knob;

	if (cgroup->knobs[knob].now.state != KNOB_UNREAD)
		return;
	node->knobs_asked |= bit;
	node->knobs_wanted |= bit;
	(void)knobs_read(d->cgroup_fd, cgroup, bit);
}
