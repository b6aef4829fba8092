// SPDX-License-Identifier: LGPL-2.1-or-later
// One knob while it is being changed, and how that ends: taken, refused, or no longer colod's.
#pragma once

#include "agent/apply/apply_state.h"

struct apply_job {
	struct apply *apply;
	struct change *change;
	struct knob_state *state;
	const struct writer *writer;
	struct original *record; /* NULL where colod does not own it */
	int dir_fd;
	bool ours;	 /* what is there now is colod's own */
	bool drift;	 /* colod owned the knob, and somebody else wrote */
	bool remembered; /* the knob that this one makes the kernel forget was recorded */
	bool wrote;
	uint64_t gap; /* of the value to write: see writer.h */
};

bool apply_job_equal(const struct apply_job *job, const struct knob_value *a,
		     const struct knob_value *b);

/* Tells of what was done: `kind`, with what was there before and what is now; `why` NULL: the change's
 * own reason. */
void apply_job_tell(const struct apply_job *job, enum history_kind kind,
		    const struct knob_value *from, const struct knob_value *to, const char *why);

/* The knob is nobody's, or somebody else's, from here on. */
void apply_job_disown(struct apply_job *job);

/* colod's value is there from here on, or may be. */
void apply_job_own(struct apply_job *job, const struct knob_value *original,
		   const struct knob_value *written);

/* Fills the outcome of a change that came to nothing, and says so once. Returns a negative errno. */
int apply_job_refuse(struct apply_job *job, int error, enum refusal refusal);
int apply_job_refuse_error(struct apply_job *job, int error);

/* Done: what was asked for is there. */
void apply_job_accept(struct apply_job *job, const struct knob_value *got);

/* After a write: reads back (r: 0, or what went wrong since) and owns what is there. 0 only when
 * `value` is; a negative errno has been made the outcome. */
int apply_job_wrote(struct apply_job *job, int r, const struct knob_value *original,
		    const struct knob_value *value);

/* `value` was there: says so, and the change is done where that is what was asked for. */
void apply_job_conclude(struct apply_job *job);
