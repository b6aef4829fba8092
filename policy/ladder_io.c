// SPDX-License-Identifier: LGPL-2.1-or-later
// The IO ladder, by ladder.c. Calm: nothing is bounded. Squeeze: on the disks where an online pod waits, and only there, offline
// work may do a part of what the disk does (io_hold.c).
//
// Pressure is the whole pod's, and a pod may use several disks. It counts for a disk that the pod does something on, that is busy
// at least half of the time, and of whose work a tenth or more is done for offline pods that may be held; or that is
// held already. Who waits because of a bound of his own there counts for none. Where that is not known, nothing
// happens: what a pod does on which disk is read from its io.stat only while somebody waits.
#include "policy/ladder_io.h"

#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/disk_use.h"
#include "policy/efficacy.h"
#include "policy/io_hold.h"
#include "policy/knob.h"
#include "policy/ladder.h"
#include "policy/ring.h"
#include "policy/rule.h"
#include "policy/wait.h"
#include "policy/who.h"

#define BUSY_PERMILLE 500u
#define SHARE_PERMILLE 100u
/* As the CPU's. */
#define CALM_AFTER_US 10000000

static const struct ladder_rung rungs[] = {
	{.rung = RUNG_SQUEEZE, .calm_us = CALM_AFTER_US},
};
#define N_RUNGS (sizeof(rungs) / sizeof(rungs[0]))

struct disk_view {
	struct io_hold_look look;
	const struct pod *waiter;
	uint64_t span_us;
	bool pressed;
};

struct view {
	bool holdable; /* some offline pod may be bounded */
	const struct model *model;
	struct disk_view disks[DISKS_MAX]; /* of model->disks */
};

static bool may_squeeze(const struct policy *policy, const struct assignment *a)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold &&
	       policy->levels[a->level].io.squeeze;
}

static bool is_online(const struct assignment *a, const struct pod *pod)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE &&
	       !rule_is_own(pod->cgroup->name);
}

static struct disk_view *view_of(struct view *v, uint32_t major, uint32_t minor)
{
	const struct disk *disk = disk_use_disk(&v->model->disks, major, minor);

	return disk ? &v->disks[disk - v->model->disks.list] : NULL;
}

static const struct pod_disks *disks_of(const struct wait_look *look, const struct pod *pod)
{
	const struct pod_history *h = ring_of(look->samples, pod->slot, pod->serial);

	return h && h->disks.at_us > 0 && look->now_us - h->disks.at_us <= CPU_USE_STALE_US
		       ? &h->disks
		       : NULL;
}

/* A disk on which it waits by a bound of its own is none on which it waits by others. */
static void see_online(struct view *v, const struct wait_look *look,
		       const struct efficacy *efficacy, const struct pod *pod)
{
	const struct pod_disks *disks = disks_of(look, pod);
	uint64_t permille = 0, span_us = 0;
	bool waits;

	if (!disks)
		return;
	waits = !efficacy_rests(efficacy, pod, look->now_us, NULL) &&
		wait_over_threshold(look, pod, &permille, &span_us);
	for (uint32_t i = 0; i < disks->n; i++) {
		const struct pod_disk *d = &disks->list[i];
		struct disk_view *at = view_of(v, d->major, d->minor);

		if (!at || look->now_us - d->used_us >= IO_HOLD_USED_US)
			continue;
		at->look.online_uses |= d->used_us >= disks->at_us;
		if (!waits || d->bounded || permille <= at->look.waited_permille)
			continue;
		at->look.waited_permille = (uint32_t)permille;
		at->look.usual_permille = wait_usual_permille(look, pod);
		at->span_us = span_us;
		at->waiter = pod;
	}
}

static void see_offline(struct view *v, const struct wait_look *look, const struct pod *pod,
			uint32_t floor_permille)
{
	const struct pod_disks *disks = disks_of(look, pod);

	for (uint32_t i = 0; disks && i < disks->n; i++) {
		const struct pod_disk *d = &disks->list[i];
		struct disk_view *at = view_of(v, d->major, d->minor);

		if (!at)
			continue;
		if (floor_permille > at->look.floor_permille)
			at->look.floor_permille = floor_permille;
		for (int k = 0; k < DISK_DIRECTIONS; k++) {
			at->look.offline.bytes[k] += d->bytes_per_s[k];
			at->look.offline.requests[k] += d->requests_per_s[k];
		}
	}
}

static void see_disk(struct disk_view *at, const struct disk_use *use)
{
	if (!use)
		return;
	for (int k = 0; k < DISK_DIRECTIONS && use->window.span_us > 0; k++) {
		at->look.all.bytes[k] = use->window.bytes_per_s[k];
		at->look.all.requests[k] = use->window.requests_per_s[k];
	}
	for (int k = 0; k < DISK_ABILITIES; k++)
		if (disk_use_ability(use, (enum disk_ability)k, &at->look.can[k]) < 0)
			at->look.can[k] = 0;
}

static uint64_t sum(const uint64_t of[DISK_DIRECTIONS])
{
	return of[DISK_READ] + of[DISK_WRITE];
}

/* Busy, and not only with what online pods ask of it. */
static bool is_shared(const struct disk_view *at, const struct disk_use *use)
{
	const struct io_rate *mine = &at->look.offline, *all = &at->look.all;

	return use && use->window.span_us > 0 && use->window.busy_permille >= BUSY_PERMILLE &&
	       ((sum(mine->bytes) > 0 &&
		 sum(mine->bytes) >= sum(all->bytes) * SHARE_PERMILLE / 1000) ||
		(sum(mine->requests) > 0 &&
		 sum(mine->requests) >= sum(all->requests) * SHARE_PERMILLE / 1000));
}

static struct io_hold *hold_of(struct io_holds *holds, const struct disk *disk)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		if (holds->of[i].major == disk->major && holds->of[i].minor == disk->minor &&
		    (disk->major || disk->minor))
			return &holds->of[i];
	return NULL;
}

/* Some offline work is held at this place by colod, and nobody wrote over it. */
static bool is_in_force(const struct model *model, int place)
{
	for (size_t i = 0; i < model->n_cgroups; i++) {
		const struct knob_state *s = &model->cgroups[i]->knobs[KNOB_IO_MAX + place];

		if (s->owned && s->held &&
		    knob_stands((enum knob)(KNOB_IO_MAX + place), &s->written, &s->now, 1))
			return true;
	}
	return false;
}

static bool any_in_force(const struct model *model)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		if (is_in_force(model, i))
			return true;
	return false;
}

/* Memory is short, and what is swapped out there must not wait. */
static bool is_needed_by_memory(const struct disk *disk, const struct ladders *ladders)
{
	return disk->swap && ladders->of[RESOURCE_MEMORY].rung != RUNG_CALM;
}

static void see(struct view *v, const struct wait_look *look, struct ladders *ladders)
{
	const struct model *model = look->model;
	const struct ladder *ladder = &ladders->of[RESOURCE_IO];

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(look->plan, pod);

		if (is_online(a, pod)) {
			see_online(v, look, &ladder->efficacy, pod);
		} else if (may_squeeze(look->policy, a)) {
			v->holdable = true;
			if (!cpu_room_is_nested(pod))
				see_offline(
					v, look, pod,
					look->policy->levels[a->level].io.squeeze_floor_permille);
		}
	}
	for (uint32_t i = 0; i < model->disks.n; i++) {
		const struct disk *disk = &model->disks.list[i];
		const struct disk_use *use = disk_use_of(&look->samples->uses, disk);
		const struct io_hold *hold = hold_of(&ladders->io, disk);
		struct disk_view *at = &v->disks[i];

		at->look.now_us = look->now_us;
		at->look.window_us = look->rule->window_us;
		at->look.threshold_permille = look->rule->threshold_permille;
		at->look.no_writes = is_needed_by_memory(disk, ladders);
		at->look.in_force = hold && is_in_force(model, (int)(hold - ladders->io.of));
		see_disk(at, use);
		at->pressed = at->look.waited_permille > 0 &&
			      ((hold && io_hold_is_on(hold)) || is_shared(at, use));
		if (!at->pressed)
			at->look.waited_permille = 0;
	}
}

static bool is_owned(const struct model *model, int place)
{
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (model->cgroups[i]->knobs[KNOB_IO_MAX + place].owned)
			return true;
	return false;
}

static bool rests(const struct io_hold *h, int64_t now_us)
{
	return now_us < h->of[DISK_READ].rest_us || now_us < h->of[DISK_WRITE].rest_us;
}

/* That a bound did harm is remembered for as long as there is another place. */
static bool is_freer(const struct io_hold *a, const struct io_hold *b, int64_t now_us)
{
	return rests(a, now_us) != rests(b, now_us) ? rests(b, now_us)
						    : a->pressure_us < b->pressure_us;
}

/* A place of which nothing is held any more, and of those the one that was pressed least lately. */
static struct io_hold *free_place(struct io_holds *holds, const struct model *model, int64_t now_us)
{
	struct io_hold *found = NULL;

	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		struct io_hold *h = &holds->of[i];

		if (io_hold_is_on(h) || is_owned(model, i))
			continue;
		if (h->major == 0 && h->minor == 0)
			return h;
		if (!found || is_freer(h, found, now_us))
			found = h;
	}
	return found;
}

static struct io_hold *take_place(struct ladders *ladders, const struct model *model,
				  const struct disk *disk, int64_t now_us)
{
	struct io_hold *h = hold_of(&ladders->io, disk);

	if (h)
		return h;
	h = free_place(&ladders->io, model, now_us);
	if (h)
		*h = (struct io_hold){
			.major = disk->major, .minor = disk->minor, .online_us = now_us};
	return h;
}

/* The pressed disk with the longest wait; `cut`: of those where there is something to take. */
static const struct disk_view *worst(struct view *v, struct ladders *ladders, bool may_cut)
{
	static const struct io_hold none;
	const struct disk_view *found = NULL;

	for (uint32_t i = 0; i < v->model->disks.n; i++) {
		const struct disk_view *at = &v->disks[i];
		const struct io_hold *hold = hold_of(&ladders->io, &v->model->disks.list[i]);

		if (at->pressed && (!may_cut || io_hold_may_cut(hold ? hold : &none, &at->look)) &&
		    (!found || at->look.waited_permille > found->look.waited_permille))
			found = at;
	}
	return found;
}

static bool any_on(const struct io_holds *holds)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		if (io_hold_is_on(&holds->of[i]))
			return true;
	return false;
}

/* Of all that is bounded, the smallest part that offline work has left. */
static void note(struct ladder *ladder, const struct io_holds *holds)
{
	uint32_t least = 0;
	bool at_floor = false;

	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		bool floor;
		uint32_t left = io_hold_least(&holds->of[i], &floor);

		if (left == 0 || (least > 0 && left >= least))
			continue;
		least = left;
		at_floor = floor;
	}
	ladder->reason.code = at_floor ? REASON_IO_FLOOR : REASON_IO_WAITS;
	ladder->reason.extra = least;
}

static struct reason blame(const struct disk_view *at, const struct pressure_rule *rule)
{
	struct reason r = {
		.code = REASON_IO_WAITS,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = at->look.waited_permille,
		.usual_permille = at->look.usual_permille,
		.limit = rule->threshold_permille,
		.for_us = at->span_us,
	};

	who_set(&r, at->waiter->name);
	return r;
}

/* What was held on a disk that is not there any more went with it. */
static void forget_gone(struct view *v, struct io_holds *holds, int64_t now_us)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		struct io_hold *h = &holds->of[i];

		if ((h->major || h->minor) &&
		    (!view_of(v, h->major, h->minor) ||
		     (io_hold_is_over(h, now_us) && !is_owned(v->model, i))))
			*h = (struct io_hold){0};
	}
}

/* What a bound that made things worse was, and of whom; NULL: none was lifted for that. */
static const struct reason *step_disks(struct view *v, struct ladders *ladders, int64_t now_us)
{
	const struct reason *worse = NULL;

	for (uint32_t i = 0; i < v->model->disks.n; i++) {
		const struct disk *disk = &v->model->disks.list[i];
		struct disk_view *at = &v->disks[i];
		struct io_hold *h = at->pressed ? take_place(ladders, v->model, disk, now_us)
						: hold_of(&ladders->io, disk);

		if (!h || (!at->pressed && !io_hold_is_on(h)))
			continue;
		if (io_hold_step(h, &at->look))
			worse = &h->reason;
		if (at->pressed && at->waiter)
			who_set(&h->reason, at->waiter->name);
	}
	return worse;
}

static void end_disks(struct io_holds *holds)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		io_hold_end(&holds->of[i]);
}

/* Nothing is left of it. */
static void give_up(struct ladder *ladder, const struct reason *why, int64_t now_us)
{
	efficacy_end(&ladder->efficacy);
	ladder->rung = RUNG_CALM;
	ladder->since_us = now_us;
	ladder->steps++;
	ladder->reason = *why;
}

void ladder_io_step(struct ladders *ladders, const struct model *model,
		    const struct samples *samples, const struct policy *policy,
		    const struct plan *plan, int64_t now_us)
{
	struct ladder *ladder = &ladders->of[RESOURCE_IO];
	const struct ladder_table table = {rungs, N_RUNGS};
	const struct pressure_rule *rule = &policy->pressure_io;
	struct view v = {.model = model};
	const struct wait_look look = {
		.model = model,
		.samples = samples,
		.policy = policy,
		.plan = plan,
		.rule = rule,
		.resource = RESOURCE_IO,
		.now_us = now_us,
	};
	const struct disk_view *waits, *useful;
	const struct reason *worse;
	struct ladder_signal signal = {0};
	enum rung before;

	if (!rule->on && ladder->rung == RUNG_CALM)
		return;
	if (rule->on && model_can(model, CAPABILITY_IO_MAX))
		see(&v, &look, ladders);
	forget_gone(&v, &ladders->io, now_us);
	waits = worst(&v, ladders, false);
	useful = worst(&v, ladders, true);
	signal = (struct ladder_signal){
		.allowed = v.holdable && (rule->steps & (1u << ACTION_SQUEEZE_IO))
				   ? 1u << RUNG_SQUEEZE
				   : 0,
		.pressure = waits != NULL,
		.useful = useful != NULL,
		.spent = !any_on(&ladders->io),
		.in_force = ladder->rung != RUNG_CALM && any_in_force(model),
	};
	if (waits)
		signal.reason = blame(useful ? useful : waits, rule);
	before = ladder_step(ladder, &table, &signal, &look);
	if (ladder->rung == RUNG_CALM) {
		end_disks(&ladders->io);
		return;
	}
	worse = step_disks(&v, ladders, now_us);
	if (worse && !any_on(&ladders->io)) {
		give_up(ladder, worse, now_us);
		return;
	}
	if (before == ladder->rung && waits)
		ladder->reason = signal.reason;
	if (any_on(&ladders->io))
		note(ladder, &ladders->io);
}

/* Between its last two samples it waited for half of what the rule allows. */
static bool begins_to_wait(const struct samples *samples, const struct pod *pod, uint32_t permille)
{
	const struct pod_history *h = ring_of(samples, pod->slot, pod->serial);
	const struct pod_sample *last = h ? ring_last(h) : NULL;
	const struct pod_sample *from = last ? ring_at(h, 1) : NULL;

	if (last && (last->valid & ((uint32_t)SAMPLE_TOLD_CPU << RESOURCE_IO)))
		return true;
	return from && (last->valid & from->valid & SAMPLE_PSI_IO) && last->at_us > from->at_us &&
	       last->psi[RESOURCE_IO].some_us > from->psi[RESOURCE_IO].some_us &&
	       cpu_use_permille(last->psi[RESOURCE_IO].some_us - from->psi[RESOURCE_IO].some_us,
				(uint64_t)(last->at_us - from->at_us)) >= permille / 2;
}

bool ladder_io_wants_disks(const struct ladders *ladders, const struct model *model,
			   const struct samples *samples, const struct policy *policy,
			   const struct plan *plan)
{
	bool holdable = false, waits = ladders->of[RESOURCE_IO].rung != RUNG_CALM;

	if (!policy->pressure_io.on || !model_can(model, CAPABILITY_IO_MAX))
		return false;
	for (size_t i = 0; i < model->n_pods && !(holdable && waits); i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);

		holdable |= may_squeeze(policy, a);
		waits |= !waits && is_online(a, pod) &&
			 begins_to_wait(samples, pod, policy->pressure_io.threshold_permille);
	}
	return holdable && waits;
}

struct knob_disks ladder_io_disks(const struct ladders *ladders)
{
	struct knob_disks disks = {0};

	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		disks.of[i].major = ladders->io.of[i].major;
		disks.of[i].minor = ladders->io.of[i].minor;
	}
	return disks;
}

int64_t ladder_io_stands_us(const struct ladder *ladder, int64_t now_us)
{
	const struct ladder_table table = {rungs, N_RUNGS};

	return ladder_stands_us(ladder, &table, now_us);
}
