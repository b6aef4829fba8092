// SPDX-License-Identifier: LGPL-2.1-or-later
// See apply_job.h.
#include "agent/apply/apply_job.h"

#include <errno.h>
#include <string.h>

#include "agent/base/log.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/reason_text.h"

bool apply_job_equal(const struct apply_job *j, const struct knob_value *a,
		     const struct knob_value *b)
{
	return knob_equal(j->change->knob, a, b, j->apply->page_bytes);
}

void apply_job_log(const struct apply_job *j)
{
	const struct change *c = j->change;
	char had[KNOB_TEXT_SIZE], got[KNOB_TEXT_SIZE], why[REASON_TEXT_SIZE];

	log_notice("apply.write", "%s %s %s → %s%s: %s", c->cgroup->path, knob_name(c->knob),
		   knob_format(c->knob, &c->had, had, sizeof(had)),
		   knob_format(c->knob, &c->got, got, sizeof(got)),
		   j->drift ? " (somebody else had written over colod's value)" : "",
		   reason_text(&c->reason, NULL, why, sizeof(why)));
}

static void log_refusal(const struct apply_job *j)
{
	const struct change *c = j->change;
	char want[KNOB_TEXT_SIZE], had[KNOB_TEXT_SIZE];

	/* A lack of room for records concerns all knobs: said once, by apply_changes(). */
	if (c->refusal == REFUSAL_GONE || c->refusal == REFUSAL_NO_RECORD ||
	    !refuse_is_new(&j->apply->seen, c->cgroup->inode, c->knob, c->refusal))
		return;
	log_warning("apply.refused", "%s %s stays %s instead of %s: %s%s%s: %s", c->cgroup->path,
		    knob_name(c->knob), knob_format(c->knob, &c->had, had, sizeof(had)),
		    knob_format(c->knob, &c->want, want, sizeof(want)), names_refusal(c->refusal),
		    c->refusal == REFUSAL_OTHER ? ": " : "",
		    c->refusal == REFUSAL_OTHER ? strerror(-c->error) : "",
		    refuse_fix(c->refusal, c->knob));
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
	log_refusal(j);
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
