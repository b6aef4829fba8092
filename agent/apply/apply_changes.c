// SPDX-License-Identifier: LGPL-2.1-or-later
// The changes of one pass, in the order the diff gave them. For each knob: is it still that cgroup,
// what is there now, record, write, read back, say so. What is there is read anew, because the
// model may be seconds old and an original must be the last value that somebody else wrote.
#include "agent/apply/apply_lanes.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "policy/knob.h"
#include "policy/unit_prop.h"

/* What this knob held of another disk has ended before it holds anything of this one. */
static bool is_of_other_disk(const struct apply_job *j)
{
	return j->record && j->change->kind == CHANGE_WRITE &&
	       !knob_same_disk(j->change->knob, &j->record->written, &j->change->want);
}

static struct original *find_record(const struct apply_job *j)
{
	const struct cgroup *cg = j->change->cgroup;

	return originals_find(&j->apply->originals, cg->path, cg->inode, j->change->knob);
}

/* Opens the cgroup and looks at what is there. */
static int look(struct apply_job *j)
{
	struct change *c = j->change;
	const struct cgroup *cg = c->cgroup;
	struct knob_value now;
	int r;

	j->record = find_record(j);
	j->writer = writer_of(c->knob);
	if (!j->writer)
		return apply_job_refuse(j, -EINVAL, REFUSAL_OTHER);
	if (is_of_other_disk(j)) {
		apply_end_hold(j->apply, j->record);
		j->record = find_record(j);
		if (j->record)
			return apply_job_refuse(j, -EBUSY, REFUSAL_BUSY);
		j->state->owned = j->state->held = false;
	}
	r = apply_open(j->apply, cg->path, cg->inode, &j->dir_fd);
	if (r == 0)
		r = writer_read_of(j->dir_fd, c->knob, j->record ? &j->record->written : &c->want,
				   &now);
	if (r < 0)
		return apply_job_refuse_error(j, r);
	c->had = now;
	j->state->now = now;
	j->ours = j->record && (cg->telling || apply_job_equal(j, &j->state->told, &now) ||
				originals_is_ours(j->record, &now, j->apply->page_bytes));
	j->drift = j->record && !j->ours;
	/* Somebody else wrote only a part of it. */
	j->ours |= j->drift && knob_is_io_max(c->knob) &&
		   originals_give_back(j->record, &now, j->apply->page_bytes, &now);
	return 0;
}

/* The next value on the way to `want`; what is there where nothing is to be gained in this pass. */
static int next_value(struct apply_job *j, const struct knob_value *want,
		      struct knob_value *ret_value)
{
	const struct knob_value *had = &j->change->had;
	int r = 0;

	*ret_value = *want;
	if (j->apply->flights && j->writer->stride && apply_lanes_may_press(j))
		r = j->writer->stride(j->dir_fd, had, want, apply_lanes_has_rested(j), ret_value,
				      &j->gap);
	else if (j->apply->flights && j->writer->follow)
		r = j->writer->follow(j->dir_fd, had, want, ret_value);
	else if (j->writer->step)
		r = j->writer->step(j->dir_fd, had, want, ret_value);
	return r < 0 ? apply_job_refuse_error(j, r) : 0;
}

/* Switching cpu.idle on makes the kernel forget cpu.weight: what that was becomes an original of
 * its own, and what the kernel will make of it counts as written by colod. */
static int remember_forgotten(struct apply_job *j)
{
	enum knob knob = j->writer->forgets;
	const struct cgroup *cg = j->change->cgroup;
	const struct knob_value after = knob_value_of(j->writer->after);
	struct knob_value now;
	struct original *record = originals_find(&j->apply->originals, cg->path, cg->inode, knob);
	bool ours;
	int r = writer_read(j->dir_fd, knob, &now);

	if (r < 0)
		return r;
	ours = record && (cg->telling || originals_is_ours(record, &now, j->apply->page_bytes));
	if (!record && knob_equal(knob, &now, &after, j->apply->page_bytes))
		return 0;
	r = apply_own(j->apply, cg->path, cg->inode, knob, false, ours ? &record->original : &now,
		      &after, ours ? &now : NULL);
	j->remembered = r == 0;
	return r;
}

/* The state of the knob that is forgotten, after the one that makes it so was written. `failed`: it
 * was not, so the forgotten one still has its value. */
static void update_forgotten(struct apply_job *j, bool failed)
{
	enum knob knob = j->writer->forgets;
	struct cgroup *cg = j->change->cgroup;
	struct knob_state *s = &cg->knobs[knob];
	struct original *record = originals_find(&j->apply->originals, cg->path, cg->inode, knob);

	if (writer_read(j->dir_fd, knob, &s->now) < 0)
		s->now.state = KNOB_UNREAD;
	if (!record || (failed && !j->remembered))
		return;
	s->owned = !failed || record->previous.state == KNOB_KNOWN;
	if (!s->owned) {
		apply_end(j->apply, record);
		return;
	}
	s->original = record->original;
	s->written = failed ? record->previous : record->written;
	if (!failed)
		originals_arrived(record);
}

/* Whether this write makes the kernel forget another knob. */
static bool forgets(const struct apply_job *j, const struct knob_value *value)
{
	return j->writer->forgets != KNOB_COUNT && value->value == 1;
}

static int record(struct apply_job *j, const struct knob_value *original,
		  const struct knob_value *value)
{
	const struct change *c = j->change;
	int r = 0;

	if (forgets(j, value))
		r = remember_forgotten(j);
	if (r == 0)
		r = apply_own(j->apply, c->cgroup->path, c->cgroup->inode, c->knob,
			      c->effect == EFFECT_HOLD, original, value, j->ours ? &c->had : NULL);
	if (r < 0 && forgets(j, value))
		update_forgotten(j, true);
	if (r < 0)
		return apply_job_refuse(j, r, REFUSAL_NO_RECORD);
	j->record =
		originals_find(&j->apply->originals, c->cgroup->path, c->cgroup->inode, c->knob);
	return 0;
}

/* Nothing was written: what colod owned before, it still owns. */
static int write_failed(struct apply_job *j, const struct knob_value *value, int error)
{
	if (forgets(j, value))
		update_forgotten(j, true);
	if (!j->ours)
		apply_job_disown(j);
	return apply_job_refuse_error(j, error);
}

/* Writes and reads back: 0 only when `value` is there then; or hands the write to a lane. */
static int put(struct apply_job *j, const struct knob_value *original,
	       const struct knob_value *value, enum apply_route route)
{
	struct change *c = j->change;
	int r = apply_step(j->apply, APPLY_STEP_WRITE, c->cgroup->path, c->knob);

	if (r == 0)
		r = route == APPLY_ROUTE_LANE ? apply_lanes_submit(j, original, value)
					      : writer_write(j->dir_fd, j->writer, value);
	if (r < 0)
		return write_failed(j, value, r);
	if (route == APPLY_ROUTE_LANE)
		return 0;
	j->wrote = true;
	r = apply_step(j->apply, APPLY_STEP_READ, c->cgroup->path, c->knob);
	if (j->writer->forgets != KNOB_COUNT)
		update_forgotten(j, false);
	r = apply_job_wrote(j, r, original, value);
	if (r == 0)
		apply_job_conclude(j);
	return r;
}

/* What is written over: somebody's, or what systemd made of what colod told it, which is not. */
static struct knob_value others(const struct apply_job *j)
{
	struct knob_value original = j->change->had;

	if (!j->record)
		(void)unit_prop_untold(j->change->cgroup, j->change->knob, &j->change->had,
				       &original);
	return original;
}

static int do_write(struct apply_job *j)
{
	struct change *c = j->change;
	struct knob_value original, value, written;
	enum apply_route route;
	int r;

	if (j->record)
		c->want = originals_complete(j->record, &c->want, &c->had);
	if (apply_job_equal(j, &c->want, &c->had)) {
		if (j->ours)
			j->state->written = knob_is_io_max(c->knob) ? c->want : c->had;
		apply_job_accept(j, &c->had);
		return 0;
	}
	r = next_value(j, &c->want, &value);
	if (r < 0)
		return r;
	c->got = c->had;
	route = apply_lanes_route(j, &value);
	if (apply_job_equal(j, &value, &c->had) || route == APPLY_ROUTE_LATER)
		return 0;
	/* Theirs is the original from here on, as soon as colod writes again; what it does not write
	 * over (one that is nearer to the wanted value) is no fight. */
	if (j->drift && !apply_drift_may_repair(j->apply, c->cgroup, c->knob, j->record))
		return 0;
	original = j->ours ? j->record->original : others(j);
	if (j->record && knob_is_io_max(c->knob))
		original = originals_others(j->record, &c->had, j->apply->page_bytes);
	if (!j->ours && j->writer->give_back)
		j->writer->give_back(j->dir_fd, &original);
	written = j->record ? j->record->written : c->had;
	r = record(j, &original, &value);
	if (r == 0 && j->drift)
		apply_job_tell(j, HISTORY_DRIFT, &written, &c->had, "");
	return r < 0 ? r : put(j, &original, &value, route);
}

/* The value is somebody else's: left alone. */
static void forget(struct apply_job *j)
{
	struct change *c = j->change;

	c->kind = CHANGE_FORGET;
	c->want = c->had;
	if (j->record && !apply_job_equal(j, &j->record->original, &c->had))
		apply_job_tell(j, HISTORY_LEFT, &j->record->written, &c->had,
			       "somebody else wrote since");
	apply_job_disown(j);
	apply_job_accept(j, &c->had);
}

static int do_restore(struct apply_job *j)
{
	struct change *c = j->change;
	struct knob_value original, value;
	enum apply_route route;
	int r;

	if (knob_is_io_max(c->knob) && j->record)
		j->ours = originals_give_back(j->record, &c->had, j->apply->page_bytes, &original);
	else if (j->ours)
		original = j->record->original;
	if (!j->ours) {
		forget(j);
		return 0;
	}
	c->want = original;
	if (apply_job_equal(j, &original, &c->had)) {
		apply_job_disown(j);
		apply_job_accept(j, &c->had);
		return 0;
	}
	r = next_value(j, &original, &value);
	if (r < 0)
		return r;
	c->got = c->had;
	route = apply_lanes_route(j, &value);
	if (apply_job_equal(j, &value, &c->had) || route == APPLY_ROUTE_LATER)
		return 0;
	/* Only a step on the way needs a record: giving back must not depend on room for one. */
	if (!apply_job_equal(j, &original, &value))
		r = record(j, &original, &value);
	return r < 0 ? r : put(j, &original, &value, route);
}

/* The diff found a foreign value. It may be colod's own after all: what was there before a record
 * whose write never happened. */
static int do_forget(struct apply_job *j)
{
	if ((j->ours && !apply_job_equal(j, &j->record->written, &j->change->had)) ||
	    (j->record && knob_is_io_max(j->change->knob)))
		return do_restore(j);
	forget(j);
	return 0;
}

static int do_change(struct apply_job *j)
{
	int r;

	if (apply_lanes_waits(j) || apply_is_dying(j->apply, j->change->cgroup->path))
		return 0;
	r = look(j);
	if (r < 0)
		return r;
	/* Idle off was refused: the weight stays remembered, the next pass tries both again. */
	if (j->change->kind != CHANGE_FORGET && writer_is_hidden(j->dir_fd, j->change->knob))
		return 0;
	switch (j->change->kind) {
	case CHANGE_WRITE:
		return do_write(j);
	case CHANGE_RESTORE:
		return do_restore(j);
	case CHANGE_FORGET:
	default:
		return do_forget(j);
	}
}

int apply_changes(struct apply *apply, struct model *model, struct changes *changes, bool dry_run)
{
	int n_written = 0, no_record = 0;

	if (dry_run || changes->n == 0)
		return 0;
	if (model->node.page_bytes > 0)
		apply->page_bytes = model->node.page_bytes;
	fd_reserve_lend(&apply->reserve);
	for (size_t i = 0; i < changes->n; i++) {
		_cleanup_close_ int dir_fd = -EBADF;
		struct change *c = &changes->list[i];
		struct apply_job j = {
			.apply = apply,
			.change = c,
			.state = &c->cgroup->knobs[c->knob],
			.dir_fd = -EBADF,
		};

		c->done = false;
		c->error = 0;
		c->refusal = REFUSAL_NONE;
		c->got = (struct knob_value){.state = KNOB_UNREAD};
		(void)do_change(&j);
		dir_fd = j.dir_fd;
		n_written += j.wrote;
		if (c->refusal == REFUSAL_NO_RECORD && no_record == 0)
			no_record = c->error;
	}
	fd_reserve_fill(&apply->reserve, apply->cgroup_fd);
	if (no_record == 0)
		return n_written;
	if (n_written == 0)
		return no_record;
	log_err("apply.record", "some originals could not be written down (%s): %s",
		strerror(-no_record), refuse_fix(REFUSAL_NO_RECORD, KNOB_COUNT));
	return n_written;
}
