// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_memory_reclaim.h. The lowest level gives first, each of its pods by what it uses; the next level
// only what that one does not have. Who has nothing to give is found out where it is asked (policy/reclaim.h);
// what is lacking then is wanted again in the next pass.
//
//   room 180 MiB, falls by 20 MiB/s: 600 MiB would last 30 s, so that 420 are wanted
//   P7 uses 300 + 900 MiB: 105 and 315
//
// Ahead of need, on any rung: a level with a watermark of +50 % gives while less is available than the line and
// half of it more.
#include "policy/decide_memory_reclaim.h"

#include "policy/decide_tree.h"
#include "policy/memory_growth.h"
#include "policy/room.h"

#define MIB ((uint64_t)1 << 20)
#define SECOND_US 1000000u
#define PERMILLE 1000u
/* No fall tells how much is enough to one who waits: the room is to be half the line, and there is a slice in any
 * case. */
#define WAIT_PART 2u
#define WAIT_LEAST_BYTES (64 * MIB)
/* Never more at once than this part of the node: what falls faster is looked at again in the next pass. */
#define NODE_PART 8u

static uint64_t wanted(const struct decide_input *in, const struct room *room)
{
	const struct ladder *ladder = &in->ladders->of[RESOURCE_MEMORY];
	bool waits = ladder->reason.code == REASON_MEMORY_WAITS;
	uint64_t most = in->model->node.memory_bytes / NODE_PART;
	uint64_t fall = room->fall_bytes_per_s, target;
	uint64_t want = 0;

	/* Nothing falls while those that took it stand still: what matters is how it will, once they run again. */
	if (ladder->rung == RUNG_FREEZE && ladder->reason.code == REASON_MEMORY_EMPTY &&
	    ladder->reason.observed > fall)
		fall = ladder->reason.observed;
	target = fall < most ? fall * (MEMORY_GROWTH_ROOM_US / SECOND_US) : UINT64_MAX / 2;
	if (waits && target < room->line_bytes / WAIT_PART)
		target = room->line_bytes / WAIT_PART;
	if (room->room_bytes < 0)
		want = target + (uint64_t)-room->room_bytes;
	else if (target > (uint64_t)room->room_bytes)
		want = target - (uint64_t)room->room_bytes;
	if (waits && want < WAIT_LEAST_BYTES)
		want = WAIT_LEAST_BYTES;
	return want < most ? want : most;
}

static bool of_level(const struct decide_input *in, const struct plan *plan, size_t i,
		     enum level level, uint64_t *ret_bytes)
{
	const struct pod *pod = in->model->pods[i];
	const struct decide_node *node = decide_tree_pod(plan->tree, i);
	const struct assignment *a = plan_assignment(plan, pod);
	struct memory_growth growth;

	if (!node || a->level != level || !memory_growth_may_hold(a) || node->online > 0 ||
	    node->waiting + node->unmatched > 0 ||
	    !memory_growth_of(in->samples, pod, in->now_us, &growth))
		return false;
	*ret_bytes = growth.now_bytes;
	return true;
}

static void ask(const struct decide_input *in, struct plan *plan, size_t i, uint64_t bytes,
		const struct reason *reason)
{
	const struct pod *pod = in->model->pods[i];
	const struct assignment *a = plan_assignment(plan, pod);
	struct plan_act *act;

	if (bytes < MIB || plan->n_acts == PLAN_ACTS_MAX)
		return;
	act = &plan->acts[plan->n_acts++];
	*act = (struct plan_act){
		.cgroup = pod->cgroup,
		.bytes = bytes,
		.reason = *reason,
	};
	act->reason.level = a->level;
	act->reason.rule = a->rule;
}

struct want {
	uint64_t bytes;
	struct reason reason;
};

/* Asks the pods of one level for it together; returns what they use. */
static uint64_t ask_level(const struct decide_input *in, struct plan *plan, enum level level,
			  const struct want *want)
{
	uint64_t sum = 0, bytes, permille;

	for (size_t i = 0; i < in->model->n_pods; i++)
		sum += of_level(in, plan, i, level, &bytes) ? bytes : 0;
	if (sum == 0)
		return 0;
	permille = want->bytes < sum ? want->bytes / MIB * PERMILLE / (sum / MIB + 1) : PERMILLE;
	for (size_t i = 0; i < in->model->n_pods; i++)
		if (of_level(in, plan, i, level, &bytes))
			ask(in, plan, i, bytes / MIB * permille / PERMILLE * MIB, &want->reason);
	return sum;
}

/* Of a level, beyond what was asked of those below it: what the rung needs, or what is lacking up to the level's
 * mark where that is more. */
static struct want want_of(const struct decide_input *in, const struct room *room, int level,
			   uint64_t need, uint64_t asked)
{
	uint64_t permille = in->policy->levels[level].memory.watermark_permille;
	uint64_t mark = permille > 0 ? room->line_bytes + room->line_bytes / PERMILLE * permille
				     : 0;
	uint64_t lacking = mark > room->available_bytes ? mark - room->available_bytes : 0;
	uint64_t most = in->model->node.memory_bytes / NODE_PART;
	struct want want = {.bytes = need, .reason = in->ladders->of[RESOURCE_MEMORY].reason};

	lacking = lacking < most ? lacking : most;
	if (lacking > need)
		want = (struct want){
			.bytes = lacking,
			.reason = {.code = REASON_MEMORY_MARK,
				   .observed = room->available_bytes,
				   .limit = mark},
		};
	want.bytes = want.bytes > asked ? want.bytes - asked : 0;
	return want;
}

void decide_memory_reclaim(const struct decide_input *in, struct plan *plan)
{
	uint64_t need, asked = 0;
	struct room room;

	if (!model_can(in->model, CAPABILITY_MEMORY_RECLAIM) ||
	    !room_look(in->model, in->samples, in->now_us, &room))
		return;
	need = in->ladders->of[RESOURCE_MEMORY].rung >= RUNG_RECLAIM ? wanted(in, &room) : 0;
	for (int level = LEVEL_COUNT - 1; level > LEVEL_P0; level--) {
		struct want want = want_of(in, &room, level, need, asked);
		uint64_t had;

		if (want.bytes < MIB)
			continue;
		had = ask_level(in, plan, (enum level)level, &want);
		asked += had < want.bytes ? had : want.bytes;
	}
}
