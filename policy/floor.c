// SPDX-License-Identifier: LGPL-2.1-or-later
// See floor.h; what is measured is in floor_look.c.
//
// Example, 2 CPUs, besteffort at 50 beside online siblings of 2500: promised 3.8 % of one CPU.
// A kernel gives it 1.8 % over 2 s while its pod waits all the time: 100 instead of 50. Now it gets
// 3.6 %, which halved is 1.8 % still: the raise stays. Online work ends, offline work gets a CPU,
// and 10 s later the weight is 50 again. Had 100 not helped, 2 s later it would be 125, one part in
// 20, and no more.
//
// Why it comes down by what the raised weight gives, scaled to the normal one, and not by the
// clock: on a kernel that always gives half it would go up and down for ever. Where use does not
// follow the weight even that can mislead, so a branch that starves again soon after it came down
// keeps its raise for twice as long each time.
#include "policy/floor.h"

#include "policy/decide.h"
#include "policy/decide_cpu.h"
#include "policy/decide_tree.h"
#include "policy/floor_look.h"
#include "policy/knob.h"
#include "policy/who.h"

/* At most 20:1, and where one busy thread brings the whole weight to one CPU, 5:1 there. The normal weight is bounded by
 * 10:1: a kernel that gives half of that on many CPUs too is given one doubling, and with it what 10:1 promises. */
#define RATIO_MIN 20u
#define RATIO_PER_CPU 5u

#define PATIENCE_US 10000000u
/* Starving again within this time of coming down, or within its patience: coming down was wrong. */
#define RELAPSE_US 60000000u

/* Enough is three quarters of the promise, too little is half: what lies between changes nothing. */
#define ENOUGH_NUM 3u
#define ENOUGH_DEN 4u

struct pass {
	struct floor_cpu *floor;
	const struct model *model;
	const struct samples *samples;
	struct plan *plan;
	int64_t now_us;
	struct floor_look looks[FLOOR_BRANCHES];
	struct plan_entry *entries[FLOOR_BRANCHES];
	bool seen[FLOOR_BRANCHES];
	uint64_t stands_ppm[FLOOR_BRANCHES]; /* what the weights that stand promise; 0: not known */
	uint64_t n_pods[FLOOR_BRANCHES], n_before[FLOOR_BRANCHES];
};

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t elapsed(int64_t from_us, int64_t now_us)
{
	return now_us > from_us ? (uint64_t)now_us - (uint64_t)from_us : 0;
}

/* --- which branches there are ---------------------------------------------------------------- */

static bool yields_by_weight(const struct plan_entry *e)
{
	return e &&
	       (e->reason.code == REASON_YIELD_RATIO || e->reason.code == REASON_YIELD_REQUEST);
}

static uint32_t find(const struct floor_cpu *floor, uint64_t inode)
{
	uint32_t i = 0;

	while (i < floor->n && floor->branches[i].inode != inode)
		i++;
	return i;
}

/* In the tree's order, once those that are there already have kept their places. */
static void add_new(struct pass *p, bool known)
{
	struct decide_tree *t = p->plan->tree;

	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct cgroup *cg = t->nodes[i].cgroup;
		const struct plan_entry *e = plan_find(p->plan, cg, KNOB_CPU_WEIGHT);
		uint32_t at;

		if (!yields_by_weight(e))
			continue;
		at = find(p->floor, cg->inode);
		if ((at < p->floor->n) != known || (known && p->seen[at]))
			continue;
		if (at == FLOOR_BRANCHES) {
			p->floor->unwatched++;
			continue;
		}
		if (!known)
			p->floor->branches[p->floor->n++] =
				(struct floor_branch){.inode = cg->inode, .since_us = p->now_us};
		t->nodes[i].floor_at = at;
		p->looks[at] = (struct floor_look){.node = (uint32_t)i};
		p->entries[at] = &p->plan->entries[e - p->plan->entries];
		p->seen[at] = true;
	}
}

/* Those that are gone, or yield no longer by their weight. */
static void drop_unseen(struct pass *p)
{
	struct floor_cpu *f = p->floor;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		if (!p->seen[i])
			continue;
		f->branches[kept] = f->branches[i];
		p->looks[kept] = p->looks[i];
		p->entries[kept] = p->entries[i];
		p->seen[kept] = true;
		p->plan->tree->nodes[p->looks[kept].node].floor_at = kept;
		kept++;
	}
	f->n = kept;
}

static void find_branches(struct pass *p)
{
	p->floor->unwatched = 0;
	add_new(p, true);
	drop_unseen(p);
	for (uint32_t i = p->floor->n; i < FLOOR_BRANCHES; i++)
		p->seen[i] = false;
	add_new(p, false);
}

/* --- what each of them gets ------------------------------------------------------------------ */

/* The branch that a pod lives in; FLOOR_BRANCHES for none, and for a pod inside another one, whose
 * use is part of that one's. */
static uint32_t branch_of(const struct decide_tree *t, uint32_t at)
{
	if (at == DECIDE_NONE || t->nodes[at].parent == DECIDE_NONE ||
	    t->nodes[t->nodes[at].parent].in_pod)
		return FLOOR_BRANCHES;
	while (at != DECIDE_NONE && t->nodes[at].floor_at == DECIDE_NONE)
		at = t->nodes[at].parent;
	return at == DECIDE_NONE ? FLOOR_BRANCHES : t->nodes[at].floor_at;
}

static void count_pods(struct pass *p)
{
	for (size_t i = 0; i < p->model->n_pods; i++) {
		uint32_t at = branch_of(p->plan->tree, p->plan->tree->of_pod[i]);

		if (at == FLOOR_BRANCHES)
			continue;
		p->n_pods[at]++;
		p->n_before[at] += p->model->pods[i]->serial <= p->floor->branches[at].max_serial;
	}
	for (size_t i = 0; i < p->model->n_pods; i++) {
		uint32_t at = branch_of(p->plan->tree, p->plan->tree->of_pod[i]);

		if (at != FLOOR_BRANCHES &&
		    p->model->pods[i]->serial > p->floor->branches[at].max_serial)
			p->floor->branches[at].max_serial = p->model->pods[i]->serial;
	}
}

static bool differs(uint64_t now, uint64_t then)
{
	return now > then ? now - then > then / 8 : then - now > then / 8;
}

/* Whether this pass's samples may be the first of a measurement, but not one of a running one. What a
 * pod used that has left is lost: what the others used is not all. */
static bool begins_anew(const struct pass *p, uint32_t at)
{
	const struct floor_branch *b = &p->floor->branches[at];

	return b->state == FLOOR_NEW_WEIGHT || b->changed_us > b->since_us ||
	       p->n_before[at] < b->n_pods || differs(p->stands_ppm[at], b->since_ppm) ||
	       floor_look_has_quota(p->plan->tree, p->looks[at].node);
}

static bool is_in_force(const struct pass *p, uint32_t at)
{
	const struct knob_value *now = &p->entries[at]->cgroup->knobs[KNOB_CPU_WEIGHT].now;
	uint64_t planned = p->floor->branches[at].weight;

	return planned > 0 && now->state == KNOB_KNOWN && now->value == planned;
}

static void prepare(struct pass *p, uint32_t at)
{
	struct floor_branch *b = &p->floor->branches[at];
	const struct decide_tree *t = p->plan->tree;
	const struct knob_value *now = &p->entries[at]->cgroup->knobs[KNOB_CPU_WEIGHT].now;
	size_t n_cpus = p->model->node.n_cpus;
	uint32_t node = p->looks[at].node;

	b->normal = p->entries[at]->want.value;
	if (floor_look_promise(t, node, now->value, n_cpus, &p->stands_ppm[at]) < 0 ||
	    floor_look_promise(t, node, b->normal, n_cpus, &b->promised_ppm) < 0)
		p->stands_ppm[at] = b->promised_ppm = 0;
	if (!is_in_force(p, at) || begins_anew(p, at)) {
		b->since_us = p->now_us;
		b->since_ppm = p->stands_ppm[at];
	}
	p->looks[at].since_us = b->since_us;
	p->looks[at].window_us = floor_look_window(b->promised_ppm);
	b->n_pods = p->n_pods[at];
}

static void measure(struct pass *p)
{
	const struct decide_tree *t = p->plan->tree;

	count_pods(p);
	for (uint32_t i = 0; i < p->floor->n; i++)
		prepare(p, i);
	for (size_t i = 0; i < p->model->n_pods; i++) {
		uint32_t at = branch_of(t, t->of_pod[i]);

		if (at != FLOOR_BRANCHES)
			floor_look_pod(&p->looks[at], t, p->model, i, p->samples, p->plan,
				       p->now_us);
	}
}

static enum floor_state judge(const struct pass *p, uint32_t at)
{
	const struct floor_branch *b = &p->floor->branches[at];
	const struct floor_look *look = &p->looks[at];

	if (!is_in_force(p, at))
		return FLOOR_NEW_WEIGHT;
	if (floor_look_has_quota(p->plan->tree, look->node) ||
	    (look->waits_for_quota && !look->waits))
		return FLOOR_QUOTA;
	if (look->unmeasured || b->promised_ppm == 0)
		return FLOOR_UNMEASURED;
	return look->waits && look->got_ppm < b->promised_ppm / 2 ? FLOOR_STARVING : FLOOR_FED;
}

/* --- what is done about it ------------------------------------------------------------------- */

/* The least weight of an online sibling that is known: nobody is lifted above it. */
static uint64_t lightest_online(const struct decide_tree *t, uint32_t parent)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].parent == parent && decide_tree_is_online(&t->nodes[i]) &&
		    t->nodes[i].weight > 0)
			least = min_u64(least, t->nodes[i].weight);
	return least;
}

/* How much the branch may weigh at most: the ratio, divided like the normal weight; what its request
 * allows; and no more than any online sibling. */
static uint64_t bound(const struct pass *p, uint32_t at)
{
	const struct decide_tree *t = p->plan->tree;
	const struct decide_node *node = &t->nodes[p->looks[at].node];
	const struct decide_node *parent = &t->nodes[node->parent];
	uint64_t per_cpu = p->model->node.n_cpus * (uint64_t)RATIO_PER_CPU, most;
	uint64_t ratio = per_cpu > RATIO_MIN ? per_cpu : RATIO_MIN;
	uint32_t who;

	most = parent->siblings_weight / ratio / (parent->n_yielding ? parent->n_yielding : 1);
	most = min_u64(most, decide_cpu_most(t, node, &who));
	return min_u64(most, lightest_online(t, node->parent));
}

static uint64_t raised_to(const struct floor_branch *b, uint32_t doublings, uint64_t most)
{
	uint64_t weight = min_u64(b->normal << doublings, most);

	return weight > b->normal ? weight : b->normal;
}

static void note_starving(struct pass *p, struct floor_branch *b, enum floor_state was)
{
	b->needed_us = p->now_us;
	if (was != FLOOR_STARVING && b->doublings == 0)
		p->floor->starved++;
}

static void raise_it(struct pass *p, uint32_t at, uint64_t most)
{
	struct floor_branch *b = &p->floor->branches[at];
	const struct floor_look *look = &p->looks[at];
	uint64_t away_us = elapsed(b->changed_us, p->now_us);

	if (b->doublings == FLOOR_DOUBLINGS_MAX ||
	    raised_to(b, b->doublings + 1, most) <= raised_to(b, b->doublings, most))
		return;
	if (b->doublings == 0 && b->changed_us > 0 &&
	    (away_us < RELAPSE_US || away_us < b->patience_us))
		b->patience_us = min_u64(b->patience_us * 2, FLOOR_PATIENCE_MAX_US);
	else if (b->doublings == 0)
		b->patience_us = PATIENCE_US;
	b->doublings++;
	b->changed_us = p->now_us;
	p->floor->raises++;
	b->reason = (struct reason){
		.code = REASON_FLOOR_RAISED,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = look->got_ppm,
		.limit = b->promised_ppm,
		.for_us = look->span_us,
		.extra = b->normal,
	};
	who_set(&b->reason, look->waits->name);
}

/* Whether it would have too little at its normal weight: what it has now, scaled to that. */
static bool still_needs(const struct pass *p, uint32_t at)
{
	const struct floor_branch *b = &p->floor->branches[at];
	const struct floor_look *look = &p->looks[at];

	return b->state == FLOOR_STARVING ||
	       (b->state == FLOOR_FED && look->waits &&
		look->got_ppm * b->normal / b->weight < b->promised_ppm * ENOUGH_NUM / ENOUGH_DEN);
}

static void come_down(struct floor_branch *b, int64_t now_us)
{
	b->doublings = 0;
	b->changed_us = now_us;
	b->reason = (struct reason){0};
}

static void act(struct pass *p, uint32_t at)
{
	struct floor_branch *b = &p->floor->branches[at];
	struct plan_entry *e = p->entries[at];
	enum floor_state was = b->state;
	bool asked_for;
	uint64_t most;

	b->state = judge(p, at);
	b->got_ppm = p->looks[at].got_ppm;
	b->got_at_most = p->looks[at].at_most;
	if (still_needs(p, at))
		b->needed_us = p->now_us;
	if (b->state == FLOOR_STARVING)
		note_starving(p, b, was);
	else if (b->doublings > 0 && elapsed(b->needed_us, p->now_us) >= b->patience_us)
		come_down(b, p->now_us);
	asked_for = b->state == FLOOR_STARVING || b->doublings > 0;
	most = asked_for ? bound(p, at) : b->normal;
	if (b->state == FLOOR_STARVING)
		raise_it(p, at, most);
	b->weight = raised_to(b, b->doublings, most);
	if (b->weight == b->normal)
		return;
	b->reason.extra = b->normal;
	e->want = knob_value_of(b->weight);
	b->reason.level = e->reason.level;
	b->reason.rule = e->reason.rule;
	e->reason = b->reason;
}

void floor_step(struct floor_cpu *floor, const struct model *model, const struct samples *samples,
		struct plan *plan, int64_t now_us)
{
	struct pass p = {
		.floor = floor,
		.model = model,
		.samples = samples,
		.plan = plan,
		.now_us = now_us,
	};

	if (!plan->tree || plan->n_entries == 0) {
		floor->n = floor->unwatched = 0;
		return;
	}
	floor_look_weights(plan->tree);
	find_branches(&p);
	measure(&p);
	for (uint32_t i = 0; i < floor->n; i++)
		act(&p, i);
}

void floor_reset(struct floor_cpu *floor)
{
	floor->n = floor->unwatched = 0;
}
