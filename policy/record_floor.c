// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_floor.h. What is only shown to people, and worked out anew in every pass, is left out.
#include "policy/record_floor.h"

#include <errno.h>
#include <inttypes.h>

#include "policy/names.h"
#include "policy/record_names.h"
#include "policy/record_words.h"

static void put_branch(struct record_buf *buf, const struct floor_branch *b,
		       const struct record_names *names)
{
	record_put(buf,
		   "floor at inode=%" PRIu64 " state=%s weight=%" PRIu64 " since=%" PRId64
		   " promised=%" PRIu64 " pods=%" PRIu64 " serial=%" PRIu64 " doublings=%" PRIu32
		   " changed=%" PRId64 " needed=%" PRId64 " patience=%" PRIu64,
		   b->inode, names_floor(b->state), b->weight, b->since_us, b->since_ppm, b->n_pods,
		   b->max_serial, b->doublings, b->changed_us, b->needed_us, b->patience_us);
	record_words_put_reason(buf, &b->reason, names);
	record_put_bytes(buf, "\n", 1);
}

void record_floor_put(struct record_buf *buf, const struct floor_cpu *floor,
		      const struct record_names *names)
{
	record_put(buf, "floor cpu raises=%" PRIu64 " starved=%" PRIu64 "\n", floor->raises,
		   floor->starved);
	for (uint32_t i = 0; i < floor->n; i++)
		put_branch(buf, &floor->branches[i], names);
}

static int get_time(struct record_line *line, const char *key, int64_t *ret_us)
{
	struct record_line value;
	int r = record_words_key(line, key, &value);

	return r < 0 ? r : record_get_i64(&value, ret_us);
}

static int get_branch(struct record_line *line, struct floor_branch *ret_branch)
{
	struct floor_branch b = {0};
	struct record_line word;
	uint64_t doublings = 0;
	int state;

	if (record_words_number(line, "inode", UINT64_MAX, &b.inode) < 0 ||
	    record_words_key(line, "state", &word) < 0)
		return -EBADMSG;
	state = RECORD_WORD_FROM(&word, FLOOR_STATE_COUNT, names_floor, enum floor_state);
	if (state < 0 || record_words_number(line, "weight", UINT32_MAX, &b.weight) < 0 ||
	    get_time(line, "since", &b.since_us) < 0 ||
	    record_words_number(line, "promised", UINT64_MAX, &b.since_ppm) < 0 ||
	    record_words_number(line, "pods", UINT64_MAX, &b.n_pods) < 0 ||
	    record_words_number(line, "serial", UINT64_MAX, &b.max_serial) < 0 ||
	    record_words_number(line, "doublings", FLOOR_DOUBLINGS_MAX, &doublings) < 0 ||
	    get_time(line, "changed", &b.changed_us) < 0 ||
	    get_time(line, "needed", &b.needed_us) < 0 ||
	    record_words_number(line, "patience", FLOOR_PATIENCE_MAX_US, &b.patience_us) < 0 ||
	    record_words_get_reason(line, &b.reason) < 0 || line->len > 0)
		return -EBADMSG;
	b.state = (enum floor_state)state;
	b.doublings = (uint32_t)doublings;
	*ret_branch = b;
	return 0;
}

static int get_counters(struct record_line *line, struct floor_cpu *floor)
{
	struct floor_cpu f = {0};

	if (record_words_number(line, "raises", UINT64_MAX, &f.raises) < 0 ||
	    record_words_number(line, "starved", UINT64_MAX, &f.starved) < 0 || line->len > 0)
		return -EBADMSG;
	*floor = f;
	return 0;
}

int record_floor_get(struct record_line *line, struct floor_cpu *floor)
{
	struct record_line word;
	int r;

	if (!record_next(line, &word))
		return -EBADMSG;
	if (record_is(&word, "cpu"))
		return get_counters(line, floor);
	if (!record_is(&word, "at") || floor->n == FLOOR_BRANCHES)
		return -EBADMSG;
	r = get_branch(line, &floor->branches[floor->n]);
	floor->n += r == 0;
	return r;
}
