// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_choose.h. Never more than needed: 900 MiB are wanted, the order is a (100 MiB), b (700), c (400), d (50).
// a, b and c are enough together, and so are b and c without a: whoever comes last in the order of those that
// could stay stays. One goes at a time, the first of the set; it is worked out anew for the next. Who grows gives back more than it
// has: what is wanted is to last for half a minute, in which it would take more.
#include "policy/evict_choose.h"

#include <string.h>

#include "policy/disk_use.h"
#include "policy/evict_cpu.h"
#include "policy/evict_io.h"
#include "policy/evict_memory.h"
#include "policy/memory_growth.h"
#include "policy/memory_wanted.h"
#include "policy/room.h"
#include "policy/who.h"

#define SECOND_US 1000000u

static bool names(const struct evict_policy *evict, enum evict_way way)
{
	for (size_t i = 0; i < evict->n_by; i++)
		if (evict->by[i] == way)
			return true;
	return false;
}

static enum evict_way way_of(const struct policy *policy, enum pod_kind kind, bool kubernetes)
{
	if (kind == POD_KUBERNETES && names(&policy->evict, EVICT_KUBERNETES))
		return kubernetes ? EVICT_KUBERNETES : EVICT_WAY_COUNT;
	return names(&policy->evict, EVICT_KILL) ? EVICT_KILL : EVICT_WAY_COUNT;
}

enum evict_way evict_choose_way(const struct policy *policy, const struct pod *pod, bool kubernetes)
{
	return way_of(policy, pod->kind, kubernetes);
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static bool is_ours(const struct evict *e, uint64_t serial)
{
	return evict_find(e, serial) != NULL;
}

/* What pods give back that others delete, as far as it is measured, and not for ever: one may hang. */
static uint64_t going_bytes(const struct evict_input *in)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < EVICT_GOING; i++) {
		const struct evict_going *g = &in->evict->going[i];

		if (g->serial == 0 || is_ours(in->evict, g->serial) ||
		    in->now_us - g->since_us >= EVICT_GOING_US)
			continue;
		for (size_t slot = 0; slot < in->n_memory; slot++)
			if (in->memory[slot].serial == g->serial && in->memory[slot].at_us > 0)
				sum = add(sum, in->memory[slot].anon_bytes);
	}
	return sum;
}

/* Of those that were asked: what is not back yet of what was expected. */
static uint64_t pending_bytes(const struct evict *e)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < EVICT_PENDING; i++) {
		const struct evict_pending *p = &e->pending[i];

		if (p->stage == EVICT_STAGE_DYING && p->estimate_bytes > p->freed_bytes)
			sum = add(sum, p->estimate_bytes - p->freed_bytes);
	}
	return sum;
}

static enum evict_not limited(const struct evict_input *in, int64_t *ret_until_us)
{
	switch (evict_limit(in->evict, &in->policy->evict, in->now_us, ret_until_us)) {
	case EVICT_LIMIT_COOLDOWN:
		return EVICT_NOT_COOL;
	case EVICT_LIMIT_PER_HOUR:
		return EVICT_NOT_PER_HOUR;
	default:
		return EVICT_NOW;
	}
}

/* One at a time: the one that is pending, and when something happens to it. */
static enum evict_not ended(const struct evict_input *in, struct evict_look *look)
{
	const struct evict *e = in->evict;

	for (size_t i = 0; i < EVICT_PENDING; i++) {
		const struct evict_pending *p = &e->pending[i];

		/* What a person ordered is asked again whether memory is short or not. */
		if (p->stage == EVICT_STAGE_AGAIN && in->now_us >= p->until_us && !p->ordered)
			look->again = p->serial;
		else if (p->stage != EVICT_STAGE_NONE) {
			look->until_us = p->until_us;
			return EVICT_NOT_ENDED;
		}
	}
	return EVICT_NOW;
}

/* Of the CPU or of IO. */
static struct wait_look wait_of(const struct evict_input *in)
{
	return (struct wait_look){
		.model = in->model,
		.samples = in->samples,
		.policy = in->policy,
		.plan = in->plan,
		.rule = in->resource == RESOURCE_IO ? &in->policy->pressure_io
						    : &in->policy->pressure_cpu,
		.resource = in->resource,
		.now_us = in->now_us,
	};
}

void evict_choose_look(struct evict_input *in, struct evict_cpu *ret_cpu, struct evict_io *ret_io)
{
	const struct wait_look look = wait_of(in);

	in->cpu = NULL;
	in->io = NULL;
	if (in->ladder->rung != RUNG_EVICT)
		return;
	if (in->resource == RESOURCE_CPU) {
		evict_cpu_look(&look, &in->ladder->efficacy, ret_cpu);
		in->cpu = ret_cpu;
	}
	if (in->resource == RESOURCE_IO && in->holds) {
		evict_io_look(&look, &in->ladder->efficacy, in->holds, ret_io);
		in->io = ret_io;
	}
}

/* One by one: how much whoever waits lacks cannot be measured, only whether it still does. */
static enum evict_not cpu_is_short(const struct evict_cpu *cpu)
{
	if (!cpu || !cpu->waiter)
		return EVICT_NOT_NEEDED;
	if (!cpu->measured)
		return EVICT_NOT_MEASURED;
	return evict_cpu_is_needed(cpu) ? EVICT_NOW : EVICT_NOT_NEEDED;
}

static enum evict_not io_is_short(const struct evict_io *io)
{
	if (!io || !io->waiter)
		return EVICT_NOT_NEEDED;
	if (!io->measured)
		return EVICT_NOT_MEASURED;
	return evict_io_is_needed(io) ? EVICT_NOW : EVICT_NOT_NEEDED;
}

static enum evict_not memory_is_short(const struct evict_input *in, struct evict_look *look)
{
	struct room room;

	if (!room_look(in->model, in->samples, in->plan, in->now_us, &room))
		return EVICT_NOT_MEASURED;
	look->need_bytes = memory_wanted_bytes(in->ladder, &room);
	look->need_nodes = room.nodes;
	look->fall_bytes_per_s = room.fall_bytes_per_s;
	look->pending_bytes = pending_bytes(in->evict);
	return look->need_bytes > 0 ? EVICT_NOW : EVICT_NOT_NEEDED;
}

/* The ladder's reason names who waits longest, wherever that is. */
static void note_waiter(const struct evict_input *in, struct evict_look *look)
{
	const struct pod *waiter = in->resource == RESOURCE_IO ? (in->io ? in->io->waiter : NULL)
				   : in->cpu		       ? in->cpu->waiter
							       : NULL;
	const struct disk *disk;

	who_copy(look->waiter, waiter ? waiter->name : "");
	if (!waiter || in->resource != RESOURCE_IO)
		return;
	disk = disk_use_disk(&in->model->disks, in->io->major, in->io->minor);
	if (disk)
		memcpy(look->disk, disk->name, sizeof(look->disk));
}

static enum evict_not is_short(const struct evict_input *in, struct evict_look *look)
{
	if (in->resource == RESOURCE_MEMORY)
		return memory_is_short(in, look);
	note_waiter(in, look);
	if (in->resource == RESOURCE_IO) {
		look->need_rate = in->io ? in->io->least_kib : 0;
		return io_is_short(in->io);
	}
	look->need_rate = in->cpu ? in->cpu->least_milli : 0;
	return cpu_is_short(in->cpu);
}

static void see_cpu(struct evict *e, const struct evict_input *in)
{
	const struct wait_look look = wait_of(in);

	if (!(look.rule->steps & (1u << ACTION_EVICT)))
		return;
	if (in->cpu && in->cpu->offline_measured)
		e->rate[RESOURCE_CPU] = in->cpu->offline_milli;
	else if (!evict_cpu_offline(&look, &e->rate[RESOURCE_CPU]))
		return;
	e->rate_us[RESOURCE_CPU] = in->now_us;
}

static bool io_is_pending(const struct evict *e)
{
	for (size_t i = 0; i < EVICT_PENDING; i++)
		if (e->pending[i].stage != EVICT_STAGE_NONE &&
		    evict_resource(&e->pending[i]) == RESOURCE_IO)
			return true;
	return false;
}

/* While one is pending, of the disk for which it goes: what is done on another one is no measure of it. */
static void see_io(struct evict *e, const struct evict_input *in)
{
	const struct wait_look look = wait_of(in);
	bool pending = io_is_pending(e);

	if (!(look.rule->steps & (1u << ACTION_EVICT)))
		return;
	if (in->io && in->io->waiter && !pending) {
		if (in->io->major != e->disk_major || in->io->minor != e->disk_minor)
			e->rate_us[RESOURCE_IO] = 0;
		e->disk_major = in->io->major;
		e->disk_minor = in->io->minor;
	}
	if ((e->disk_major == 0 && e->disk_minor == 0) ||
	    !evict_io_offline(&look, e->disk_major, e->disk_minor, &e->rate[RESOURCE_IO]))
		return;
	e->rate_us[RESOURCE_IO] = in->now_us;
}

/* Now, and not only in the numbers of a moment ago. */
static bool is_short_now(const struct evict_input *in)
{
	struct room room;

	if (in->resource == RESOURCE_MEMORY)
		return room_look(in->model, in->samples, in->plan, in->now_us, &room) &&
		       evict_memory_still_short(in, &room);
	return in->ladder->pressure_us >= in->now_us &&
	       (in->resource == RESOURCE_IO ? io_is_short(in->io) : cpu_is_short(in->cpu)) ==
		       EVICT_NOW;
}

static void note_least(struct evict *e, const struct evict_input *in, const struct room *room)
{
	e->least_bytes = room->available_bytes;
	e->least_wanted_bytes = memory_wanted_bytes(in->ladder, room);
}

static bool is_back_by_itself(struct evict *e, const struct evict_input *in)
{
	struct room room;

	if (in->resource != RESOURCE_MEMORY ||
	    !room_of(in->model, in->samples, 0, in->now_us, &room))
		return false;
	if (e->least_bytes == 0 || room.available_bytes <= e->least_bytes) {
		note_least(e, in, &room);
		return false;
	}
	if (room.available_bytes - e->least_bytes < e->least_wanted_bytes ||
	    (e->back_us > 0 && in->now_us - e->back_us < EVICT_CHOOSE_BACK_US))
		return false;
	e->back_us = in->now_us;
	note_least(e, in, &room);
	return true;
}

void evict_choose_see(struct evict *e, const struct evict_input *in)
{
	int64_t *since_us = &e->short_since_us[in->resource], *us = &e->short_us[in->resource];
	int64_t break_us = in->resource == RESOURCE_MEMORY ? EVICT_CHOOSE_BREAK_US
							   : EVICT_CHOOSE_SLOW_BREAK_US;

	if (in->resource == RESOURCE_CPU)
		see_cpu(e, in);
	if (in->resource == RESOURCE_IO)
		see_io(e, in);
	if (*since_us > 0 && in->now_us - *us > break_us)
		*since_us = 0;
	if (!is_short_now(in))
		return;
	*us = in->now_us;
	if (*since_us < e->ended_us)
		*since_us = 0;
	if (*since_us == 0 && in->resource == RESOURCE_MEMORY)
		e->least_bytes = 0;
	if (is_back_by_itself(e, in) || *since_us == 0)
		*since_us = in->now_us;
}

static enum evict_not due(const struct evict_input *in, struct evict_look *look)
{
	const struct evict *e = in->evict;
	int64_t since_us = e->short_since_us[in->resource];
	enum evict_not why;

	if (in->ladder->rung != RUNG_EVICT)
		return EVICT_NOT_RUNG;
	why = is_short(in, look);
	if (why != EVICT_NOW)
		return why;
	if (since_us == 0 || e->short_us[in->resource] < in->now_us)
		return EVICT_NOT_NEEDED;
	if (in->now_us - since_us < EVICT_CHOOSE_STANDS_US)
		return EVICT_NOT_LONG;
	if (evict_doubts(e, in->resource))
		return EVICT_NOT_DOUBT;
	why = ended(in, look);
	if (why != EVICT_NOW)
		return why;
	look->until_us = e->off_until_us;
	if (e->off_until_us > in->now_us)
		return EVICT_NOT_OFF;
	look->until_us = e->busy_until_us;
	if (e->busy_until_us > in->now_us)
		return EVICT_NOT_BUSY;
	look->until_us = 0;
	/* Who was asked before counts already. */
	return look->again != 0 ? EVICT_NOW : limited(in, &look->until_us);
}

bool evict_choose_due(const struct evict_input *in, struct evict_look *ret_look)
{
	*ret_look = (struct evict_look){.resource = in->resource, .list.by = VICTIM_BY_NONE};
	ret_look->why = due(in, ret_look);
	if (ret_look->why == EVICT_NOW)
		ret_look->until_us = 0;
	return ret_look->why == EVICT_NOW;
}

static uint64_t gives(const struct victim *v)
{
	return add(v->estimate_bytes,
		   v->grows ? v->takes_bytes_per_s * (MEMORY_GROWTH_ROOM_US / SECOND_US) : 0);
}

/* The first of those without whom it would not be enough. */
static size_t needed(const struct victim_list *l, uint64_t need_bytes)
{
	uint64_t sum = 0;
	size_t n = 0, first;

	while (n < l->n && sum < need_bytes)
		sum = add(sum, gives(&l->list[n++]));
	if (sum < need_bytes || n == 0 || sum == UINT64_MAX)
		return 0;
	first = n - 1; /* without the last it was not enough */
	for (size_t i = n - 1; i-- > 0;) {
		if (sum - gives(&l->list[i]) >= need_bytes)
			sum -= gives(&l->list[i]);
		else
			first = i;
	}
	return first;
}

/* Fills the list. */
static void candidates(const struct evict_input *in, const struct victim_rates *rates,
		       struct evict_look *look)
{
	uint32_t no_way = 0;

	for (int kind = 0; kind < POD_KIND_COUNT; kind++)
		if (way_of(in->policy, (enum pod_kind)kind, in->kubernetes) == EVICT_WAY_COUNT)
			no_way |= 1u << kind;
	victim_choose(
		&(struct victim_input){
			.model = in->model,
			.samples = in->samples,
			.policy = in->policy,
			.plan = in->plan,
			.memory = in->memory,
			.n_memory = in->n_memory,
			.left_out = in->evict->left_out,
			.n_left_out = EVICT_LEFT_OUT,
			.no_way = no_way,
			.way = way_of(in->policy, POD_KUBERNETES, in->kubernetes),
			.rates = rates,
			.nodes = look->need_nodes,
			.fall_bytes_per_s = look->fall_bytes_per_s,
			.now_us = in->now_us,
		},
		&look->list);
}

void evict_choose(const struct evict_input *in, struct evict_look *look)
{
	if (in->resource != RESOURCE_MEMORY) {
		candidates(in,
			   in->resource == RESOURCE_IO
				   ? &(struct victim_rates){evict_io_rate, in->io}
				   : &(struct victim_rates){evict_cpu_rate, in->cpu},
			   look);
		if (look->again == 0 && look->list.n == 0)
			look->why = EVICT_NOT_NOBODY;
		return;
	}
	candidates(in, NULL, look);
	look->pending_bytes = add(look->pending_bytes, going_bytes(in));
	if (look->again != 0)
		return;
	if (look->pending_bytes >= look->need_bytes) {
		look->why = EVICT_NOT_NEEDED;
		return;
	}
	look->at = needed(&look->list, look->need_bytes - look->pending_bytes);
	if (look->list.n == 0)
		look->why = EVICT_NOT_NOBODY;
}

static const char *cpu_text(enum evict_not why)
{
	switch (why) {
	case EVICT_NOT_MEASURED:
		return "what is used of the CPUs was not measured lately";
	case EVICT_NOT_NEEDED:
		return "nobody waits for CPU that offline work has";
	case EVICT_NOT_LONG:
		return "somebody has waited for CPU for a moment only";
	case EVICT_NOT_ENDED:
		return "whether the last one helped is still to be seen";
	default:
		return NULL;
	}
}

static const char *io_text(enum evict_not why)
{
	switch (why) {
	case EVICT_NOT_MEASURED:
		return "what offline work does on the disk was not measured lately";
	case EVICT_NOT_NEEDED:
		return "nobody waits for a disk that offline work keeps busy though it is held";
	case EVICT_NOT_LONG:
		return "somebody has waited for the disk for a moment only";
	case EVICT_NOT_ENDED:
		return "whether the last one helped is still to be seen";
	default:
		return NULL;
	}
}

const char *evict_choose_text(enum resource resource, enum evict_not why)
{
	static const char *const texts[EVICT_NOT_COUNT] = {
		[EVICT_NOW] = "somebody is asked to go",
		[EVICT_NOT_RUNG] = "what is gentler has not failed",
		[EVICT_NOT_MEASURED] = "memory was not measured lately",
		[EVICT_NOT_NEEDED] =
			"memory is not short any more, or enough of it is on its way back",
		[EVICT_NOT_LONG] = "memory has been short for a moment only",
		[EVICT_NOT_ENDED] = "the memory of the last one is still to come",
		[EVICT_NOT_COOL] = "the last one was less than evict.cooldown ago",
		[EVICT_NOT_PER_HOUR] = "evict.per-hour allows no more in this hour",
		[EVICT_NOT_OFF] = "the API server does not let colod evict",
		[EVICT_NOT_BUSY] =
			"who has to be asked (the API server, systemd) has no time, or cannot be reached",
		[EVICT_NOT_DOUBT] = "three in a row freed far less than expected",
		[EVICT_NOT_NOBODY] = "no pod may be evicted",
	};

	if (resource == RESOURCE_CPU && cpu_text(why))
		return cpu_text(why);
	if (resource == RESOURCE_IO && io_text(why))
		return io_text(why);
	return (unsigned)why < EVICT_NOT_COUNT ? texts[why] : "?";
}
