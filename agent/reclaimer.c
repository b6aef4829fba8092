// SPDX-License-Identifier: LGPL-2.1-or-later
// See reclaimer.h.
#include "agent/reclaimer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/history.h"
#include "agent/base/messages.h"
#include "policy/names.h"
#include "policy/reason_text.h"

/* One pod, from the first slice until nothing has been wanted of it for so long; what goes on longer is told in
 * parts. */
#define EPISODE_ENDS_US 5000000
#define EPISODE_LASTS_US 60000000

struct episode {
	uint64_t inode; /* 0: free */
	int64_t began_us;
	int64_t wanted_us; /* when it was wanted last */
	uint64_t asked_bytes;
	uint64_t got_bytes;
	uint32_t slices;
	struct reason reason;	      /* of the first want */
	char path[HISTORY_WHAT_SIZE]; /* the end of it, of one that is too long */
};

struct reclaimer {
	struct reclaim *reclaim;
	struct episode episodes[PLAN_ACTS_MAX];
};

int reclaimer_new(struct state *s)
{
	struct reclaimer *reclaimer;
	int r;

	if (!s->lanes)
		return 0;
	reclaimer = calloc(1, sizeof(*reclaimer));
	if (!reclaimer)
		return -ENOMEM;
	r = reclaim_new(s->lanes, s->root_fd, discover_cgroup_fd(s->discover),
			(uint64_t)sysconf(_SC_PAGESIZE), &reclaimer->reclaim);
	if (r < 0) {
		free(reclaimer);
		return r;
	}
	s->reclaimer = reclaimer;
	return 0;
}

void reclaimer_free(struct reclaimer *reclaimer)
{
	if (!reclaimer)
		return;
	reclaim_free(reclaimer->reclaim);
	free(reclaimer);
}

static struct episode *find(struct reclaimer *reclaimer, uint64_t inode)
{
	for (size_t i = 0; i < PLAN_ACTS_MAX; i++)
		if (reclaimer->episodes[i].inode == inode)
			return &reclaimer->episodes[i];
	return NULL;
}

static void tell(const struct state *s, const struct episode *e)
{
	struct history_record r = HISTORY_RECORD(HISTORY_RECLAIM);
	char got[REASON_TEXT_UNIT_SIZE], asked[REASON_TEXT_UNIT_SIZE], why[REASON_TEXT_SIZE];

	history_set_path(&r, e->path);
	HISTORY_SET(r.knob, "memory.reclaim");
	HISTORY_SET(r.to, "gave %s of %s in %" PRIu32 " slice%s",
		    reason_text_bytes(e->got_bytes, got), reason_text_bytes(e->asked_bytes, asked),
		    e->slices, e->slices == 1 ? "" : "s");
	HISTORY_SET(r.why, "%s", reason_text(&e->reason, s->policy, why, sizeof(why)));
	messages_tell(s->history, &r);
}

/* A slice has ended. */
static void on_result(void *context, const struct reclaim_result *result)
{
	struct state *s = context;
	struct episode *e = find(s->reclaimer, result->cgroup->inode);

	s->status.reclaim_asked_bytes += result->asked_bytes;
	s->status.reclaim_got_bytes += result->got_bytes;
	if (!e || result->end == RECLAIM_END_REFUSED)
		return;
	e->asked_bytes += result->asked_bytes;
	e->got_bytes += result->got_bytes;
	e->slices++;
}

static void note_want(struct state *s, const struct plan_act *act)
{
	struct episode *e = find(s->reclaimer, act->cgroup->inode);
	struct history_record named;

	if (!e) {
		e = find(s->reclaimer, 0);
		if (!e)
			return;
		*e = (struct episode){
			.inode = act->cgroup->inode,
			.began_us = s->status.pass_us,
			.reason = act->reason,
		};
		history_set_path(&named, act->cgroup->path);
		memcpy(e->path, named.what, sizeof(e->path));
	}
	e->wanted_us = s->status.pass_us;
}

static bool is_over(const struct episode *e, int64_t now_us)
{
	return now_us - e->wanted_us >= EPISODE_ENDS_US || now_us - e->began_us >= EPISODE_LASTS_US;
}

static void end_episodes(struct state *s, bool all)
{
	for (size_t i = 0; i < PLAN_ACTS_MAX; i++) {
		struct episode *e = &s->reclaimer->episodes[i];

		if (e->inode == 0 || (!all && !is_over(e, s->status.pass_us)))
			continue;
		if (e->slices > 0)
			tell(s, e);
		*e = (struct episode){0};
	}
}

void reclaimer_run(struct state *s)
{
	struct reclaimer *reclaimer = s->reclaimer;
	bool allowed = s->status.modes.by[RESOURCE_MEMORY] >= names_effect_mode(EFFECT_HOLD);

	if (!reclaimer)
		return;
	reclaim_collect(reclaimer->reclaim, discover_model(s->discover), s->status.pass_us,
			on_result, s);
	reclaim_pass_begin(reclaimer->reclaim, s->status.pass_us);
	for (size_t i = 0; allowed && i < s->plan.n_acts; i++) {
		const struct plan_act *act = &s->plan.acts[i];

		if (reclaim_want(reclaimer->reclaim, act->cgroup, act->bytes, act->nodes).answer ==
			    RECLAIM_SLICE ||
		    find(reclaimer, act->cgroup->inode))
			note_want(s, act);
	}
	reclaim_pass_end(reclaimer->reclaim);
	end_episodes(s, false);
}

void reclaimer_stop(struct state *s)
{
	if (!s->reclaimer)
		return;
	end_episodes(s, true);
	reclaimer_free(s->reclaimer);
	s->reclaimer = NULL;
}
