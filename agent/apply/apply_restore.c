// SPDX-License-Identifier: LGPL-2.1-or-later
// Every original back, from the records alone: no model, no plan, no daemon. Never writes over a
// value that somebody else wrote since, and needs no room for records.
#include "agent/apply/apply_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/cgroup_task.h"
#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/names.h"

#define WHY_SIZE 320

/* A record and its place in the order. */
struct item {
	struct original *record;
	enum diff_phase phase;
	unsigned depth;
	unsigned rank; /* within the cgroup */
};

enum result {
	RESULT_RESTORED,
	RESULT_GONE,
	RESULT_FOREIGN,
	RESULT_REFUSED,
};

static unsigned depth_of(const char *path)
{
	unsigned n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static struct item item_of(struct original *record)
{
	const struct writer *w = writer_of(record->knob);
	const struct change change = {
		.knob = record->knob,
		.kind = CHANGE_RESTORE,
		.effect = record->held ? EFFECT_HOLD : EFFECT_SHARE,
		.had = record->written,
		.want = record->original,
	};
	struct item item = {
		.record = record,
		.phase = diff_phase(&change),
		.depth = depth_of(record->path),
		.rank = 1,
	};

	/* Idle off before the weight, which is refused while the group is idle; on after it. */
	if (w && w->forgets != KNOB_COUNT)
		item.rank = record->original.value == 1 ? 2 : 0;
	return item;
}

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r;

	if (x->phase != y->phase)
		return x->phase < y->phase ? -1 : 1;
	if (x->depth != y->depth)
		return (x->depth < y->depth) != diff_children_first(x->phase) ? -1 : 1;
	r = strcmp(x->record->path, y->record->path);
	if (r != 0)
		return r;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (int)x->record->knob - (int)y->record->knob;
}

/* Of a record alone: no model says which pod it was, and why a value is taken back is the same for
 * all of them. */
static void tell(const struct apply *apply, enum history_kind kind, const struct original *record,
		 const struct knob_value *from, const struct knob_value *to, const char *why)
{
	const struct apply_event event = {
		.kind = kind,
		.path = record->path,
		.knob = record->knob,
		.effect = record->held ? EFFECT_HOLD : EFFECT_COUNT,
		.from = from,
		.to = to,
		.why = why,
	};

	apply_tell(apply, &event);
}

static enum result foreign(const struct original *record, char *why)
{
	char was[KNOB_TEXT_SIZE];

	(void)snprintf(why, WHY_SIZE, "somebody else wrote since; before colod it was %s",
		       knob_format(record->knob, &record->original, was, sizeof(was)));
	return RESULT_FOREIGN;
}

static enum result refused(int dir_fd, const struct original *record, int error, char *why)
{
	enum refusal refusal = refuse_classify(dir_fd, record->knob, error);

	if (refusal == REFUSAL_GONE)
		return RESULT_GONE;
	(void)snprintf(why, WHY_SIZE, "%s (%s)", names_refusal(refusal), strerror(-error));
	return RESULT_REFUSED;
}

static int write_back(struct apply *apply, int dir_fd, const struct original *record,
		      const struct knob_value *back, struct knob_value *ret_got)
{
	int r = apply_step(apply, APPLY_STEP_WRITE, record->path, record->knob);

	if (r == 0)
		r = writer_write(dir_fd, writer_of(record->knob), back);
	if (r == 0)
		r = apply_step(apply, APPLY_STEP_READ, record->path, record->knob);
	return r < 0 ? r : writer_read_of(dir_fd, record->knob, &record->written, ret_got);
}

/* Not a file, but what each process in the cgroup has: one that has something else by now set it itself. */
static enum result restore_processes(struct apply *apply, const struct original *record, int dir_fd,
				     bool *ret_keep, char *why)
{
	uint32_t n = 0;
	int r = cgroup_task_restore(apply, dir_fd, record, &n);

	if (n > 0)
		tell(apply, HISTORY_RESTORE, record, &record->written, &record->original,
		     "the original is back");
	*ret_keep = r < 0;
	return r < 0 ? refused(dir_fd, record, r, why) : RESULT_RESTORED;
}

/* *ret_keep: the record stays, so that another try can be made. `now` is what is there in the end,
 * `why` is filled where it is left. */
static enum result restore_one(struct apply *apply, const struct original *record, bool *ret_keep,
			       struct knob_value *now, char *why)
{
	_cleanup_close_ int dir_fd = -EBADF;
	struct knob_value had, back;
	int r = apply_open(apply, record->path, record->inode, &dir_fd);

	*ret_keep = false;
	if (r == 0 && knob_is_of_tasks(record->knob))
		return restore_processes(apply, record, dir_fd, ret_keep, why);
	if (r == 0)
		r = writer_read_of(dir_fd, record->knob, &record->written, now);
	if (r == 0 && writer_is_hidden(dir_fd, record->knob)) {
		*ret_keep = true;
		(void)snprintf(why, WHY_SIZE, "it cannot be written while the cgroup is idle");
		return RESULT_REFUSED;
	}
	if (r == 0 && knob_equal(record->knob, &record->original, now, apply->page_bytes))
		return RESULT_RESTORED;
	if (r == 0 && !originals_give_back(record, now, apply->page_bytes, &back))
		return foreign(record, why);
	had = *now;
	if (r == 0)
		r = write_back(apply, dir_fd, record, &back, now);
	if (r < 0) {
		*ret_keep = true;
		return refused(dir_fd, record, r, why);
	}
	if (!knob_equal(record->knob, &back, now, apply->page_bytes))
		return foreign(record, why);
	tell(apply, HISTORY_RESTORE, record, &had, now, "the original is back");
	return RESULT_RESTORED;
}

static void account(struct apply *apply, struct original *record, struct apply_restored *done)
{
	struct knob_value now = {.state = KNOB_UNREAD};
	char why[WHY_SIZE] = "";
	bool keep = false;
	enum result result = restore_one(apply, record, &keep, &now, why);

	done->written++;
	switch (result) {
	case RESULT_RESTORED:
		done->restored++;
		break;
	case RESULT_GONE:
		done->gone++;
		keep = false;
		break;
	case RESULT_FOREIGN:
	case RESULT_REFUSED:
		done->left++;
		done->foreign += result == RESULT_FOREIGN;
		tell(apply, HISTORY_LEFT, record, &record->written, &now, why);
		break;
	}
	if (!keep)
		apply_end(apply, record);
}

int apply_restore(struct apply *apply, bool holds_only, struct apply_restored *ret_restored)
{
	_cleanup_free_ struct original **list = NULL;
	_cleanup_free_ struct item *items = NULL;
	struct apply_restored done = {0};
	size_t n = apply->originals.n;

	if (n > 0) {
		if (originals_list(&apply->originals, &list) < 0)
			return -ENOMEM;
		items = malloc(n * sizeof(*items));
		if (!items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		items[i] = item_of(list[i]);
	if (n > 0)
		qsort(items, n, sizeof(*items), compare);
	fd_reserve_lend(&apply->reserve);
	for (size_t i = 0; i < n; i++)
		if ((items[i].record->held || !holds_only) &&
		    !apply_is_dying(apply, items[i].record->path))
			account(apply, items[i].record, &done);
	if (originals_compact(&apply->originals) < 0)
		log_debug("apply.originals", "the file of originals could not be tidied");
	fd_reserve_fill(&apply->reserve, apply->cgroup_fd);
	*ret_restored = done;
	return 0;
}

void apply_end_hold(struct apply *apply, struct original *record)
{
	struct apply_restored done = {0};

	account(apply, record, &done);
}

/* Without memory for an order: one after another as the table has them. */
static void end_unsorted(struct apply *apply, struct apply_restored *done)
{
	struct originals *o = &apply->originals;

	for (size_t i = 0; i < o->n_buckets; i++) {
		for (struct original *next, *record = o->buckets[i]; record; record = next) {
			next = record->next;
			if (record->held && !apply_is_dying(apply, record->path))
				account(apply, record, done);
		}
	}
}

/* What the model says of a hold that was just ended, or could not be. */
static void refresh(struct apply *apply, struct cgroup *cg, enum knob knob)
{
	_cleanup_close_ int dir_fd = -EBADF;
	struct knob_state *s = &cg->knobs[knob];

	if (originals_find(&apply->originals, cg->path, cg->inode, knob))
		return;
	s->owned = false;
	s->held = false;
	if (apply_open(apply, cg->path, cg->inode, &dir_fd) < 0 ||
	    writer_read_of(dir_fd, knob, &s->written, &s->now) < 0)
		s->now = (struct knob_value){.state = KNOB_UNREAD};
}

void apply_end_holds(struct apply *apply, struct model *model, struct apply_restored *ret_restored)
{
	struct apply_restored done = {0};

	if (apply_restore(apply, true, &done) < 0) {
		fd_reserve_lend(&apply->reserve);
		end_unsorted(apply, &done);
	}
	fd_reserve_lend(&apply->reserve);
	for (size_t i = 0; model && i < model->n_cgroups; i++) {
		struct cgroup *cg = model->cgroups[i];

		for (int knob = 0; knob < KNOB_COUNT; knob++)
			if (cg->knobs[knob].owned && cg->knobs[knob].held)
				refresh(apply, cg, (enum knob)knob);
	}
	fd_reserve_fill(&apply->reserve, apply->cgroup_fd);
	*ret_restored = done;
}
