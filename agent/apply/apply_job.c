// SPDX-License-Identifier: LGPL-2.1-or-later
// See apply_job.h.
#include "agent/apply/apply_job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/knob.h"
#include "policy/names.h"

/* names_refusal(), strerror() and refuse_fix() together. */
#define REFUSE_TEXT_SIZE 512

bool apply_job_equal(const struct apply_job *j, const struct knob_value *a,
		     const struct knob_value *b)
{
	return knob_equal(j->change->knob, a, b, j->apply->page_bytes);
}

void apply_job_tell(const struct apply_job *j, enum history_kind kind,
		    const struct knob_value *from, const struct knob_value *to, const char *why)
{
	const struct change *c = j->change;
	const struct apply_event event = {
		.kind = kind,
		.path = c->cgroup->path,
		.cgroup = c->cgroup,
		.knob = c->knob,
		.effect = c->effect,
		.from = from,
		.to = to,
		.reason = why ? NULL : &c->reason,
		.why = why,
	};

	apply_tell(j->apply, &event);
}

/* systemd and the runtime write all of a pod's knobs while they make it: that this falls between a write
 * and its reading back is normal, and the next pass writes again. Again is another matter. */
static bool is_first_overtaking(const struct apply_job *j)
{
	const struct change *c = j->change;

	return c->refusal == REFUSAL_DIFFERS &&
	       refuse_is_new(&j->apply->seen, c->cgroup->inode, c->knob, REFUSAL_COUNT);
}

static void tell_refusal(const struct apply_job *j)
{
	const struct change *c = j->change;
	bool other = c->refusal == REFUSAL_OTHER;
	const char *words = NULL;
	char why[REFUSE_TEXT_SIZE];

	/* A lack of room for records concerns all knobs: said once, by apply_changes(). A file that was there when
	 * this was planned goes with its cgroup, whose cgroup.procs is the last to go. */
	if (c->refusal == REFUSAL_GONE || c->refusal == REFUSAL_NO_RECORD ||
	    c->refusal == REFUSAL_NO_KNOB || is_first_overtaking(j) ||
	    !refuse_is_new(&j->apply->seen, c->cgroup->inode, c->knob, c->refusal))
		return;
	words = j->writer && j->writer->denied ? j->writer->denied(&c->got) : NULL;
	if (words)
		(void)snprintf(why, sizeof(why), "the kernel does not grant it: %s", words);
	else
		(void)snprintf(why, sizeof(why), "%s%s%s: %s", names_refusal(c->refusal),
			       other ? ": " : "", other ? strerror(-c->error) : "",
			       refuse_fix(c->refusal, c->knob));
	apply_job_tell(j, HISTORY_REFUSED, &c->had, &c->want, why);
}

void apply_job_disown(struct apply_job *j)
{
	if (j->record)
		apply_end(j->apply, j->record);
	j->record = NULL;
	j->state->owned = false;
	j->state->held = false;
	j->state->contested = false;
	j->state->rewrites = 0;
}

int apply_job_refuse(struct apply_job *j, int error, enum refusal refusal)
{
	j->change->error = error;
	j->change->refusal = refusal;
	if (refusal == REFUSAL_GONE)
		apply_job_disown(j);
	if (refusal == REFUSAL_GONE || refusal == REFUSAL_NO_KNOB ||
	    refusal == REFUSAL_NO_CONTROLLER)
		j->state->now = (struct knob_value){.state = KNOB_MISSING};
	tell_refusal(j);
	return error ? error : -EIO;
}

int apply_job_refuse_error(struct apply_job *j, int error)
{
	return apply_job_refuse(j, error, refuse_classify(j->dir_fd, j->change->knob, error));
}

void apply_job_accept(struct apply_job *j, const struct knob_value *got)
{
	j->change->got = *got;
	j->change->done = true;
	j->state->now = *got;
	refuse_clear(&j->apply->seen, j->change->cgroup->inode, j->change->knob);
}

void apply_job_own(struct apply_job *j, const struct knob_value *original,
		   const struct knob_value *written)
{
	j->state->original = *original;
	j->state->written = *written;
	if (j->change->effect == EFFECT_HOLD && !(j->state->owned && j->state->held))
		j->state->held_since_us = j->apply->now_us;
	j->state->owned = true;
	j->state->held = j->change->effect == EFFECT_HOLD;
}

/* Something else than `value` is there. */
static int differs(struct apply_job *j, const struct knob_value *original,
		   const struct knob_value *value)
{
	const struct change *c = j->change;

	/* Overtaken by another writer, whose value is the original from here on, as with any drift;
	 * or without effect, and then nothing is owned that was not before. */
	if (!apply_job_equal(j, &c->had, &c->got))
		apply_job_own(j, original, value);
	else if (!j->ours)
		apply_job_disown(j);
	return apply_job_refuse(j, 0, REFUSAL_DIFFERS);
}

/* The kernel took the word and does not act on it. The knob is colod's all the same: whoever plans sees
 * why, and whether it stays so; giving back is a matter of the plan. */
static int not_granted(struct apply_job *j, const struct knob_value *original,
		       const struct knob_value *value)
{
	apply_job_own(j, original, value);
	return apply_job_refuse(j, 0, REFUSAL_INVALID);
}

int apply_job_wrote(struct apply_job *j, int r, const struct knob_value *original,
		    const struct knob_value *value)
{
	struct knob_value got;

	if (r == 0)
		r = writer_read_of(j->dir_fd, j->change->knob, value, &got);
	if (r < 0) {
		apply_job_own(j, original, value);
		j->state->now = (struct knob_value){.state = KNOB_UNREAD};
		return apply_job_refuse_error(j, r);
	}
	j->change->got = got;
	j->state->now = got;
	if (j->change->kind == CHANGE_WRITE && j->writer->denied && j->writer->denied(&got) &&
	    knob_stands(j->change->knob, value, &got, j->apply->page_bytes))
		return not_granted(j, original, value);
	if (!apply_job_equal(j, value, &got))
		return differs(j, original, value);
	/* What came of rounding is colod's too; what of a line nobody asked for is not. */
	apply_job_own(j, original, knob_is_io_max(j->change->knob) ? value : &got);
	if (j->record)
		originals_arrived(j->record);
	return 0;
}

void apply_job_conclude(struct apply_job *j)
{
	struct change *c = j->change;

	apply_job_tell(j, c->kind == CHANGE_WRITE ? HISTORY_WRITE : HISTORY_RESTORE, &c->had,
		       &c->got, NULL);
	if (!apply_job_equal(j, &c->want, &c->got))
		return;
	if (c->kind != CHANGE_WRITE)
		apply_job_disown(j);
	apply_job_accept(j, &c->got);
}
