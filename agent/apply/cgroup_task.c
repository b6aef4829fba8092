// SPDX-License-Identifier: LGPL-2.1-or-later
// See cgroup_task.h. The one that says what tasks had, and so the one that may have it written.
//
// A record is of a cgroup and not of a task: what a changed process forks is changed too and has to be given back
// with it, and nobody counts them. So a task that gave itself the same after the others were changed is
// not told from them; one that did so before keeps the whole cgroup from being changed (tasks.c).
#include "agent/apply/cgroup_task.h"

#include <errno.h>

#include "agent/apply/apply_state.h"
#include "agent/apply/cgroup_attr.h"
#include "agent/apply/task_walk.h"
#include "policy/knob.h"

int cgroup_task_own(struct apply *apply, struct cgroup *cgroup, const struct cgroup_attr *attr,
		    int value)
{
	struct knob_state *s = &cgroup->knobs[attr->knob];
	const struct knob_value original = cgroup_attr_value(attr, value),
				written = cgroup_attr_value(attr, attr->to);
	int r = apply_own(apply, cgroup->path, cgroup->inode, attr->knob, false, &original,
			  &written, NULL);

	if (r < 0)
		return r;
	s->owned = true;
	s->held = false;
	s->original = original;
	s->written = written;
	return 0;
}

void cgroup_task_end(struct apply *apply, struct cgroup *cgroup, const struct cgroup_attr *attr)
{
	struct original *record =
		originals_find(&apply->originals, cgroup->path, cgroup->inode, attr->knob);

	if (record)
		apply_end(apply, record);
	cgroup->knobs[attr->knob].owned = false;
}

bool cgroup_task_owned(const struct cgroup *cgroup, const struct cgroup_attr *attr, int *ret_value)
{
	const struct knob_state *s = &cgroup->knobs[attr->knob];

	if (s->owned)
		*ret_value = cgroup_attr_from(attr, &s->original);
	return s->owned;
}

void cgroup_task_tell(struct apply *apply, const struct cgroup *cgroup,
		      const struct cgroup_attr *attr, bool back, const struct reason *reason,
		      const char *why)
{
	const struct knob_state *s = &cgroup->knobs[attr->knob];
	const struct apply_event event = {
		.kind = back ? HISTORY_RESTORE : HISTORY_WRITE,
		.path = cgroup->path,
		.cgroup = cgroup,
		.knob = attr->knob,
		.effect = attr->effect,
		.from = back ? &s->written : &s->original,
		.to = back ? &s->original : &s->written,
		.reason = reason,
		.why = why,
	};

	apply_tell(apply, &event);
}

int cgroup_task_restore(struct apply *apply, int dir_fd, const struct original *record,
			uint32_t *ret_n)
{
	const struct cgroup_attr *attr = cgroup_attr_of(record->knob);
	const struct task_walk_place place = {
		.attr = attr,
		.root_fd = apply->root_fd,
		.dir_fd = dir_fd,
		.path = record->path,
	};
	struct task_walk_seen seen = {0};
	int r = apply_step(apply, APPLY_STEP_WRITE, record->path, record->knob);

	*ret_n = 0;
	if (!attr)
		return -EINVAL;
	if (r == 0)
		r = task_walk_change_all(&place, cgroup_attr_from(attr, &record->written),
					 cgroup_attr_from(attr, &record->original), &seen);
	*ret_n = seen.n_changed;
	return r < 0 ? r : seen.n_failed > 0 ? seen.error : 0;
}
