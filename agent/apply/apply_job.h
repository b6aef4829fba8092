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
};

bool apply_job_equal(const struct apply_job *job, const struct knob_value *a,
		     const struct knob_value *b);

/* The line in the journal about a value that was written. */
void apply_job_log(const struct apply_job *job);

/* The knob is nobody's, or somebody else's, from here on. */
void apply_job_disown(struct apply_job *job);

/* Fills the outcome of a change that came to nothing, and says so once. Returns a negative errno. */
int apply_job_refuse(struct apply_job *job, int error, enum refusal refusal);
int apply_job_refuse_error(struct apply_job *job, int error);

/* Done: what was asked for is there. */
void apply_job_accept(struct apply_job *job, const struct knob_value *got);
