// SPDX-License-Identifier: LGPL-2.1-or-later
// See diff.h. The order of the list, phase by phase:
//  1 forget: nothing is written
//  2 holds end: what was taken away under pressure comes back before anything else happens
//  3 give back: restores, and writes that loosen (more quota, more weight, idle off); parents
//    first, so that a child's value finds its room
//  4 shares of all-offline cgroups that get less, then 5 those that get more: weights compare
//    siblings, so online ones have got theirs by then, and what they lose they lose at the end.
//    Wherever a pass is cut off, offline work is not heavier beside them than before or after it
//  6 partitions end, children first
//  7 less protection, and fewer CPUs of one's own, children first: a parent never covers less than its
//    children claim
//  8 more of both, parents first: a child's is worth what the parent covers, and the kernel grants a
//    child no CPU that its parent does not have for itself
//  9 partitions begin: the kernel looks at the CPUs that they got in 8
// 10 tighten: children first, so that the use below shrinks before the room above does; of one cgroup a
//    freeze first
// Within one cgroup cpu.idle goes before cpu.weight: an idle group refuses a weight (EINVAL), and
// idle going back to 0 resets the weight to 100, so that the weight follows in the next line. A burst
// above its quota is refused, as is a quota below its burst: burst falls in 3 and rises in 10, after the
// quota of the same cgroup.
#include "policy/diff.h"

#include <errno.h>
#include <stdlib.h>

#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "policy/names.h"

#define CHANGES_FIRST_CAP 32

static const enum knob order[] = {
	KNOB_CGROUP_FREEZE,    KNOB_CPU_IDLE,	      KNOB_CPU_WEIGHT,	     KNOB_CPU_MAX,
	KNOB_MEMORY_MIN,       KNOB_MEMORY_LOW,	      KNOB_MEMORY_HIGH,	     KNOB_MEMORY_MAX,
	KNOB_IO_WEIGHT,	       KNOB_CPU_MAX_BURST,    KNOB_CPUSET_PARTITION, KNOB_CPUSET_CPUS,
	KNOB_CPUSET_EXCLUSIVE, KNOB_MEMORY_OOM_GROUP, KNOB_IO_BFQ_WEIGHT,    KNOB_IO_MAX,
	KNOB_IO_MAX + 1,       KNOB_IO_MAX + 2,	      KNOB_IO_MAX + 3,
};

#define N_ORDER (sizeof(order) / sizeof(order[0]))

struct context {
	const struct model *model;
	const struct plan *plan;
	const struct modes *modes;
	bool list_withheld;
};

static enum mode mode_of(const struct context *c, enum knob knob)
{
	enum resource resource = knob_resource(knob);

	return resource < 0 ? MODE_OFF : c->modes->by[resource];
}

static bool is_allowed(const struct context *c, const struct plan_entry *e)
{
	enum mode mode = e ? mode_of(c, e->knob) : MODE_OFF;

	return e && mode > MODE_OBSERVE && mode >= mode_needed(e->knob, e->effect);
}

static bool equal(const struct context *c, enum knob knob, const struct knob_value *a,
		  const struct knob_value *b)
{
	return knob_equal(knob, a, b, c->model->node.page_bytes);
}

/* Still the value colod wrote. */
static bool is_ours(const struct context *c, enum knob knob, const struct knob_state *s)
{
	return s->owned && knob_stands(knob, &s->written, &s->now, c->model->node.page_bytes);
}

static bool is_idle(const struct cgroup *cg)
{
	const struct knob_value *now = &cg->knobs[KNOB_CPU_IDLE].now;

	return now->state == KNOB_KNOWN && now->value == 1;
}

/* What a value is good for where no plan entry says it. */
static enum effect effect_of(enum knob knob, bool held)
{
	if (held)
		return EFFECT_HOLD;
	switch (knob) {
	case KNOB_MEMORY_MIN:
	case KNOB_MEMORY_LOW:
	case KNOB_MEMORY_OOM_GROUP:
		return EFFECT_PROTECTION;
	case KNOB_CPU_MAX:
	case KNOB_MEMORY_HIGH:
	case KNOB_MEMORY_MAX:
		return EFFECT_LIMIT;
	default:
		return EFFECT_SHARE;
	}
}

/* A pod here, or below, waits for facts. */
static bool is_waited_for(const struct plan *plan, const struct cgroup *cg)
{
	if (cg->pod)
		return plan_assignment(plan, cg->pod)->state == ASSIGNMENT_WAITING;
	for (const struct cgroup *c = cg->first_child; c; c = c->next_sibling) {
		if (is_waited_for(plan, c))
			return true;
	}
	return false;
}

/* Until somebody has told what the pods are, a share or protection that an earlier colod gave stays:
 * a restart beside a silent kubelet must not take away, nor a second later give again, what nobody
 * has asked to change. Limits and holds do end: they need known facts. */
static bool is_kept(const struct context *c, const struct cgroup *cg, enum knob knob)
{
	const struct knob_state *s = &cg->knobs[knob];
	enum effect effect = effect_of(knob, s->held);
	enum mode mode = mode_of(c, knob);

	if (!c->model->facts_awaited || !is_ours(c, knob, s) || plan_find(c->plan, cg, knob))
		return false;
	if (effect != EFFECT_SHARE && effect != EFFECT_PROTECTION)
		return false;
	return mode > MODE_OBSERVE && mode >= names_effect_mode(effect) &&
	       is_waited_for(c->plan, cg);
}

/* Whether the group is idle once this pass is done; `in_full`: if the mode allowed everything. */
static bool idle_after(const struct context *c, const struct cgroup *cg, bool in_full)
{
	const struct knob_state *s = &cg->knobs[KNOB_CPU_IDLE];
	const struct plan_entry *e = plan_find(c->plan, cg, KNOB_CPU_IDLE);

	if (s->now.state != KNOB_KNOWN)
		return false;
	if (e && (in_full || is_allowed(c, e)))
		return e->want.value == 1;
	if (is_ours(c, KNOB_CPU_IDLE, s) && !is_kept(c, cg, KNOB_CPU_IDLE))
		return s->original.value == 1;
	return s->now.value == 1;
}

/* In no part less than it had. */
static bool is_wider_io(const struct io_max *had, const struct io_max *want)
{
	for (int d = 0; d < DISK_DIRECTIONS; d++)
		if ((want->bytes[d] != 0 && want->bytes[d] < had->bytes[d]) ||
		    (want->requests[d] != 0 && want->requests[d] < had->requests[d]))
			return false;
	return true;
}

/* More room, or more of a share. Both values are known. */
static bool is_loosening(enum knob knob, const struct knob_value *had,
			 const struct knob_value *want)
{
	if (knob == KNOB_CPU_IDLE || knob == KNOB_CPU_MAX_BURST || knob == KNOB_MEMORY_OOM_GROUP ||
	    knob == KNOB_CGROUP_FREEZE)
		return want->value < had->value;
	if (knob_is_io_max(knob))
		return is_wider_io(&had->io, &want->io);
	/* No set is every CPU. */
	if (knob == KNOB_CPUSET_CPUS)
		return cpu_set_is_empty(&want->cpus) ||
		       (!cpu_set_is_empty(&had->cpus) && cpu_set_contains(&want->cpus, &had->cpus));
	if (knob != KNOB_CPU_MAX || want->value == KNOB_VALUE_MAX || had->value == KNOB_VALUE_MAX)
		return want->value > had->value;
	/* Shares of a CPU: the periods may differ. */
	return (unsigned __int128)want->value * had->period_us >
	       (unsigned __int128)had->value * want->period_us;
}

enum diff_phase diff_phase(const struct change *change)
{
	if (change->kind == CHANGE_FORGET)
		return DIFF_FORGET;
	if (change->knob == KNOB_CPUSET_PARTITION)
		return change->want.value == PARTITION_MEMBER ? DIFF_PARTITION_ENDS
							      : DIFF_PARTITION_BEGINS;
	/* Here no set is no CPU. One that changes both ways goes parents first, as what it gains. */
	if (change->knob == KNOB_CPUSET_EXCLUSIVE)
		return cpu_set_contains(&change->had.cpus, &change->want.cpus) ? DIFF_PROTECT_LESS
									       : DIFF_PROTECT_MORE;
	/* Beside a partition the kernel takes no cpuset.cpus with a CPU of it: wider after those have ended. */
	if (change->knob == KNOB_CPUSET_CPUS)
		return is_loosening(change->knob, &change->had, &change->want) ? DIFF_PROTECT_MORE
									       : DIFF_TIGHTEN;
	if (change->knob == KNOB_CPU_MAX_BURST)
		return is_loosening(change->knob, &change->had, &change->want) ? DIFF_GIVE_BACK
									       : DIFF_TIGHTEN;
	if (change->knob == KNOB_MEMORY_MIN || change->knob == KNOB_MEMORY_LOW)
		return change->want.value < change->had.value ? DIFF_PROTECT_LESS
							      : DIFF_PROTECT_MORE;
	if (change->kind == CHANGE_RESTORE)
		return change->effect == EFFECT_HOLD ? DIFF_HOLD_ENDS : DIFF_GIVE_BACK;
	return is_loosening(change->knob, &change->had, &change->want) ? DIFF_GIVE_BACK
								       : DIFF_TIGHTEN;
}

bool diff_children_first(enum diff_phase phase)
{
	return phase == DIFF_PARTITION_ENDS || phase == DIFF_PROTECT_LESS ||
	       phase == DIFF_TIGHTEN || phase == DIFF_OFFLINE_LESS;
}

static void undo(const struct context *c, const struct knob_state *s, const struct plan_entry *e,
		 struct change *change)
{
	enum knob knob = change->knob;
	struct knob_value back = change->had;
	bool ours = knob_give_back(knob, &s->original, &s->written, &change->had,
				   c->model->node.page_bytes, &back);

	change->kind = ours ? CHANGE_RESTORE : CHANGE_FORGET;
	change->want = back;
	change->effect = e ? e->effect : effect_of(knob, s->held);
	change->reason = (struct reason){
		.code = e	  ? REASON_MODE
			: s->held ? REASON_RELEASED
				  : REASON_NOT_PLANNED,
		.level = LEVEL_NONE,
		.rule = -1,
	};
	/* Why it is thawed was decided for this pod alone. */
	if (!e && knob == KNOB_CGROUP_FREEZE && change->cgroup->pod &&
	    plan_freeze(c->plan, change->cgroup->pod)->reason.code != REASON_NONE)
		change->reason = plan_freeze(c->plan, change->cgroup->pod)->reason;
}

/* Whatever is there, nothing is written. */
static void forget(const struct context *c, const struct knob_state *s, struct change *change)
{
	undo(c, s, NULL, change);
	change->kind = CHANGE_FORGET;
	change->want = change->had;
}

static void put(const struct plan_entry *e, struct change *change)
{
	change->kind = CHANGE_WRITE;
	change->want = e->want;
	change->effect = e->effect;
	change->reason = e->reason;
}

/* What a weight reads while its group is idle says nothing (0 on 6.1, 1 later), and none can be
 * written. Only a weight that colod changed before somebody else made the group idle is left. */
static bool is_weight_forgotten(const struct context *c, const struct cgroup *cg)
{
	const struct plan_entry *e = plan_find(c->plan, cg, KNOB_CPU_IDLE);
	bool by_colod = is_kept(c, cg, KNOB_CPU_IDLE) || (is_allowed(c, e) && e->want.value == 1);

	return cg->knobs[KNOB_CPU_WEIGHT].owned && !by_colod &&
	       !is_allowed(c, plan_find(c->plan, cg, KNOB_CPU_WEIGHT));
}

/* A hold that is to end, and whose file could not be read: apply looks once more, and gives back what is colod's. Waiting
 * for the next reading would leave it for as long as that takes. */
static bool is_hold_unread(const struct knob_state *s, bool allowed)
{
	return !allowed && s->now.state == KNOB_UNREAD && s->owned && s->held;
}

/* The file went, and the value with it: one that is there later is a new one, of nobody. */
static bool is_lost(enum knob knob, const struct knob_state *s)
{
	return knob_may_vanish(knob) && s->owned && s->now.state == KNOB_MISSING;
}

/* Whether the knob needs a change; *ret_withheld where it does and the mode does not allow it. */
static bool find(const struct context *c, struct cgroup *cg, enum knob knob, struct change *change,
		 bool *ret_withheld)
{
	const struct knob_state *s = &cg->knobs[knob];
	const struct plan_entry *e;
	bool allowed;

	*ret_withheld = false;
	if (s->now.state != KNOB_KNOWN && !s->owned)
		return false;
	if (is_lost(knob, s)) {
		*change = (struct change){.cgroup = cg, .knob = knob, .had = s->written};
		forget(c, s, change);
		return true;
	}
	e = plan_find(c->plan, cg, knob);
	allowed = is_allowed(c, e);
	if (s->now.state != KNOB_KNOWN && !is_hold_unread(s, allowed))
		return false;
	*change = (struct change){.cgroup = cg, .knob = knob, .had = s->now};
	if (s->now.state != KNOB_KNOWN)
		change->had = s->written;
	if (knob == KNOB_CPU_WEIGHT) {
		if (idle_after(c, cg, false)) {
			if (!is_weight_forgotten(c, cg))
				return false;
			forget(c, s, change);
			return true;
		}
		if (is_idle(cg))
			change->had = knob_value_of(DIFF_WEIGHT_AFTER_IDLE);
	}
	if (is_kept(c, cg, knob))
		return false;
	if (!allowed && s->owned) {
		undo(c, s, e, change);
		*ret_withheld = e && !equal(c, knob, &e->want, &change->want);
		return true;
	}
	if (!e)
		return false;
	put(e, change);
	if (s->owned)
		change->want =
			knob_complete(knob, &e->want, &s->original, &s->written, &change->had);
	if (equal(c, knob, &change->want, &change->had))
		return false;
	*ret_withheld = !allowed && !(knob == KNOB_CPU_WEIGHT && idle_after(c, cg, true));
	return allowed || *ret_withheld;
}

static int append(struct changes *changes, const struct change *change)
{
	if (changes->n == changes->cap) {
		size_t cap = changes->cap ? changes->cap * 2 : CHANGES_FIRST_CAP;
		struct change *list = reallocarray(changes->list, cap, sizeof(*list));

		if (!list)
			return -ENOMEM;
		changes->list = list;
		changes->cap = cap;
	}
	changes->list[changes->n++] = *change;
	return 0;
}

static bool is_listed(const struct context *c, const struct change *change, bool withheld)
{
	/* Undoing what an earlier mode wrote is a real change, even where more is withheld. */
	return !withheld || change->kind != CHANGE_WRITE ||
	       (c->list_withheld && mode_of(c, change->knob) <= MODE_OBSERVE);
}

/* By what the deciders counted; a plan that was not decided has no offline cgroups. */
static bool is_offline(const struct context *c, size_t at)
{
	const struct decide_tree *t = c->plan->tree;

	return t && at < t->n_nodes && t->nodes[at].cgroup == c->model->cgroups[at] &&
	       decide_tree_all_offline(&t->nodes[at]);
}

static bool is_share(enum knob knob)
{
	return knob == KNOB_CPU_WEIGHT || knob == KNOB_CPU_IDLE || knob == KNOB_IO_WEIGHT ||
	       knob == KNOB_IO_BFQ_WEIGHT;
}

/* `at`: index of its cgroup. */
static enum diff_phase phase_of(const struct context *c, size_t at, const struct change *change)
{
	bool more;

	if (!is_share(change->knob) || change->kind == CHANGE_FORGET)
		return diff_phase(change);
	/* The weight of a group that stops being idle belongs to that step. */
	more = is_loosening(change->knob, &change->had, &change->want) ||
	       (change->knob == KNOB_CPU_WEIGHT && is_idle(change->cgroup));
	if (is_offline(c, at))
		return more ? DIFF_OFFLINE_MORE : DIFF_OFFLINE_LESS;
	return more ? DIFF_GIVE_BACK : DIFF_TIGHTEN;
}

/* One walk over all knobs. With DIFF_PHASE_COUNT it only looks: bits of the phases that have
 * changes into *phases, and withheld ones are counted; else it lists those of one phase. */
static int walk(const struct context *c, enum diff_phase phase, unsigned *phases,
		struct changes *changes)
{
	const struct model *m = c->model;
	struct change change;
	bool withheld;

	for (size_t i = 0; i < m->n_cgroups; i++) {
		size_t at = diff_children_first(phase) ? m->n_cgroups - 1 - i : i;

		for (size_t k = 0; k < N_ORDER; k++) {
			int r = 0;

			if (!find(c, m->cgroups[at], order[k], &change, &withheld))
				continue;
			if (phase == DIFF_PHASE_COUNT)
				changes->n_withheld += withheld;
			if (!is_listed(c, &change, withheld))
				continue;
			if (phase == DIFF_PHASE_COUNT)
				*phases |= 1u << phase_of(c, at, &change);
			else if (phase_of(c, at, &change) == phase)
				r = append(changes, &change);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int diff(const struct model *model, const struct plan *plan, const struct modes *modes,
	 bool list_withheld, struct changes *changes)
{
	const struct context c = {
		.model = model,
		.plan = plan,
		.modes = modes,
		.list_withheld = list_withheld,
	};
	unsigned phases = 0;

	changes_clear(changes);
	(void)walk(&c, DIFF_PHASE_COUNT, &phases, changes);
	for (int phase = 0; phase < DIFF_PHASE_COUNT; phase++) {
		if (!(phases & (1u << phase)))
			continue;
		if (walk(&c, (enum diff_phase)phase, &phases, changes) < 0) {
			changes_clear(changes);
			return -ENOMEM;
		}
	}
	return 0;
}

void diff_withheld(const struct model *model, const struct plan *plan, const struct modes *modes,
		   diff_fn fn, void *context)
{
	const struct context c = {.model = model, .plan = plan, .modes = modes};
	struct change change;
	bool withheld;

	for (size_t i = 0; i < model->n_cgroups; i++)
		for (size_t k = 0; k < N_ORDER; k++)
			if (find(&c, model->cgroups[i], order[k], &change, &withheld) && withheld &&
			    change.kind == CHANGE_WRITE)
				fn(context, &change);
}

void changes_clear(struct changes *changes)
{
	changes->n = 0;
	changes->n_withheld = 0;
}

void changes_free(struct changes *changes)
{
	free(changes->list);
	*changes = (struct changes){0};
}
