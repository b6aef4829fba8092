// SPDX-License-Identifier: LGPL-2.1-or-later
// The words that a record has for enums which nobody else spells out in both directions, and the
// numbers of a reason and of the ladder as words. Pure.
#pragma once

#include "colod/cgroup.h"
#include "colod/model.h"
#include "colod/modes.h"
#include "colod/pod.h"
#include "colod/pressure.h"
#include "colod/reason.h"
#include "policy/record_text.h"

struct record_names;

/* Static text; "?" out of range. The other way: the enum, or -EINVAL. */
const char *record_words_reason(enum reason_code code);
int record_words_reason_from(const struct record_line *word);
const char *record_words_pod_kind(enum pod_kind kind);
int record_words_pod_kind_from(const struct record_line *word);
const char *record_words_cgroup_kind(enum cgroup_kind kind);
int record_words_cgroup_kind_from(const struct record_line *word);
const char *record_words_cpu_manager(enum cpu_manager manager);
int record_words_cpu_manager_from(const struct record_line *word);

/* The enum whose word this is, by the function that names each; -EINVAL. */
#define RECORD_WORD_FROM(word, count, name_fn, type)                                               \
	({                                                                                         \
		int found_ = -EINVAL;                                                              \
		for (int i_ = 0; i_ < (int)(count); i_++)                                          \
			if (record_is(word, name_fn((type)i_)))                                    \
				found_ = i_;                                                       \
		found_;                                                                            \
	})

/* The value of the next word, which must be KEY=VALUE. 0 or -EBADMSG. */
int record_words_key(struct record_line *line, const char *key, struct record_line *ret_value);
/* The same for a number of at most `max`. */
int record_words_number(struct record_line *line, const char *key, uint64_t max,
			uint64_t *ret_value);

/* " code=squeeze level=- rule=-1 observed=120 limit=50 for=2000000 extra=410 who=default/web" */
void record_words_put_reason(struct record_buf *buf, const struct reason *reason,
			     const struct record_names *names);
int record_words_get_reason(struct record_line *line, struct reason *ret_reason);

/* " rung=squeeze since=.. pressure=.. quota=.. grown=.. steps=.." and the reason */
void record_words_put_ladder(struct record_buf *buf, const struct ladder *ladder,
			     const struct record_names *names);
/* Whether they would be told alike. */
bool record_words_same_ladder(const struct ladder *a, const struct ladder *b);
int record_words_get_ladder(struct record_line *line, struct ladder *ret_ladder);

/* " all=squeeze cpu=squeeze memory=squeeze io=observe"; who decided is left out (zero). */
void record_words_put_modes(struct record_buf *buf, const struct modes *modes);
int record_words_get_modes(struct record_line *line, struct modes *ret_modes);
