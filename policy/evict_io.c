// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_io.h.
//
// Example, a disk of 100 MiB/s, floor 10 %: "web" waits 30 % of 2 s, "hog" reads its 10 MiB/s there, "tame" 1, and the disk
// is busy all the time: web lacks what hog has, and hog is asked to go. Were the disk busy half of the time, web would wait
// for something else. What hog does on another disk is nobody's loss here.
#include "policy/evict_io.h"

#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/io_view.h"
#include "policy/ring.h"

#define KIB 1024u
#define SMALL_KIB 16u
#define PERMILLE 1000u

static uint64_t work_kib(const uint64_t bytes[DISK_DIRECTIONS],
			 const uint64_t requests[DISK_DIRECTIONS])
{
	uint64_t sum = 0, small;

	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		if (__builtin_mul_overflow(requests[d], (uint64_t)SMALL_KIB, &small))
			small = UINT64_MAX / KIB;
		sum += bytes[d] / KIB > small ? bytes[d] / KIB : small;
	}
	return sum;
}

/* False: not measured lately. */
static bool use_of(const struct wait_look *look, const struct pod *pod, uint32_t major,
		   uint32_t minor, uint64_t *ret_kib)
{
	const struct pod_disks *disks = io_view_pod(look, pod);

	if (!disks)
		return false;
	*ret_kib = 0;
	for (uint32_t i = 0; i < disks->n; i++) {
		const struct pod_disk *d = &disks->list[i];

		if (d->major == major && d->minor == minor)
			*ret_kib += work_kib(d->bytes_per_s, d->requests_per_s);
	}
	return true;
}

static bool may_hold(const struct wait_look *look, const struct pod *pod)
{
	return io_view_may_hold(look->policy, plan_assignment(look->plan, pod));
}

bool evict_io_offline(const struct wait_look *look, uint32_t major, uint32_t minor,
		      uint64_t *ret_kib)
{
	uint64_t sum = 0, kib;

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];

		if (!may_hold(look, pod) || cpu_room_is_nested(pod))
			continue;
		if (!use_of(look, pod, major, minor, &kib))
			return false;
		sum += kib;
	}
	*ret_kib = sum;
	return true;
}

bool evict_io_rests(const struct samples *samples, const struct pod *pod, int64_t now_us)
{
	const struct pod_history *h = ring_of(samples, pod->slot, pod->serial);

	if (!h || h->disks.at_us == 0 || now_us - h->disks.at_us > CPU_USE_STALE_US)
		return false;
	for (uint32_t i = 0; i < h->disks.n; i++)
		if (work_kib(h->disks.list[i].bytes_per_s, h->disks.list[i].requests_per_s) > 0)
			return false;
	return true;
}

/* All that is bounded there is, has been for long enough to see what comes of it, and nobody wrote over it. Where a bound did
 * harm, nobody goes. */
static bool was_held(const struct model *model, const struct io_holds *holds,
		     const struct disk *disk, int64_t now_us)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		const struct io_hold *h = &holds->of[i];
		bool any = false;

		if (h->major != disk->major || h->minor != disk->minor)
			continue;
		for (int d = 0; d < DISK_DIRECTIONS; d++) {
			const struct io_bound *b = &h->of[d];

			if (now_us < b->rest_us ||
			    (b->permille > 0 && now_us - b->since_us < EVICT_IO_HELD_US))
				return false;
			any |= b->permille > 0;
		}
		return any && io_view_in_force(model, i);
	}
	return false;
}

static bool is_worse(const struct io_disk_view *a, const struct io_disk_view *b)
{
	if (a->look.waited_permille != b->look.waited_permille)
		return a->look.waited_permille > b->look.waited_permille;
	return work_kib(a->look.offline.bytes, a->look.offline.requests) >
	       work_kib(b->look.offline.bytes, b->look.offline.requests);
}

/* Who waits may use several disks: the one of which offline work has most is it. */
static const struct io_disk_view *find(const struct io_view *v, const struct io_holds *holds,
				       int64_t now_us)
{
	const struct io_disk_view *found = NULL;

	for (uint32_t i = 0; i < v->model->disks.n; i++) {
		const struct io_disk_view *at = &v->disks[i];

		if (at->waiter && at->shared &&
		    was_held(v->model, holds, &v->model->disks.list[i], now_us) &&
		    (!found || is_worse(at, found)))
			found = at;
	}
	return found;
}

void evict_io_look(const struct wait_look *look, const struct efficacy *efficacy,
		   const struct io_holds *holds, struct evict_io *ret_io)
{
	struct io_view v = {.model = look->model};
	const struct io_disk_view *at;
	struct evict_io *io = ret_io;
	uint64_t kib, all;

	*io = (struct evict_io){.look = *look};
	io_view_look(&v, look, efficacy);
	at = find(&v, holds, look->now_us);
	if (!at)
		return;
	io->waiter = at->waiter;
	io->major = look->model->disks.list[at - v.disks].major;
	io->minor = look->model->disks.list[at - v.disks].minor;
	io->busy_permille = at->busy_permille;
	all = work_kib(at->look.all.bytes, at->look.all.requests);
	io->least_kib = all / PERMILLE * EVICT_IO_LEAST_PERMILLE +
			all % PERMILLE * EVICT_IO_LEAST_PERMILLE / PERMILLE;
	if (io->least_kib == 0)
		io->least_kib = 1;
	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];

		if (may_hold(look, pod) && use_of(look, pod, io->major, io->minor, &kib) &&
		    kib > io->most_kib)
			io->most_kib = kib;
	}
	io->offline_measured = evict_io_offline(look, io->major, io->minor, &io->offline_kib);
	io->measured = io->offline_measured;
}

bool evict_io_is_needed(const struct evict_io *io)
{
	return io->waiter && io->measured && io->busy_permille >= EVICT_IO_FULL_PERMILLE &&
	       io->most_kib >= io->least_kib;
}

/* Nobody requests a disk: all that it does is beyond its request. */
enum victim_out evict_io_rate(const void *context, const struct pod *pod, struct victim *v)
{
	const struct evict_io *io = context;

	if (!may_hold(&io->look, pod))
		return VICTIM_NO_HOLD;
	if (!use_of(&io->look, pod, io->major, io->minor, &v->rate))
		return VICTIM_NOT_MEASURED;
	v->rate_of = RESOURCE_IO;
	v->over_request_rate = v->rate;
	return v->rate < io->least_kib ? VICTIM_FREES_NOTHING : VICTIM_OUT_COUNT;
}
