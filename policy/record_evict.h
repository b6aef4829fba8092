// SPDX-License-Identifier: LGPL-2.1-or-later
// A look for somebody to evict as lines of a record: what it was decided from, and what came of it. Pure.
#pragma once

#include "policy/evict_choose.h"
#include "policy/record_text.h"

struct record_names;

/* It was time to evict somebody in this pass, and it was looked whom. */
struct record_evict {
	struct evict before;	/* as it stood then */
	enum resource resource; /* for which */
	bool kubernetes;
	const struct victim_memory *memory; /* what was measured for it, by pod->slot */
	size_t n_memory;
	struct evict_look look; /* what came of it */
};

/* What it was decided from: the lines "evict ...", with their ends. What no choice depends on (names, who came back, the
 * taint) is left out. */
void record_evict_put(struct record_buf *buf, const struct record_evict *evict,
		      const struct model *model, int64_t now_us);

/* Of those, as they are read. Zeroed: nothing. */
struct record_evict_given {
	bool given;
	enum resource resource;
	bool kubernetes;
	struct evict before;
	struct victim_memory *memory; /* by slot; owned */
	size_t n_memory;
};
void record_evict_given_done(struct record_evict_given *given);

/* For the next pass; keeps its memory. */
void record_evict_begin(struct record_evict_given *given);

/* One line behind its first word, in a pass at now_us. 0, -EBADMSG or -ENOMEM. */
int record_evict_get(struct record_line *line, int64_t now_us, struct record_evict_given *given);

/* Looks again, as the agent did. False where by these numbers it is not time. `in` has all but what is recorded. */
bool record_evict_decide(struct record_evict *evict, const struct evict_input *in);

/* What came of it: the step "evict", or "evict-nobody", after `prefix`. */
void record_evict_tell(struct record_buf *buf, const struct record_evict *evict,
		       const struct record_names *names, const char *prefix);
