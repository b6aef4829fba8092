// SPDX-License-Identifier: LGPL-2.1-or-later
// See decide_cores.h. Everything that can be said about a node and a pod before cores are given: whose
// the CPUs are, and what speaks against. When unsure the answer is no.
#include "policy/decide_cores.h"

#include "policy/cores.h"
#include "policy/knob.h"
#include "policy/who.h"

#define MILLI_PER_CPU 1000u
/* Of the node, for the system and the kubelet where the policy reserves nothing: one part in so many. */
#define RESERVE_PART 16u

static bool lacks(const struct cgroup *cgroup, enum knob knob)
{
	return cgroup->knobs[knob].now.state == KNOB_MISSING;
}

static bool is_unread(const struct cgroup *cgroup, enum knob knob)
{
	return cgroup->knobs[knob].now.state == KNOB_UNREAD;
}

bool decide_cores_written(const struct cgroup *cgroup, enum knob knob, struct cpu_set *ret_set)
{
	const struct knob_state *s = &cgroup->knobs[knob];

	if (!s->owned || s->written.state != KNOB_KNOWN || cpu_set_is_empty(&s->written.cpus))
		return false;
	/* While a write is under way `now` is what was there before it; and what cannot be read just now is
	 * taken for what it was. */
	if (!s->under_way && s->now.state != KNOB_UNREAD && !knob_same(knob, &s->now, &s->written))
		return false;
	*ret_set = s->written.cpus;
	return true;
}

/* A set with every CPU keeps nobody off anything. It is what is left behind where the kernel takes no
 * empty one: of cpuset.cpus of a cgroup with processes. */
static bool is_all(const struct node *node, const struct cpu_set *set)
{
	for (size_t i = 0; i < node->n_cpus; i++)
		if (!cpu_set_has(set, node->cpus[i].id))
			return false;
	return true;
}

bool decide_cores_foreign(const struct node *node, const struct cgroup *cgroup, enum knob knob,
			  struct cpu_set *ret_set)
{
	const struct knob_value *base = decide_tree_base(cgroup, knob);

	if (base->state != KNOB_KNOWN || cpu_set_is_empty(&base->cpus) ||
	    cgroup->knobs[knob].under_way)
		return false;
	if (knob == KNOB_CPUSET_CPUS && is_all(node, &base->cpus))
		return false;
	*ret_set = base->cpus;
	return true;
}

bool decide_cores_can_exclude(const struct model *model, const struct cgroup *cgroup)
{
	/* A file that cannot be read just now is there all the same: the way is not changed for that. */
	if (!model_can(model, CAPABILITY_CPUSET_EXCLUSIVE) || lacks(cgroup, KNOB_CPUSET_PARTITION))
		return false;
	for (const struct cgroup *c = cgroup; c->parent; c = c->parent)
		if (lacks(c, KNOB_CPUSET_EXCLUSIVE))
			return false;
	return true;
}

enum knob decide_cores_knob(const struct model *model, const struct cgroup *cgroup)
{
	return decide_cores_can_exclude(model, cgroup) ? KNOB_CPUSET_EXCLUSIVE : KNOB_CPUSET_CPUS;
}

/* --- the node -------------------------------------------------------------------------------- */

static bool is_offline(const struct cores_view *v, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(v->plan, pod);

	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE;
}

/* A pod inside another pod's cgroup is part of that one's request. */
static bool is_nested(const struct pod *pod)
{
	return pod->cgroup->parent && pod->cgroup->parent->pod != NULL;
}

static void look_at_requests(struct cores_view *v)
{
	const struct model *m = v->in->model;
	uint64_t reserve = v->in->policy->node.reserve_cpu_milli;

	for (size_t i = 0; i < m->n_pods; i++) {
		const struct pod *pod = m->pods[i];
		const struct fact_u64 *request = &pod->resources.cpu_request_milli;

		if (is_offline(v, pod) || is_nested(pod))
			continue;
		if (request->state == FACT_UNKNOWN && !v->unknown)
			v->unknown = pod;
		if (fact_has_value(request) &&
		    __builtin_add_overflow(v->others_milli, request->value, &v->others_milli))
			v->others_milli = UINT64_MAX / 2;
	}
	if (reserve == 0)
		reserve = m->node.n_cpus * MILLI_PER_CPU / RESERVE_PART;
	v->reserve_milli = reserve;
}

static void look_at_sets(struct cores_view *v)
{
	const struct model *m = v->in->model;

	for (size_t i = 0; i < m->n_cgroups; i++) {
		const struct cgroup *cg = m->cgroups[i];
		struct cpu_set set;

		if (decide_cores_foreign(&m->node, cg, KNOB_CPUSET_CPUS, &set))
			cpu_set_union(&v->given, &set);
		if (decide_cores_foreign(&m->node, cg, KNOB_CPUSET_EXCLUSIVE, &set))
			cpu_set_union(&v->given, &set);
		if (!cg->pod || cg->pod->cgroup != cg)
			continue;
		/* An offline pod's cpuset.cpus is what it was kept off from, not what it owns. */
		if (is_offline(v, cg->pod) && !decide_cores_can_exclude(m, cg))
			continue;
		if (decide_cores_written(cg, decide_cores_knob(m, cg), &set))
			cpu_set_union(&v->held, &set);
	}
}

struct cores_view decide_cores_look(const struct decide_input *in, struct plan *plan)
{
	const struct node *node = &in->model->node;
	struct cores_view v = {
		.in = in,
		.plan = plan,
		.refusal = {.level = LEVEL_NONE, .rule = -1},
	};

	if (!cores_fit(node)) {
		v.refusal.code = REASON_CORES_IDS;
		v.refusal.observed =
			node->n_cpus > 0 && node->cpus ? node->cpus[node->n_cpus - 1].id : 0;
		v.refusal.limit = CPU_SET_MAX - 1;
	} else if (in->model->cpu_manager == CPU_MANAGER_STATIC) {
		v.refusal.code = REASON_CORES_STATIC;
	} else if (in->model->cpu_manager == CPU_MANAGER_UNSURE) {
		v.refusal.code = REASON_CORES_UNSURE;
	}
	v.node_refuses = v.refusal.code != REASON_NONE;
	if (v.refusal.code == REASON_CORES_IDS)
		return v;
	v.usable = cores_usable(node);
	look_at_requests(&v);
	look_at_sets(&v);
	return v;
}

/* --- one pod --------------------------------------------------------------------------------- */

static bool refuse(struct reason *ret_reason, enum reason_code code, uint64_t observed,
		   uint64_t limit, const char *who)
{
	*ret_reason = (struct reason){
		.code = code,
		.level = LEVEL_NONE,
		.rule = -1,
		.observed = observed,
		.limit = limit,
	};
	who_set(ret_reason, who);
	return false;
}

/* A cgroup on the way whose CPUs somebody else has set, or made a partition of; or one below the pod.
 * *ret_unread: one that could not be looked at. */
static const struct cgroup *find_foreign(const struct model *model, const struct pod *pod,
					 bool *ret_unread)
{
	bool exclude = decide_cores_can_exclude(model, pod->cgroup);
	const struct node *node = &model->node;
	struct cpu_set set;

	*ret_unread = false;
	for (const struct cgroup *c = pod->cgroup; c->parent; c = c->parent) {
		const struct knob_value *partition = decide_tree_base(c, KNOB_CPUSET_PARTITION);

		if (decide_cores_foreign(node, c, KNOB_CPUSET_CPUS, &set) ||
		    decide_cores_foreign(node, c, KNOB_CPUSET_EXCLUSIVE, &set))
			return c;
		if (partition->state == KNOB_KNOWN && !c->knobs[KNOB_CPUSET_PARTITION].under_way &&
		    !c->knobs[KNOB_CPUSET_PARTITION].owned &&
		    (partition->value & PARTITION_MASK) != PARTITION_MEMBER)
			return c;
		*ret_unread |= is_unread(c, KNOB_CPUSET_CPUS) ||
			       (exclude && (is_unread(c, KNOB_CPUSET_EXCLUSIVE) ||
					    is_unread(c, KNOB_CPUSET_PARTITION)));
	}
	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct cgroup *c = pod->containers[i].cgroup;

		if (!c)
			continue;
		if (decide_cores_foreign(node, c, KNOB_CPUSET_CPUS, &set))
			return c;
		*ret_unread |= is_unread(c, KNOB_CPUSET_CPUS);
	}
	return NULL;
}

/* For a whole CPU at least. */
static bool asks_for_whole(const struct pod *pod, struct reason *ret_reason)
{
	const struct fact_u64 *request = &pod->resources.cpu_request_milli;

	if (request->state != FACT_KNOWN)
		return refuse(ret_reason, REASON_CORES_REQUEST, 0, 0, "");
	if (request->value < MILLI_PER_CPU)
		return refuse(ret_reason, REASON_CORES_SMALL, request->value, MILLI_PER_CPU, "");
	return true;
}

bool decide_cores_may(const struct cores_view *view, const struct pod *pod, bool has,
		      struct reason *ret_reason)
{
	const struct plan_cores *note = decide_cores_note(view, pod);
	const struct cgroup *foreign;
	bool unread;

	if (view->node_refuses) {
		*ret_reason = view->refusal;
		return false;
	}
	if (!asks_for_whole(pod, ret_reason))
		return false;
	if (!model_can(view->in->model, CAPABILITY_CPUSET) ||
	    pod->cgroup->knobs[KNOB_CPUSET_CPUS].now.state == KNOB_MISSING)
		return refuse(ret_reason, REASON_CORES_NO_CPUSET, 0, 0, "");
	foreign = find_foreign(view->in->model, pod, &unread);
	if (foreign)
		return refuse(ret_reason, REASON_CORES_FOREIGN, 0, 0, foreign->path);
	if (has)
		return true;
	if (unread)
		return refuse(ret_reason, REASON_CORES_UNREAD, 0, 0, "");
	if (pod->facts && pod->facts->deleting)
		return refuse(ret_reason, REASON_CORES_ENDING, 0, 0, "");
	if (view->unknown)
		return refuse(ret_reason, REASON_CORES_WAITS, 0, 0, view->unknown->name);
	if (note->retry_us > view->in->now_us) {
		(void)refuse(ret_reason, REASON_CORES_KERNEL, 0, 0, "");
		ret_reason->extra = note->why;
		return false;
	}
	return true;
}

bool decide_cores_pinned(const struct cores_view *view, const struct pod *pod,
			 struct cpu_set *ret_set)
{
	const struct cpu_set *shared = &view->in->model->cpu_shared;
	const struct node *node = &view->in->model->node;
	struct cpu_set all = {0}, set;

	if (decide_cores_foreign(node, pod->cgroup, KNOB_CPUSET_CPUS, &set))
		all = set;
	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct cgroup *c = pod->containers[i].cgroup;

		/* Containers that share have a set too: what is left to all. It shrinks and grows before theirs
		 * do, but CPUs that are given away are never in it. */
		if (c && decide_cores_foreign(node, c, KNOB_CPUSET_CPUS, &set) &&
		    !cpu_set_overlaps(&set, shared))
			cpu_set_union(&all, &set);
	}
	if (cpu_set_is_empty(&all))
		return false;
	*ret_set = all;
	return true;
}

const struct decide_node *decide_cores_beside(const struct cores_view *view,
					      const struct cgroup *cgroup,
					      const struct cpu_set *cpus)
{
	const struct decide_tree *t = view->plan->tree;

	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct cgroup *c = t->nodes[i].cgroup;
		const struct knob_value *now = &c->knobs[KNOB_CPUSET_CPUS].now;

		if (c != cgroup && c->parent == cgroup->parent && now->state == KNOB_KNOWN &&
		    cpu_set_overlaps(&now->cpus, cpus))
			return &t->nodes[i];
	}
	return NULL;
}

bool decide_cores_is_partition(const struct cgroup *cgroup)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_CPUSET_PARTITION];

	if (s->now.state != KNOB_KNOWN)
		return s->now.state == KNOB_UNREAD && s->owned;
	return s->under_way || (s->now.value & PARTITION_MASK) != PARTITION_MEMBER;
}
