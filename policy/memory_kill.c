// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_kill.h. Example, `memory.empty of node in 3s`: a room of 150 MiB falls by 60 MiB/s, as a mean over the
// last second. 60 MiB/s would be 180 in 3 s: 30 MiB are needed. Three samples in a row and 400 ms later
// that still holds, and it has not stopped meanwhile: somebody is killed. The next one when 80 % of what that frees is
// back, or after 2 s, and only where it has been falling since.
#include "policy/memory_kill.h"

#include "policy/ring.h"
#include "policy/room.h"

#define SECOND_US 1000000u
#define UNIT 1024u
/* Slower is no storm, whatever is left. */
#define FALL_BYTES_PER_S ((uint64_t)1 << 20)
#define GAP_US 2000000

static bool is_falling_empty(const struct model *model, const struct samples *samples,
			     const struct policy *policy, const struct plan *plan, int64_t now_us,
			     struct room *ret_room)
{
	return model_can(model, CAPABILITY_MEMORY) && policy->pressure_kill.on &&
	       room_look(model, samples, plan, now_us, ret_room) &&
	       ret_room->fall_bytes_per_s >= FALL_BYTES_PER_S &&
	       ret_room->time_to_empty_us < policy->pressure_kill.window_us;
}

/* The mean over a second still falls when whoever made it fall has been frozen or killed: nobody else dies for that. */
static bool falls_on(const struct model *model, const struct samples *samples, int64_t since_us,
		     const struct policy *policy, const struct room *room)
{
	uint64_t fall = 0, left = room->room_bytes > 0 ? (uint64_t)room->room_bytes : 0;

	return room_falls_now(model, samples, room->nodes, since_us, &fall) &&
	       fall >= FALL_BYTES_PER_S &&
	       room_lasts_us(left, fall) < policy->pressure_kill.window_us;
}

static uint64_t needed(const struct room *room, uint64_t window_us)
{
	uint64_t falls = room->fall_bytes_per_s / UNIT * window_us / SECOND_US * UNIT;

	if (room->room_bytes < 0)
		return falls + (uint64_t)-room->room_bytes;
	return falls > (uint64_t)room->room_bytes ? falls - (uint64_t)room->room_bytes : 0;
}

bool memory_kill_due(struct memory_kill *kill, const struct model *model,
		     const struct samples *samples, const struct policy *policy,
		     const struct plan *plan, int64_t stopped_us, int64_t now_us,
		     struct memory_kill_need *ret_need)
{
	int64_t since_us = kill->ended_us > stopped_us ? kill->ended_us : stopped_us;
	const struct node_sample *last = ring_last_node(&samples->node);
	struct room room;

	if (!last || !is_falling_empty(model, samples, policy, plan, now_us, &room)) {
		kill->since_us = 0;
		kill->looks = 0;
		return false;
	}
	/* Nobody looked for a while (another mode, a suspend): what was seen before is no part of this. */
	if (kill->since_us == 0 || last->at_us - kill->look_us > GAP_US) {
		kill->since_us = last->at_us;
		kill->looks = 0;
	}
	kill->looks += last->at_us != kill->look_us || kill->looks == 0;
	kill->look_us = last->at_us;
	if (kill->looks < MEMORY_KILL_LOOKS || last->at_us <= kill->ended_us ||
	    last->at_us - kill->since_us < MEMORY_KILL_STANDS_US ||
	    victim_may_go_on(&kill->victims, now_us, kill->freed_bytes) == VICTIM_WAIT ||
	    !falls_on(model, samples, since_us, policy, &room))
		return false;
	*ret_need = (struct memory_kill_need){
		.bytes = needed(&room, policy->pressure_kill.window_us),
		.reason =
			{
				.code = REASON_MEMORY_EMPTY,
				.level = LEVEL_NONE,
				.rule = -1,
				.observed = room.fall_bytes_per_s,
				.limit = policy->pressure_kill.window_us,
				.for_us = room.time_to_empty_us,
				.extra = room.room_bytes > 0 ? (uint64_t)room.room_bytes : 0,
				.nodes = room.nodes,
			},
	};
	return true;
}

void memory_kill_taken(struct memory_kill *kill, const struct victim *victim, int64_t now_us)
{
	victim_taken(&kill->victims, victim, now_us);
	kill->serial = victim->pod->serial;
	kill->freed_bytes = 0;
}

void memory_kill_ended(struct memory_kill *kill, uint64_t serial, bool dead, uint64_t freed_bytes,
		       int64_t now_us)
{
	victim_ended(&kill->victims, serial, dead, now_us);
	kill->ended_us = now_us;
	if (serial == kill->serial)
		kill->freed_bytes = freed_bytes;
}
