// SPDX-License-Identifier: LGPL-2.1-or-later
// The IO ladder, by ladder.c. Calm: nothing is bounded. Squeeze: on the disks where an online pod waits, and only there, offline
// work may do a part of what the disk does (io_hold.c).
//
// Pressure is the whole pod's, and a pod may use several disks. It counts for a disk that the pod does something on, that is busy
// at least half of the time, and of whose work a tenth or more is done for offline pods that may be held; or that is
// held already. Who waits because of a bound of his own there counts for none. Where that is not known, nothing
// happens: what a pod does on which disk is read from its io.stat only while somebody waits.
//
// Evict, where the policy asks: what is held on the disk has been at its floor, or was no help, for 20 s, and what offline work
// still has there is what whoever waits lacks (evict_io.h); then somebody goes (evict_choose.h). The bounds stay.
#include "policy/ladder_io.h"

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/disk_use.h"
#include "policy/efficacy.h"
#include "policy/evict_io.h"
#include "policy/io_hold.h"
#include "policy/io_view.h"
#include "policy/knob.h"
#include "policy/ladder.h"
#include "policy/ring.h"
#include "policy/wait.h"
#include "policy/who.h"

/* As the CPU's. */
#define CALM_AFTER_US 10000000
#define EVICT_DWELL_US 20000000
#define EVICT_CALM_US 5000000u

static const struct ladder_rung rungs[] = {
	{.rung = RUNG_SQUEEZE, .calm_us = CALM_AFTER_US},
	{.rung = RUNG_EVICT, .dwell_us = EVICT_DWELL_US, .calm_us = EVICT_CALM_US, .last = true},
};
#define N_RUNGS (sizeof(rungs) / sizeof(rungs[0]))

static struct io_hold *hold_of(struct io_holds *holds, const struct disk *disk)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		if (holds->of[i].major == disk->major && holds->of[i].minor == disk->minor &&
		    (disk->major || disk->minor))
			return &holds->of[i];
	return NULL;
}

static bool any_in_force(const struct model *model)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++)
		if (io_view_in_force(model, i))
			return true;
	return false;
}

/* Memory is short, and what is swapped out there must not wait. */
static bool is_needed_by_memory(const struct disk *disk, const struct ladders *ladders)
{
	return disk->swap && ladders->of[RESOURCE_MEMORY].rung != RUNG_CALM;
}

static void see(struct io_view *v, const struct wait_look *look, struct ladders *ladders)
{
	const struct model *model = look->model;

	io_view_look(v, look, &ladders->of[RESOURCE_IO].efficacy);
	for (uint32_t i = 0; i < model->disks.n; i++) {
		const struct disk *disk = &model->disks.list[i];
		const struct io_hold *hold = hold_of(&ladders->io, disk);
		struct io_disk_view *at = &v->disks[i];

		at->look.now_us = look->now_us;
		at->look.window_us = look->rule->window_us;
		at->look.threshold_permille = look->rule->threshold_permille;
		at->look.no_writes = is_needed_by_memory(disk, ladders);
		at->look.in_force = hold && io_view_in_force(model, (int)(hold - ladders->io.of));
		at->pressed = at->look.waited_permille > 0 &&
			      ((hold && io_hold_is_on(hold)) || at->shared);
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
static const struct io_disk_view *worst(struct io_view *v, struct ladders *ladders, bool may_cut)
{
	static const struct io_hold none;
	const struct io_disk_view *found = NULL;

	for (uint32_t i = 0; i < v->model->disks.n; i++) {
		const struct io_disk_view *at = &v->disks[i];
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

static struct reason blame(const struct io_disk_view *at, const struct pressure_rule *rule)
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
static void forget_gone(struct io_view *v, struct io_holds *holds, int64_t now_us)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		struct io_hold *h = &holds->of[i];

		if ((h->major || h->minor) &&
		    (!io_view_disk(v, h->major, h->minor) ||
		     (io_hold_is_over(h, now_us) && !is_owned(v->model, i))))
			*h = (struct io_hold){0};
	}
}

/* What a bound that made things worse was, and of whom; NULL: none was lifted for that. */
static const struct reason *step_disks(struct io_view *v, struct ladders *ladders, int64_t now_us)
{
	const struct reason *worse = NULL;

	for (uint32_t i = 0; i < v->model->disks.n; i++) {
		const struct disk *disk = &v->model->disks.list[i];
		struct io_disk_view *at = &v->disks[i];
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

/* Nothing was any help: the bounds neither. Otherwise they stay, for what they are there for. */
static void leave_evict(struct ladder *ladder, const struct reason *stood)
{
	if (ladder->reason.code == REASON_INEFFECTIVE)
		ladder->rung = RUNG_CALM;
	else
		ladder->reason = *stood;
}

/* Nothing was left to hold on the disk that is waited for as long as a hold is judged, or it was no help. One that is not in
 * force proves nothing. */
static bool has_failed(const struct io_view *v, struct ladders *ladders,
		       const struct wait_look *look, const struct evict_io *io)
{
	const struct disk *disk = disk_use_disk(&v->model->disks, io->major, io->minor);
	const struct io_disk_view *at = &v->disks[disk - v->model->disks.list];
	const struct io_hold *hold = hold_of(&ladders->io, disk);

	return hold && at->look.in_force &&
	       ((hold->spent_us != 0 && look->now_us - hold->spent_us >= EVICT_DWELL_US) ||
		efficacy_has_failed(&ladders->of[RESOURCE_IO].efficacy, look, true));
}

/* Whether the step after the hold may come. */
static bool may_evict(const struct io_view *v, struct ladders *ladders,
		      const struct wait_look *look)
{
	const struct ladder *ladder = &ladders->of[RESOURCE_IO];
	struct evict_io io;

	if (!(look->rule->steps & (1u << ACTION_EVICT)) || !v->holdable)
		return false;
	/* Where memory needs what is written, that may not be held: it proves nothing, and memory has steps of its own. */
	for (uint32_t i = 0; i < v->model->disks.n; i++)
		if (v->disks[i].waiter && v->disks[i].look.no_writes)
			return false;
	if (ladder->rung != RUNG_SQUEEZE)
		return ladder->rung == RUNG_EVICT;
	evict_io_look(look, &ladder->efficacy, &ladders->io, &io);
	return evict_io_is_needed(&io) && has_failed(v, ladders, look, &io);
}

static struct ladder_signal signal_of(struct io_view *v, struct ladders *ladders,
				      const struct wait_look *look)
{
	const struct ladder *ladder = &ladders->of[RESOURCE_IO];
	const struct io_disk_view *waits = worst(v, ladders, false);
	const struct io_disk_view *useful = worst(v, ladders, true);
	bool evict = may_evict(v, ladders, look);
	struct ladder_signal s = {
		.allowed = v->holdable && (look->rule->steps & (1u << ACTION_SQUEEZE_IO))
				   ? 1u << RUNG_SQUEEZE
				   : 0,
		.pressure = waits != NULL,
		.useful = useful != NULL || evict,
		.spent = ladder->rung == RUNG_EVICT || !any_on(&ladders->io),
		.in_force = ladder->rung != RUNG_CALM && any_in_force(look->model),
	};

	if (s.allowed && evict)
		s.allowed |= 1u << RUNG_EVICT;
	if (waits)
		s.reason = blame(useful ? useful : waits, look->rule);
	return s;
}

void ladder_io_step(struct ladders *ladders, const struct model *model,
		    const struct samples *samples, const struct policy *policy,
		    const struct plan *plan, int64_t now_us)
{
	struct ladder *ladder = &ladders->of[RESOURCE_IO];
	struct ladder_rung mine[N_RUNGS] = {rungs[0], rungs[1]};
	const struct ladder_table table = {mine, N_RUNGS};
	const struct pressure_rule *rule = &policy->pressure_io;
	struct io_view v = {.model = model};
	const struct wait_look look = {
		.model = model,
		.samples = samples,
		.policy = policy,
		.plan = plan,
		.rule = rule,
		.resource = RESOURCE_IO,
		.now_us = now_us,
	};
	const struct reason stood = ladder->reason, *worse;
	struct ladder_signal signal;
	enum rung before;

	if (!rule->on && ladder->rung == RUNG_CALM)
		return;
	if (rule->evict_after_us > EVICT_DWELL_US)
		mine[N_RUNGS - 1].dwell_us = rule->evict_after_us;
	if (rule->on && model_can(model, CAPABILITY_IO_MAX))
		see(&v, &look, ladders);
	forget_gone(&v, &ladders->io, now_us);
	signal = signal_of(&v, ladders, &look);
	before = ladder_step(ladder, &table, &signal, &look);
	if (before == RUNG_EVICT && ladder->rung == RUNG_SQUEEZE)
		leave_evict(ladder, &stood);
	if (ladder->rung == RUNG_CALM) {
		end_disks(&ladders->io);
		return;
	}
	worse = step_disks(&v, ladders, now_us);
	if (worse && !any_on(&ladders->io)) {
		give_up(ladder, worse, now_us);
		return;
	}
	if (before == ladder->rung && signal.pressure)
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

		holdable |= io_view_may_hold(policy, a);
		waits |= !waits && io_view_is_online(a, pod) &&
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
