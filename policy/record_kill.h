// SPDX-License-Identifier: LGPL-2.1-or-later
// A look for somebody to kill as lines of a record: what it was decided from, and what came of it. Pure.
#pragma once

#include "colod/model.h"
#include "policy/memory_kill.h"
#include "policy/record_text.h"

struct record_names;

/* Memory ran out in this pass, and it was looked whom to kill. */
struct record_kill {
	struct memory_kill before;	    /* as it stood before the look */
	const struct victim_memory *memory; /* what was measured for it, by pod->slot */
	size_t n_memory;
	/* what came of it */
	struct memory_kill_need need;
	struct victim_list list;
};

/* What it was decided from: the lines "kill ...", with their ends. */
void record_kill_put(struct record_buf *buf, const struct record_kill *kill,
		     const struct model *model, int64_t now_us);

/* Of those, as they are read. Zeroed: nothing. */
struct record_kill_given {
	bool given;
	uint32_t n_rests;
	struct memory_kill before;
	struct victim_memory *memory; /* by slot; owned */
	size_t n_memory;
};
void record_kill_given_done(struct record_kill_given *given);

/* For the next pass; keeps its memory. */
void record_kill_begin(struct record_kill_given *given);

/* One line behind its first word, in a pass at now_us. 0, -EBADMSG or -ENOMEM. */
int record_kill_get(struct record_line *line, int64_t now_us, struct record_kill_given *given);

/* A line "WORD memory ..." of this pod, where it was measured; and back, into an array by slot that grows. */
void record_kill_put_memory(struct record_buf *buf, const char *word,
			    const struct victim_memory *memory, size_t n_memory,
			    const struct pod *pod, int64_t now_us);
int record_kill_get_memory(struct record_line *line, int64_t now_us, struct victim_memory **memory,
			   size_t *n_memory);

/* Looks again, as the agent did. False where nobody has to be killed by these numbers. */
bool record_kill_decide(struct record_kill *kill, const struct victim_input *in);

/* What came of it: the steps "kill", "candidate" and "left", each after `prefix`. */
void record_kill_tell(struct record_buf *buf, const struct record_kill *kill,
		      const struct policy *policy, const struct record_names *names,
		      const char *prefix);
