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
#include "policy/memory_wanted.h"
#include "policy/room.h"

#define MIB ((uint64_t)1 << 20)
#define SECOND_US 1000000u
#define PERMILLE 1000u

struct want {
	uint64_t bytes;
	uint64_t nodes; /* as of struct plan_act */
	struct reason reason;
};

static bool of_level(const struct decide_input *in, const struct plan *plan, size_t i,
		     enum level level, uint64_t nodes, uint64_t *ret_bytes)
{
	const struct pod *pod = in->model->pods[i];
	const struct decide_node *node = decide_tree_pod(plan->tree, i);
	const struct assignment *a = plan_assignment(plan, pod);
	struct memory_growth growth;

	if (!node || a->level != level || !memory_growth_may_hold(a) || node->online > 0 ||
	    node->waiting + node->unmatched > 0 ||
	    !memory_growth_on(in->samples, pod, nodes, in->now_us, &growth))
		return false;
	*ret_bytes = growth.there_bytes;
	return true;
}

static void ask(const struct decide_input *in, struct plan *plan, size_t i, uint64_t bytes,
		const struct want *want)
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
		.nodes = want->nodes,
		.reason = want->reason,
	};
	act->reason.level = a->level;
	act->reason.rule = a->rule;
}

/* Asks the pods of one level for it together; returns what they use. */
static uint64_t ask_level(const struct decide_input *in, struct plan *plan, enum level level,
			  const struct want *want)
{
	uint64_t sum = 0, bytes, permille;

	for (size_t i = 0; i < in->model->n_pods; i++)
		sum += of_level(in, plan, i, level, want->nodes, &bytes) ? bytes : 0;
	if (sum == 0)
		return 0;
	permille = want->bytes < sum ? want->bytes / MIB * PERMILLE / (sum / MIB + 1) : PERMILLE;
	for (size_t i = 0; i < in->model->n_pods; i++)
		if (of_level(in, plan, i, level, want->nodes, &bytes))
			ask(in, plan, i, bytes / MIB * permille / PERMILLE * MIB, want);
	return sum;
}

/* Up to the level's mark, of the machine and of each set of nodes to which online pods are bound: where most is lacking. */
static struct want want_of_mark(const struct decide_input *in, const struct plan *plan, int level)
{
	uint64_t permille = in->policy->levels[level].memory.watermark_permille;
	struct want want = {0};

	for (size_t i = 0; permille > 0 && i <= plan->n_bounds; i++) {
		uint64_t nodes = i == 0 ? 0 : plan->bounds[i - 1].nodes, mark, lacking, most;
		struct room room;

		if (!room_of(in->model, in->samples, nodes, in->now_us, &room))
			continue;
		mark = room.line_bytes + room.line_bytes / PERMILLE * permille;
		most = room.memory_bytes / MEMORY_WANTED_NODE_PART;
		lacking = mark > room.available_bytes ? mark - room.available_bytes : 0;
		lacking = lacking < most ? lacking : most;
		if (lacking > want.bytes)
			want = (struct want){
				.bytes = lacking,
				.nodes = nodes,
				.reason = {.code = REASON_MEMORY_MARK,
					   .observed = room.available_bytes,
					   .limit = mark,
					   .nodes = nodes},
			};
	}
	return want;
}

/* Of a level, beyond what was asked of those below it: what the rung needs, or what is lacking up to the level's
 * mark where that is more. */
static struct want want_of(const struct decide_input *in, const struct plan *plan,
			   const struct want *need, int level, uint64_t asked)
{
	struct want mark = want_of_mark(in, plan, level);
	struct want want = mark.bytes > need->bytes ? mark : *need;

	want.bytes = want.bytes > asked ? want.bytes - asked : 0;
	return want;
}

uint64_t decide_memory_reclaim_nodes(const struct decide_input *in, const struct plan *plan)
{
	for (int level = LEVEL_COUNT - 1; level > LEVEL_P0; level--) {
		struct want want = want_of_mark(in, plan, level);

		if (want.bytes >= MIB && want.nodes != 0)
			return want.nodes;
	}
	return 0;
}

void decide_memory_reclaim(const struct decide_input *in, struct plan *plan)
{
	const struct ladder *ladder = &in->ladders->of[RESOURCE_MEMORY];
	struct want need = {.reason = ladder->reason};
	uint64_t asked = 0;
	struct room room;

	if (!model_can(in->model, CAPABILITY_MEMORY_RECLAIM) ||
	    !room_look(in->model, in->samples, plan, in->now_us, &room))
		return;
	need.nodes = room.nodes;
	if (ladder->rung >= RUNG_RECLAIM)
		need.bytes = memory_wanted_bytes(ladder, &room);
	for (int level = LEVEL_COUNT - 1; level > LEVEL_P0; level--) {
		struct want want = want_of(in, plan, &need, level, asked);
		uint64_t had;

		if (want.bytes < MIB)
			continue;
		had = ask_level(in, plan, (enum level)level, &want);
		asked += had < want.bytes ? had : want.bytes;
	}
}
