// SPDX-License-Identifier: LGPL-2.1-or-later
// See what_if.h. The functions of a pass, over copies: discovery's shadow for the model, a copy of the
// ladder, an own plan. What both policies would do alike is marked, since it is no difference.
#include "agent/what_if.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/discover/shadow.h"
#include "agent/mode_sources.h"
#include "agent/policy_files.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/floor.h"
#include "policy/knob.h"
#include "policy/show.h"

/* One change of one plan, withheld or not. */
struct item {
	struct change change;
	bool allowed;
	bool used; /* the other plan has something for this knob too */
};

struct items {
	struct item *list;
	size_t n, cap;
	bool failed;
};

struct work {
	struct state *state;
	struct shadow *shadow;
	struct plan plan;
	struct changes changes;
	struct items now,
		then; /* with the policy in force, in terms of the shadow's cgroups; with the other */
	struct what_if_pod *pods;
	size_t n_pods;
	struct what_if_change *list;
	size_t n_list;
	struct what_if result;
};

static void work_done(struct work *w)
{
	plan_free(&w->plan);
	changes_free(&w->changes);
	free(w->now.list);
	free(w->then.list);
	free(w->pods);
	free(w->list);
	shadow_free(w->shadow);
}

static void policy_freep(struct policy **policy)
{
	policy_free(*policy);
}

/* --- changes --------------------------------------------------------------------------------- */

static void add_item(struct items *items, const struct change *change, bool allowed)
{
	if (items->n == items->cap) {
		size_t cap = items->cap ? items->cap * 2 : 64;
		struct item *list = reallocarray(items->list, cap, sizeof(*list));

		if (!list) {
			items->failed = true;
			return;
		}
		items->list = list;
		items->cap = cap;
	}
	items->list[items->n++] = (struct item){.change = *change, .allowed = allowed};
}

static void on_withheld(void *context, const struct change *change)
{
	add_item(context, change, false);
}

/* All that a plan would do, and would if the mode let it. */
static int collect(struct work *w, const struct model *model, const struct plan *plan,
		   const struct modes *modes, struct items *items)
{
	int r = diff(model, plan, modes, false, &w->changes);

	if (r < 0)
		return r;
	for (size_t i = 0; i < w->changes.n; i++)
		add_item(items, &w->changes.list[i], true);
	diff_withheld(model, plan, modes, on_withheld, items);
	return items->failed ? -ENOMEM : 0;
}

static int by_knob(const void *a, const void *b)
{
	const struct change *x = &((const struct item *)a)->change;
	const struct change *y = &((const struct item *)b)->change;

	if (x->cgroup != y->cgroup)
		return (uintptr_t)x->cgroup < (uintptr_t)y->cgroup ? -1 : 1;
	return ((int)x->knob > (int)y->knob) - ((int)x->knob < (int)y->knob);
}

/* The live model's cgroups become the shadow's, so that the two lists can be compared. */
static void translate(struct work *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->now.n; i++) {
		struct item item = w->now.list[i];

		item.change.cgroup = shadow_copy(w->shadow, item.change.cgroup);
		if (item.change.cgroup)
			w->now.list[kept++] = item;
	}
	w->now.n = kept;
	if (w->now.n > 0)
		qsort(w->now.list, w->now.n, sizeof(*w->now.list), by_knob);
}

static struct item *find_now(const struct work *w, const struct item *item)
{
	return w->now.n > 0 ? bsearch(item, w->now.list, w->now.n, sizeof(*item), by_knob) : NULL;
}

static bool is_alike(const struct item *a, const struct item *b, uint64_t page_bytes)
{
	return a->allowed == b->allowed && a->change.kind == b->change.kind &&
	       a->change.want.state == KNOB_KNOWN && b->change.want.state == KNOB_KNOWN &&
	       knob_equal(a->change.knob, &a->change.want, &b->change.want, page_bytes);
}

static enum what_if_kind kind_of(enum change_kind kind)
{
	switch (kind) {
	case CHANGE_RESTORE:
		return WHAT_IF_RESTORE;
	case CHANGE_FORGET:
		return WHAT_IF_FORGET;
	default:
		return WHAT_IF_WRITE;
	}
}

static int compare_changes(struct work *w)
{
	uint64_t page_bytes = shadow_model(w->shadow)->node.page_bytes;

	w->list = calloc(w->then.n + w->now.n + 1, sizeof(*w->list));
	if (!w->list)
		return -ENOMEM;
	for (size_t i = 0; i < w->then.n; i++) {
		const struct item *then = &w->then.list[i];
		struct item *now = find_now(w, then);

		if (now)
			now->used = true;
		w->list[w->n_list++] = (struct what_if_change){
			.kind = kind_of(then->change.kind),
			.change = then->change,
			.allowed = then->allowed,
			.alike = now && is_alike(then, now, page_bytes),
		};
	}
	for (size_t i = 0; i < w->now.n; i++) {
		const struct item *now = &w->now.list[i];

		if (!now->used && now->change.kind == CHANGE_WRITE)
			w->list[w->n_list++] = (struct what_if_change){
				.kind = WHAT_IF_DROP,
				.change = now->change,
				.allowed = now->allowed,
			};
	}
	return 0;
}

/* --- pods ------------------------------------------------------------------------------------ */

static bool same_rule(const struct policy *a, int32_t at, const struct policy *b, int32_t bt)
{
	if (at < 0 || bt < 0)
		return at == bt;
	return strcmp(a->rules[at].file, b->rules[bt].file) == 0 &&
	       a->rules[at].line == b->rules[bt].line;
}

static bool same_assignment(const struct what_if_pod *p, const struct policy *now,
			    const struct policy *then)
{
	return p->is_pod == p->stays_pod && p->was.state == p->then.state &&
	       p->was.level == p->then.level && p->was.role == p->then.role &&
	       p->was.may_hold == p->then.may_hold && p->was.kept_online == p->then.kept_online &&
	       same_rule(now, p->was.rule, then, p->then.rule);
}

static const struct pod *pod_at(const struct cgroup *cgroup)
{
	return cgroup && cgroup->pod && cgroup->pod->cgroup == cgroup ? cgroup->pod : NULL;
}

static int compare_pods(struct work *w, const struct policy *then)
{
	static const struct assignment none = {
		.state = ASSIGNMENT_NONE, .level = LEVEL_NONE, .role = ROLE_INVALID, .rule = -1};
	const struct model *live = discover_model(w->state->discover);
	const struct model *model = shadow_model(w->shadow);

	w->pods = calloc(model->n_pods + live->n_pods + 1, sizeof(*w->pods));
	if (!w->pods)
		return -ENOMEM;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct pod *was = pod_at(shadow_live(w->shadow, pod->cgroup));
		struct what_if_pod p = {
			.pod = pod,
			.was = was ? *plan_assignment(&w->state->plan, was) : none,
			.then = *plan_assignment(&w->plan, pod),
			.is_pod = was != NULL,
			.stays_pod = true,
		};

		if (!same_assignment(&p, w->state->policy, then))
			w->pods[w->n_pods++] = p;
	}
	for (size_t i = 0; i < live->n_pods; i++) {
		const struct pod *was = live->pods[i];

		if (!pod_at(shadow_copy(w->shadow, was->cgroup)))
			w->pods[w->n_pods++] = (struct what_if_pod){
				.pod = was,
				.was = *plan_assignment(&w->state->plan, was),
				.then = none,
				.is_pod = true,
			};
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int work_out(struct work *w, const struct policy *policy, int64_t now_us)
{
	struct state *s = w->state;
	struct ladders ladders = s->ladders;
	struct floor_cpu floor = s->floor_cpu;
	struct what_if *result = &w->result;
	int r = shadow_new(s->discover, policy, WHAT_IF_READS_MAX, &w->shadow);

	if (r < 0)
		return r;
	result->model = shadow_model(w->shadow);
	result->plan = &w->plan;
	mode_sources_with(s, policy, &result->says, &result->modes);
	r = decide(result->model, observe_samples(s->observe), policy, now_us, &ladders, &w->plan);
	if (r == 0)
		floor_step(&floor, result->model, observe_samples(s->observe), &w->plan, now_us);
	if (r == 0)
		r = collect(w, result->model, &w->plan, &result->modes, &w->then);
	if (r == 0)
		r = collect(w, discover_model(s->discover), &s->plan, &s->status.modes, &w->now);
	if (r < 0)
		return r;
	translate(w);
	r = compare_changes(w);
	return r < 0 ? r : compare_pods(w, policy);
}

int what_if(struct state *state, const struct policy_source *sources, size_t n_sources,
	    int64_t now_us, what_if_fn fn, void *context)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	_cleanup_free_ struct diags *diags = calloc(1, sizeof(*diags));
	_cleanup_(work_done) struct work w = {.state = state};
	const struct snapshot now = state_snapshot(state);
	const struct policy_files_node node = state_policy_node(state);
	int r;

	if (!diags)
		return -ENOMEM;
	r = policy_files_read_text(state->root_fd, sources, n_sources, &node, diags, &policy);
	if (r < 0 && r != -EINVAL)
		return r;
	/* One that waits for the labels of the node would not be in force: nothing follows from it yet. */
	w.result.waits = r == 0 ? policy_waits(policy) : NULL;
	if (r == 0 && !w.result.waits)
		r = work_out(&w, policy, now_us);
	if (r < 0 && r != -EINVAL)
		return r;
	w.result.diags = diags;
	w.result.policy = policy;
	w.result.now = &now;
	w.result.digest = policy ? show_digest(policy) : 0;
	w.result.pods = w.pods;
	w.result.n_pods = w.n_pods;
	w.result.changes = w.list;
	w.result.n_changes = w.n_list;
	w.result.n_unread = w.shadow ? shadow_unread(w.shadow) : 0;
	w.result.facts_elsewhere = w.shadow && shadow_facts_elsewhere(w.shadow);
	fn(context, &w.result);
	return 0;
}
