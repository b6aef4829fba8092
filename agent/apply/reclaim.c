// SPDX-License-Identifier: LGPL-2.1-or-later
// See reclaim.h. A slice's token in the lane is its pod's place in the table; a place is kept until its slice has
// ended, so that no two mean the same. What the kernel answers to a write:
//
//	all written        it took that much
//	EAGAIN             a part: it searched on and on and found no more
//	EINTR              a part: the lane's signal ended it, as too long or as taken back
//	ENODEV, ENOENT     where the cgroup is gone: normal
//	anything else      it cannot be asked: said once, and asked again after a rest
#include "agent/apply/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/reclaim_files.h"
#include "agent/apply/refuse.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/kernel_text.h"
#include "policy/names.h"

/* memory.stat makes the kernel sum up the whole subtree: a pod that had too little to give is looked at again
 * after this time, however often it is wanted. */
#define LOOK_US 500000

struct place {
	bool used;
	bool wanted; /* in this pass */
	bool flying; /* a slice is under way */
	bool stopped;
	uint64_t inode;
	uint64_t asked_bytes;
	uint64_t give_bytes; /* when last looked at, */
	int64_t look_us;     /* and not again before then */
	struct reclaim_pace pace;
};

struct reclaim {
	struct lane *lane; /* borrowed */
	int root_fd;
	int cgroup_fd;
	uint64_t page_bytes;
	int64_t now_us;
	bool node_read; /* in this pass */
	struct reclaim_node node;
	struct reclaim_counts counts;
	struct refuse_seen seen;
	struct place places[RECLAIM_PODS];
	char text[RECLAIM_FILES_SIZE];
};

int reclaim_new(struct lanes *lanes, int root_fd, int cgroup_fd, uint64_t page_bytes,
		struct reclaim **ret_reclaim)
{
	struct reclaim *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->lane = lanes->reclaim;
	r->root_fd = root_fd;
	r->cgroup_fd = cgroup_fd;
	r->page_bytes = page_bytes;
	*ret_reclaim = r;
	return 0;
}

void reclaim_free(struct reclaim *r)
{
	free(r);
}

static struct place *find(struct reclaim *r, uint64_t inode)
{
	for (size_t i = 0; i < RECLAIM_PODS; i++)
		if (r->places[i].used && r->places[i].inode == inode)
			return &r->places[i];
	return NULL;
}

static struct place *take(struct reclaim *r, uint64_t inode)
{
	struct place *p = find(r, inode);

	for (size_t i = 0; !p && i < RECLAIM_PODS; i++) {
		if (r->places[i].used)
			continue;
		p = &r->places[i];
		*p = (struct place){.used = true, .inode = inode};
	}
	return p;
}

/* A controller that is off is off in one cgroup; every other cause is the node's. */
static uint64_t seen_as(const struct cgroup *cgroup, enum refusal refusal)
{
	return refusal == REFUSAL_NO_CONTROLLER || refusal == REFUSAL_OTHER ? cgroup->inode : 0;
}

static void say(struct reclaim *r, const struct cgroup *cgroup, enum refusal refusal, int error)
{
	bool other = refusal == REFUSAL_OTHER || refusal == REFUSAL_BUSY;

	r->counts.refused++;
	if (!refuse_is_new(&r->seen, seen_as(cgroup, refusal), KNOB_COUNT, refusal))
		return;
	log_warning("reclaim.refused", "nothing can be reclaimed from %s: %s: %s", cgroup->path,
		    other ? strerror(-error) : names_refusal(refusal),
		    other ? "it is tried again every 10 s"
			  : refuse_fix_controller(refusal, CONTROLLER_MEMORY));
}

/* Why a cgroup that was to be reclaimed from cannot be: RECLAIM_GONE or RECLAIM_REFUSED. */
static enum reclaim_answer refuse(struct reclaim *r, struct place *p, const struct cgroup *cgroup,
				  int dir_fd, int error)
{
	enum refusal refusal = refuse_classify_controller(dir_fd, CONTROLLER_MEMORY, error);

	if (refusal == REFUSAL_GONE) {
		p->used = false;
		r->counts.gone++;
		return RECLAIM_GONE;
	}
	say(r, cgroup, refusal, error);
	reclaim_ended(&p->pace, RECLAIM_END_REFUSED, 0, 0, r->now_us);
	return RECLAIM_REFUSED;
}

static int look(struct reclaim *r, const struct cgroup *cgroup, int dir_fd, uint64_t nodes,
		uint64_t *ret_bytes)
{
	if (!r->node_read)
		r->node = reclaim_files_node(r->root_fd, r->text);
	r->node_read = true;
	return reclaim_files_give(r->cgroup_fd, dir_fd, cgroup, &r->node, nodes, r->text,
				  ret_bytes);
}

int reclaim_look(struct reclaim *r, const struct cgroup *cgroup, uint64_t *ret_bytes)
{
	_cleanup_close_ int dir_fd = -EBADF;
	int error = fs_open_dir_of(r->cgroup_fd, cgroup->path, cgroup->inode, &dir_fd);

	return error < 0 ? error : look(r, cgroup, dir_fd, 0, ret_bytes);
}

/* Hands a slice to the lane, which then has dir_fd. */
static int submit(struct reclaim *r, struct place *p, int dir_fd, uint64_t bytes)
{
	char text[32];
	int error;

	/* Plain bytes: 6.1 takes nothing else. */
	(void)snprintf(text, sizeof(text), "%" PRIu64, bytes);
	error = lane_write_measured(r->lane, dir_fd, "memory.reclaim", O_TRUNC, text,
				    (uint64_t)(p - r->places), "memory.current");
	if (error < 0)
		return error;
	p->flying = true;
	p->stopped = false;
	p->asked_bytes = bytes;
	r->counts.under_way++;
	return 0;
}

/* The next slice of a pod that has none under way and does not rest. */
static void start(struct reclaim *r, struct place *p, const struct cgroup *cgroup, uint64_t wanted,
		  uint64_t nodes, struct reclaim_said *said)
{
	_cleanup_close_ int dir_fd = -EBADF;
	uint64_t bytes = 0;
	int error = fs_open_dir_of(r->cgroup_fd, cgroup->path, cgroup->inode, &dir_fd);

	if (error == 0)
		error = look(r, cgroup, dir_fd, nodes, &p->give_bytes);
	if (error == 0) {
		said->give_bytes = p->give_bytes;
		said->answer = reclaim_next(&p->pace, p->give_bytes, wanted, r->page_bytes,
					    r->now_us, &bytes);
		p->look_us = said->answer == RECLAIM_NOTHING ? r->now_us + LOOK_US : 0;
		if (said->answer != RECLAIM_SLICE)
			return;
		error = submit(r, p, dir_fd, bytes);
	}
	if (error < 0) {
		said->answer = refuse(r, p, cgroup, dir_fd, error);
		return;
	}
	(void)TAKE_FD(dir_fd);
	said->asked_bytes = bytes;
}

struct reclaim_said reclaim_want(struct reclaim *r, const struct cgroup *cgroup, uint64_t bytes,
				 uint64_t nodes)
{
	struct reclaim_said said = {.answer = RECLAIM_FULL};
	struct place *p = take(r, cgroup->inode);

	if (!p)
		return said;
	p->wanted = bytes > 0;
	if (p->flying) {
		said.answer = RECLAIM_UNDER_WAY;
		said.asked_bytes = p->asked_bytes;
		return said;
	}
	said.answer = reclaim_ready(&p->pace, bytes, r->now_us);
	if (said.answer == RECLAIM_SLICE && r->now_us < p->look_us) {
		said.answer = RECLAIM_NOTHING;
		said.give_bytes = p->give_bytes;
	}
	if (said.answer == RECLAIM_SLICE)
		start(r, p, cgroup, bytes, nodes, &said);
	if (said.answer == RECLAIM_RESTS || said.answer == RECLAIM_REFUSED)
		said.until_us = p->pace.rest_until_us;
	return said;
}

void reclaim_pass_begin(struct reclaim *r, int64_t now_us)
{
	r->now_us = now_us;
	r->node_read = false;
	for (size_t i = 0; i < RECLAIM_PODS; i++)
		r->places[i].wanted = false;
}

static void stop(struct reclaim *r, struct place *p)
{
	if (!p->stopped)
		(void)lane_cancel(r->lane, (uint64_t)(p - r->places));
	p->stopped = true;
}

void reclaim_pass_end(struct reclaim *r)
{
	for (size_t i = 0; i < RECLAIM_PODS; i++) {
		struct place *p = &r->places[i];

		if (!p->used || p->wanted)
			continue;
		if (p->flying)
			stop(r, p);
		else if (r->now_us >= p->pace.rest_until_us)
			p->used = false;
	}
}

void reclaim_stop_all(struct reclaim *r, int64_t now_us)
{
	reclaim_pass_begin(r, now_us);
	reclaim_pass_end(r);
}

static enum reclaim_end end_of(const struct place *p, int error)
{
	if (error == 0)
		return RECLAIM_END_ALL;
	if (error == -EAGAIN)
		return RECLAIM_END_SHORT;
	if (error == -EINTR)
		return p->stopped ? RECLAIM_END_STOPPED : RECLAIM_END_TIME;
	return RECLAIM_END_REFUSED;
}

static void measure(struct reclaim_result *result, const struct lane_done *done)
{
	uint64_t fell;

	result->measured = kernel_text_u64(done->before, &result->before_bytes) == 0 &&
			   kernel_text_u64(done->after, &result->after_bytes) == 0;
	if (result->end == RECLAIM_END_ALL)
		result->got_bytes = result->asked_bytes;
	if (result->end == RECLAIM_END_ALL || !result->measured ||
	    result->before_bytes <= result->after_bytes)
		return;
	fell = result->before_bytes - result->after_bytes;
	result->got_bytes = fell < result->asked_bytes ? fell : result->asked_bytes;
}

static void count(struct reclaim_counts *counts, const struct reclaim_result *result)
{
	counts->slices++;
	counts->asked_bytes += result->asked_bytes;
	counts->got_bytes += result->got_bytes;
	counts->shorts += result->end == RECLAIM_END_SHORT;
	counts->cut += result->end == RECLAIM_END_TIME;
	counts->stopped += result->end == RECLAIM_END_STOPPED;
	if (result->took_us > counts->longest_us)
		counts->longest_us = result->took_us;
}

/* False where the cgroup is gone. */
static bool finish_refused(struct reclaim *r, struct place *p, const struct cgroup *cgroup,
			   int error)
{
	_cleanup_close_ int dir_fd = -EBADF;
	int opened = fs_open_dir_of(r->cgroup_fd, cgroup->path, cgroup->inode, &dir_fd);

	return refuse(r, p, cgroup, dir_fd, opened < 0 ? opened : error) != RECLAIM_GONE;
}

static void finish(struct reclaim *r, struct place *p, const struct cgroup *cgroup,
		   const struct lane_done *done, struct reclaim_result *result)
{
	*result = (struct reclaim_result){
		.cgroup = cgroup,
		.end = end_of(p, done->result),
		.error = done->result,
		.asked_bytes = p->asked_bytes,
		.took_us = done->took_us,
	};
	if (result->end == RECLAIM_END_REFUSED) {
		if (!finish_refused(r, p, cgroup, done->result))
			result->cgroup = NULL;
	} else {
		measure(result, done);
		count(&r->counts, result);
		refuse_clear(&r->seen, cgroup->inode, KNOB_COUNT);
		refuse_clear(&r->seen, 0, KNOB_COUNT);
		reclaim_ended(&p->pace, result->end, result->asked_bytes, result->got_bytes,
			      r->now_us);
	}
	result->rests_until_us = p->pace.rest_until_us;
}

static const struct cgroup *find_cgroup(const struct model *model, uint64_t inode)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (model->cgroups[i]->inode == inode)
			return model->cgroups[i];
	return NULL;
}

static void collect(struct reclaim *r, const struct model *model, const struct lane_done *done,
		    reclaim_fn fn, void *context)
{
	struct place *p = &r->places[done->token];
	const struct cgroup *cgroup = find_cgroup(model, p->inode);
	struct reclaim_result result;

	p->flying = false;
	r->counts.under_way--;
	if (!cgroup) {
		p->used = false;
		r->counts.gone++;
		return;
	}
	/* It was taken back before the kernel was asked. */
	if (done->result == -ECANCELED)
		return;
	finish(r, p, cgroup, done, &result);
	if (fn && result.cgroup)
		fn(context, &result);
}

void reclaim_collect(struct reclaim *r, const struct model *model, int64_t now_us, reclaim_fn fn,
		     void *context)
{
	struct lane_done done;

	r->now_us = now_us;
	while (lane_next(r->lane, &done))
		if (done.token < RECLAIM_PODS && r->places[done.token].flying)
			collect(r, model, &done, fn, context);
}

struct reclaim_counts reclaim_counts(const struct reclaim *r)
{
	return r->counts;
}
