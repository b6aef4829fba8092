// SPDX-License-Identifier: LGPL-2.1-or-later
// See knobs.h.
#include "agent/discover/knobs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "agent/base/fs.h"
#include "policy/knob.h"

struct knob_value knobs_read_one(int cgroup_fd, const struct cgroup *cgroup, enum knob knob)
{
	struct knob_value value = {.state = KNOB_UNREAD};
	char path[PATH_MAX], text[4096]; /* io.weight has a line per device that was given one */
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", cgroup->path, knob_name(knob)) >=
	    (int)sizeof(path))
		return value;
	r = fs_read(cgroup_fd, path, text, sizeof(text), NULL);
	if (r == -ENOENT)
		value.state = KNOB_MISSING;
	else if (r == 0)
		(void)knob_parse(knob, text, &value);
	return value;
}

int knobs_read(int cgroup_fd, struct cgroup *cgroup)
{
	int changed = 0;

	for (enum knob k = 0; k < KNOB_COUNT; k++) {
		struct knob_value *now = &cgroup->knobs[k].now;
		struct knob_value value = knobs_read_one(cgroup_fd, cgroup, k);

		if (now->state == value.state && now->value == value.value &&
		    now->period_us == value.period_us)
			continue;
		*now = value;
		changed = 1;
	}
	return changed;
}

int knobs_read_again(int cgroup_fd, struct cgroup *cgroup, bool *ret_unread)
{
	bool unread = false;
	int changed = 0;

	for (enum knob k = 0; k < KNOB_COUNT; k++) {
		struct knob_value *now = &cgroup->knobs[k].now;

		if (now->state != KNOB_UNREAD)
			continue;
		*now = knobs_read_one(cgroup_fd, cgroup, k);
		unread |= now->state == KNOB_UNREAD;
		changed |= now->state != KNOB_UNREAD;
	}
	*ret_unread = unread;
	return changed;
}

const struct knob_value *knobs_foreign(const struct cgroup *cgroup, enum knob knob)
{
	const struct knob_state *s = &cgroup->knobs[knob];

	if (s->owned && s->now.state == KNOB_KNOWN && s->now.value == s->written.value &&
	    s->now.period_us == s->written.period_us)
		return &s->original;
	return &s->now;
}
