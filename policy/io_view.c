// SPDX-License-Identifier: LGPL-2.1-or-later
// See io_view.h.
#include "policy/io_view.h"

#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/disk_use.h"
#include "policy/knob.h"
#include "policy/ring.h"
#include "policy/rule.h"

#define BUSY_PERMILLE 500u
#define SHARE_PERMILLE 100u

bool io_view_may_hold(const struct policy *policy, const struct assignment *a)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold &&
	       policy->levels[a->level].io.squeeze;
}

bool io_view_is_online(const struct assignment *a, const struct pod *pod)
{
	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE &&
	       !rule_is_own(pod->cgroup->name);
}

struct io_disk_view *io_view_disk(struct io_view *v, uint32_t major, uint32_t minor)
{
	const struct disk *disk = disk_use_disk(&v->model->disks, major, minor);

	return disk ? &v->disks[disk - v->model->disks.list] : NULL;
}

const struct pod_disks *io_view_pod(const struct wait_look *look, const struct pod *pod)
{
	const struct pod_history *h = ring_of(look->samples, pod->slot, pod->serial);

	return h && h->disks.at_us > 0 && look->now_us - h->disks.at_us <= CPU_USE_STALE_US
		       ? &h->disks
		       : NULL;
}

/* A disk on which it waits by a bound of its own is none on which it waits by others. */
static void see_online(struct io_view *v, const struct wait_look *look,
		       const struct efficacy *efficacy, const struct pod *pod)
{
	const struct pod_disks *disks = io_view_pod(look, pod);
	uint64_t permille = 0, span_us = 0;
	bool waits;

	if (!disks)
		return;
	waits = !efficacy_rests(efficacy, pod, look->now_us, NULL) &&
		wait_over_threshold(look, pod, &permille, &span_us);
	for (uint32_t i = 0; i < disks->n; i++) {
		const struct pod_disk *d = &disks->list[i];
		struct io_disk_view *at = io_view_disk(v, d->major, d->minor);

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

static void see_offline(struct io_view *v, const struct wait_look *look, const struct pod *pod,
			uint32_t floor_permille)
{
	const struct pod_disks *disks = io_view_pod(look, pod);

	for (uint32_t i = 0; disks && i < disks->n; i++) {
		const struct pod_disk *d = &disks->list[i];
		struct io_disk_view *at = io_view_disk(v, d->major, d->minor);

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

static void see_disk(struct io_disk_view *at, const struct disk_use *use)
{
	if (!use)
		return;
	at->busy_permille = use->window.span_us > 0 ? use->window.busy_permille : 0;
	at->look.busy = at->busy_permille >= BUSY_PERMILLE;
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
static bool is_shared(const struct io_disk_view *at, const struct disk_use *use)
{
	const struct io_rate *mine = &at->look.offline, *all = &at->look.all;

	return use && use->window.span_us > 0 && use->window.busy_permille >= BUSY_PERMILLE &&
	       ((sum(mine->bytes) > 0 &&
		 sum(mine->bytes) >= sum(all->bytes) * SHARE_PERMILLE / 1000) ||
		(sum(mine->requests) > 0 &&
		 sum(mine->requests) >= sum(all->requests) * SHARE_PERMILLE / 1000));
}

void io_view_look(struct io_view *v, const struct wait_look *look, const struct efficacy *efficacy)
{
	const struct model *model = look->model;

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(look->plan, pod);

		if (io_view_is_online(a, pod)) {
			see_online(v, look, efficacy, pod);
		} else if (io_view_may_hold(look->policy, a)) {
			v->holdable = true;
			if (!cpu_room_is_nested(pod))
				see_offline(
					v, look, pod,
					look->policy->levels[a->level].io.squeeze_floor_permille);
		}
	}
	for (uint32_t i = 0; i < model->disks.n; i++) {
		const struct disk_use *use =
			disk_use_of(&look->samples->uses, &model->disks.list[i]);

		see_disk(&v->disks[i], use);
		v->disks[i].shared = is_shared(&v->disks[i], use);
	}
}

bool io_view_in_force(const struct model *model, int place)
{
	enum knob knob = (enum knob)(KNOB_IO_MAX + place);

	for (size_t i = 0; i < model->n_cgroups; i++)
		if (knob_hold_stands(knob, &model->cgroups[i]->knobs[knob], 1))
			return true;
	return false;
}
