// SPDX-License-Identifier: LGPL-2.1-or-later
// See apply_lanes.h. What goes down may reclaim for long and takes the slow lane; what goes up gives
// back and takes the urgent one.
#include "agent/apply/apply_lanes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

#define RESTS_MAX 64
/* A step that came to nothing is tried again after this time, then after twice as long, and so on. */
#define REST_US 10000000
#define REST_LONGEST_US 640000000

/* A write under way. Its cgroup may be gone by the end: found again by its inode. */
struct flight {
	bool used;
	bool urgent;
	bool cancelled;
	bool ours;  /* what was there before was colod's own */
	bool drift; /* somebody else had written */
	uint64_t inode;
	uint64_t gap; /* see writer.h */
	struct change change;
	struct knob_value original;
	struct knob_value value;
};

/* A knob that could not be lowered as far as was tried. */
struct rest {
	uint64_t inode;
	enum knob knob;
	int64_t wait_us; /* 0: no entry */
	int64_t until_us;
};

/* A flight's token is its place in the list. */
struct flights {
	struct lanes *lanes; /* borrowed */
	struct flight list[2 * LANE_JOBS];
	struct rest rests[RESTS_MAX];
	size_t next_rest;
	bool full_said;
};

#define FLIGHTS_MAX (2 * LANE_JOBS)

int apply_use_lanes(struct apply *apply, struct lanes *lanes)
{
	free(apply->flights);
	apply->flights = NULL;
	if (!lanes)
		return 0;
	apply->flights = calloc(1, sizeof(*apply->flights));
	if (!apply->flights)
		return -ENOMEM;
	apply->flights->lanes = lanes;
	return 0;
}

static struct flight *find(struct flights *flights, uint64_t inode, enum knob knob)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++) {
		struct flight *f = &flights->list[i];

		if (f->used && f->inode == inode && f->change.knob == knob)
			return f;
	}
	return NULL;
}

static struct rest *find_rest(struct flights *flights, uint64_t inode, enum knob knob)
{
	for (size_t i = 0; i < RESTS_MAX; i++) {
		struct rest *rest = &flights->rests[i];

		if (rest->wait_us > 0 && rest->inode == inode && rest->knob == knob)
			return rest;
	}
	return NULL;
}

/* Twice as long as the last time. When there is no room, the oldest is tried again earlier. */
static int64_t take_rest(struct flights *flights, uint64_t inode, enum knob knob, int64_t now_us)
{
	struct rest *rest = find_rest(flights, inode, knob);

	if (!rest) {
		rest = &flights->rests[flights->next_rest];
		flights->next_rest = (flights->next_rest + 1) % RESTS_MAX;
		*rest = (struct rest){.inode = inode, .knob = knob, .wait_us = REST_US / 2};
	}
	if (rest->wait_us < REST_LONGEST_US)
		rest->wait_us *= 2;
	rest->until_us = now_us + rest->wait_us;
	return rest->wait_us;
}

bool apply_lanes_may_press(const struct apply_job *j)
{
	const struct change *c = j->change;
	const struct rest *rest = find_rest(j->apply->flights, c->cgroup->inode, c->knob);

	return !rest || j->apply->now_us >= rest->until_us;
}

bool apply_lanes_has_rested(const struct apply_job *j)
{
	return find_rest(j->apply->flights, j->change->cgroup->inode, j->change->knob) != NULL;
}

/* Whether the change gives back what the write under way takes. Of those that stand in an order none
 * is taken out: they are short. */
static bool undoes(const struct change *change, const struct flight *f)
{
	if (f->urgent || writer_of(f->change.knob)->slow)
		return false;
	return change->kind != CHANGE_WRITE || change->want.value > f->change.want.value;
}

bool apply_lanes_waits(struct apply_job *j)
{
	struct flights *flights = j->apply->flights;
	struct change *c = j->change;
	struct flight *f = flights ? find(flights, c->cgroup->inode, c->knob) : NULL;

	if (!f)
		return false;
	j->state->under_way = true; /* the object may be a new one */
	c->had = j->state->now;
	c->got = c->had;
	if (undoes(c, f) && !f->cancelled) {
		f->cancelled = true;
		(void)lane_cancel(flights->lanes->slow, (uint64_t)(f - flights->list));
	}
	return true;
}

static bool has_room(struct flights *flights, bool urgent)
{
	size_t n = lane_counts(urgent ? flights->lanes->urgent : flights->lanes->slow).waiting;

	/* Those that have ended, and were not taken up yet, have their places still. */
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		n += flights->list[i].used && flights->list[i].urgent == urgent;
	return n < LANE_JOBS;
}

static bool is_urgent(const struct apply_job *j, const struct knob_value *value)
{
	return j->writer->urgent || (!j->writer->slow && value->value >= j->change->had.value);
}

/* A set in very many pieces is written by whoever asks: should it overtake one that waits, the kernel
 * refuses it, and the next pass writes it again. */
static bool takes_lane(const struct apply_job *j, const struct knob_value *value)
{
	char text[KNOB_TEXT_SIZE];

	if (!j->apply->flights || apply_job_equal(j, value, &j->change->had))
		return false;
	if (!j->writer->slow)
		return j->writer->stride || j->writer->urgent;
	return strlen(knob_to_write(j->change->knob, value, text, sizeof(text))) < LANE_TEXT_SIZE;
}

enum apply_route apply_lanes_route(struct apply_job *j, const struct knob_value *value)
{
	struct flights *flights = j->apply->flights;
	bool urgent = is_urgent(j, value);

	if (!takes_lane(j, value))
		return APPLY_ROUTE_HERE;
	if (has_room(flights, urgent)) {
		flights->full_said &= urgent;
		return APPLY_ROUTE_LANE;
	}
	/* Giving back does not wait for anybody. */
	if (urgent)
		return APPLY_ROUTE_HERE;
	if (!flights->full_said)
		log_info("apply.lane", "more slow writes wait than the worker takes at once: the "
				       "others follow when these have ended");
	flights->full_said = true;
	return APPLY_ROUTE_LATER;
}

int apply_lanes_submit(struct apply_job *j, const struct knob_value *original,
		       const struct knob_value *value)
{
	struct flights *flights = j->apply->flights;
	bool urgent = is_urgent(j, value);
	_cleanup_close_ int fd = -EBADF;
	struct flight *f = flights->list;
	char text[KNOB_TEXT_SIZE];
	int flags, r;

	while (f < flights->list + FLIGHTS_MAX && f->used)
		f++;
	if (f == flights->list + FLIGHTS_MAX)
		return -EBUSY;
	/* Nobody wants the kernel to reclaim for a value that gives back. */
	flags = writer_flags(j->writer, !urgent);
	fd = sys_dup(j->dir_fd);
	if (fd < 0)
		return -errno;
	*f = (struct flight){
		.urgent = urgent,
		.ours = j->ours,
		.drift = j->drift,
		.inode = j->change->cgroup->inode,
		.gap = urgent ? 0 : j->gap,
		.change = *j->change,
		.original = *original,
		.value = *value,
	};
	(void)knob_to_write(j->change->knob, value, text, sizeof(text));
	r = lane_write(urgent ? flights->lanes->urgent : flights->lanes->slow, fd,
		       knob_file(j->change->knob), flags, text, (uint64_t)(f - flights->list));
	if (r < 0)
		return r;
	(void)TAKE_FD(fd);
	f->used = true;
	j->state->under_way = true;
	/* So that the plan can take it back from now on. */
	if (j->change->kind == CHANGE_WRITE)
		apply_job_own(j, original, value);
	return 0;
}

/* The step came to nothing: back to what is in use and some room. A value that was eased before had
 * its room then and is not exceeded, so that nobody grows with each try; one that a step left has
 * none, and would stay as a brake. Never above what somebody else wrote. */
static void ease(struct apply_job *j, const struct flight *f)
{
	struct change *c = j->change;
	struct rest *rest = find_rest(j->apply->flights, f->inode, c->knob);
	const struct knob_value most = rest ? c->had : f->original, tried = f->value;
	struct knob_value value;

	if (j->writer->ease(j->dir_fd, &f->value, f->gap, &value) < 0)
		return;
	if (apply_job_equal(j, &value, &f->value)) {
		if (rest)
			rest->wait_us = 0;
		return;
	}
	if (value.value > most.value)
		value = most;
	c->reason.code = REASON_EASED;
	c->reason.observed = value.value;
	c->reason.limit = tried.value;
	c->reason.for_us =
		(uint64_t)take_rest(j->apply->flights, f->inode, c->knob, j->apply->now_us);
	c->had = tried;
	c->done = false;
	j->gap = 0;
	j->ours = true;
	j->drift = false;
	if (apply_own(j->apply, c->cgroup->path, f->inode, c->knob, c->effect == EFFECT_HOLD,
		      &f->original, &value, &tried) == 0)
		(void)apply_lanes_submit(j, &f->original, &value);
}

/* What became of a write whose cgroup is still there. */
static void finish_job(struct apply_job *j, const struct flight *f, int r)
{
	struct change *c = j->change;
	struct knob_value now;

	if (r == 0)
		r = apply_step(j->apply, APPLY_STEP_READ, c->cgroup->path, c->knob);
	/* Cut short: the value may be there or not. */
	if (r == -EINTR && writer_read_of(j->dir_fd, c->knob, &f->value, &now) == 0 &&
	    apply_job_equal(j, &now, &f->value))
		r = 0;
	if (r < 0) {
		if (f->ours)
			j->state->written = c->had;
		else
			apply_job_disown(j);
		if (r != -EINTR && r != -ECANCELED)
			(void)apply_job_refuse_error(j, r);
		else if (writer_read_of(j->dir_fd, c->knob, &f->value, &now) == 0)
			j->state->now = now;
		return;
	}
	if (apply_job_wrote(j, 0, &f->original, &f->value) < 0)
		return;
	apply_job_conclude(j);
	if (f->gap > 0 && !f->cancelled)
		ease(j, f);
}

static struct cgroup *find_cgroup(const struct model *model, uint64_t inode)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (model->cgroups[i]->inode == inode)
			return model->cgroups[i];
	return NULL;
}

/* Fills c's outcome; one that is gone has no other. */
static void finish(struct apply *apply, const struct flight *f, struct cgroup *cg, int result,
		   struct change *c)
{
	_cleanup_close_ int dir_fd = -EBADF;
	struct apply_job j = {
		.apply = apply,
		.change = c,
		.state = &cg->knobs[c->knob],
		.writer = writer_of(c->knob),
		.record = originals_find(&apply->originals, cg->path, cg->inode, c->knob),
		.dir_fd = -EBADF,
		.ours = f->ours,
		.drift = f->drift,
	};
	int r = apply_open(apply, cg->path, cg->inode, &dir_fd);

	j.state->under_way = false;
	j.dir_fd = dir_fd;
	if (r < 0)
		(void)apply_job_refuse_error(&j, r);
	else
		finish_job(&j, f, result);
}

static void show(struct changes *shown, const struct change *c)
{
	for (size_t i = 0; i < shown->n; i++) {
		struct change *s = &shown->list[i];

		if (s->cgroup != c->cgroup || s->knob != c->knob || s->done)
			continue;
		s->done = c->done;
		s->error = c->error;
		s->refusal = c->refusal;
		s->got = c->got;
	}
}

static void collect(struct apply *apply, struct model *model, const struct lane_done *done,
		    struct changes *shown, struct apply_counts *counts)
{
	struct flight ended;
	struct cgroup *cg;
	struct change c;

	if (done->token >= FLIGHTS_MAX || !apply->flights->list[done->token].used)
		return;
	ended = apply->flights->list[done->token];
	apply->flights->list[done->token].used = false;
	cg = find_cgroup(model, ended.inode);
	if (!cg)
		return;
	c = ended.change;
	c.cgroup = cg;
	finish(apply, &ended, cg, done->result, &c);
	counts->writes += c.done && c.kind == CHANGE_WRITE;
	counts->restores += c.done && c.kind == CHANGE_RESTORE;
	counts->refusals += c.refusal != REFUSAL_NONE && c.refusal != REFUSAL_GONE;
	show(shown, &c);
}

void apply_collect(struct apply *apply, struct model *model, struct changes *shown,
		   struct apply_counts *counts)
{
	struct flights *flights = apply->flights;
	struct lane_done done;

	if (!flights)
		return;
	lanes_clear(flights->lanes);
	while (lane_next(flights->lanes->urgent, &done) || lane_next(flights->lanes->slow, &done))
		collect(apply, model, &done, shown, counts);
}
