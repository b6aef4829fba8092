// SPDX-License-Identifier: LGPL-2.1-or-later
// See cgroup_task.h. The one that says what oom_score_adj was, and so the one that may have it written.
//
// A record is of a cgroup and not of a process: what a raised process forks is raised too and has to be given back
// with it, and nobody counts them. So a process that set itself the highest score after the others were raised is
// not told from them; one that did so before keeps the whole cgroup from being raised (tasks.c).
#include "agent/apply/cgroup_task.h"

#include <errno.h>

#include "agent/apply/apply_state.h"
#include "agent/apply/task_walk.h"
#include "policy/knob.h"
#include "policy/oom_score.h"

const struct writer cgroup_task_writers[] = {
	{.knob = KNOB_OOM_SCORE_ADJ, .forgets = KNOB_COUNT},
};
const size_t cgroup_task_n_writers = sizeof(cgroup_task_writers) / sizeof(cgroup_task_writers[0]);

static struct knob_value value_of(int score)
{
	return knob_value_of((uint64_t)(KNOB_SCORE_ZERO + score));
}

static int score_of(const struct knob_value *value)
{
	return (int)value->value - KNOB_SCORE_ZERO;
}

int cgroup_task_own(struct apply *apply, struct cgroup *cgroup, int score)
{
	struct knob_state *s = &cgroup->knobs[KNOB_OOM_SCORE_ADJ];
	const struct knob_value original = value_of(score), written = value_of(OOM_SCORE_FIRST);
	int r = apply_own(apply, cgroup->path, cgroup->inode, KNOB_OOM_SCORE_ADJ, false, &original,
			  &written, NULL);

	if (r < 0)
		return r;
	s->owned = true;
	s->held = false;
	s->original = original;
	s->written = written;
	return 0;
}

void cgroup_task_end(struct apply *apply, struct cgroup *cgroup)
{
	struct original *record =
		originals_find(&apply->originals, cgroup->path, cgroup->inode, KNOB_OOM_SCORE_ADJ);

	if (record)
		apply_end(apply, record);
	cgroup->knobs[KNOB_OOM_SCORE_ADJ].owned = false;
}

bool cgroup_task_owned(const struct cgroup *cgroup, int *ret_score)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_OOM_SCORE_ADJ];

	if (s->owned)
		*ret_score = score_of(&s->original);
	return s->owned;
}

void cgroup_task_tell(struct apply *apply, const struct cgroup *cgroup, bool back,
		      const struct reason *reason, const char *why)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_OOM_SCORE_ADJ];
	const struct apply_event event = {
		.kind = back ? HISTORY_RESTORE : HISTORY_WRITE,
		.path = cgroup->path,
		.cgroup = cgroup,
		.knob = KNOB_OOM_SCORE_ADJ,
		.effect = EFFECT_PROTECTION,
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
	const struct task_walk_place place = {
		.root_fd = apply->root_fd,
		.dir_fd = dir_fd,
		.path = record->path,
	};
	struct task_walk_seen seen = {0};
	int r = apply_step(apply, APPLY_STEP_WRITE, record->path, record->knob);

	if (r == 0)
		r = task_walk_change_all(&place, score_of(&record->written),
					 score_of(&record->original), &seen);
	*ret_n = seen.n_changed;
	return r < 0 ? r : seen.n_failed > 0 ? seen.error : 0;
}
