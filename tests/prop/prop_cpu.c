// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold for CPU in every plan, over nodes made at random: nobody of a lower level outweighs
// an online pod for what it asked, what yields stays inside its bounds, and no online pod is ever
// under a hold. The seed is printed; COLOD_SEED=N runs the same nodes again.
#include "policy/decide_cpu.h"

#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define RATIO 50u
#define RATIO_PER_CPU 10u

/* What the knob is once the plan is written; 0 where it is not known. */
static uint64_t planned(const struct fake *f, const struct cgroup *cg, enum knob knob)
{
	const struct plan_entry *e = plan_find(&f->plan, cg, knob);
	const struct knob_value *base = decide_tree_base(cg, knob);

	if (e)
		return e->want.value;
	return base->state == KNOB_KNOWN ? base->value : 0;
}

/* Below a pod, or one itself, whose level is open: never touched. */
static bool is_open(const struct fake *f, const struct cgroup *cg)
{
	for (const struct cgroup *up = cg; up; up = up->parent)
		if (up->pod && plan_assignment(&f->plan, up->pod)->state != ASSIGNMENT_LEVEL)
			return true;
	return false;
}

/* ---- weights among siblings ---- */

/* The weight that a pod's request stands for, 0 where it is not known. */
static uint64_t says(const struct pod *pod)
{
	const struct fact_u64 *request = &pod->resources.cpu_request_milli;

	if (pod->kind != POD_KUBERNETES || request->state != FACT_KNOWN || request->value == 0)
		return 0;
	return decide_cpu_request_weight(request->value);
}

/* Whether the weight of this pod is colod's to say, or what it is compared with must follow it: a pod
 * that ends is the kubelet's, one that somebody made idle is his, as one he gave a weight that the
 * policy says to keep. */
static bool is_weighed(const struct fake *f, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(&f->plan, pod);
	struct knob_state *knobs = pod->cgroup->knobs;

	return says(pod) > 0 && a->state == ASSIGNMENT_LEVEL && !is_open(f, pod->cgroup) &&
	       !(pod->facts && pod->facts->deleting) &&
	       knobs[KNOB_CPU_WEIGHT].now.state == KNOB_KNOWN &&
	       planned(f, pod->cgroup, KNOB_CPU_IDLE) == 0;
}

static bool is_online(const struct fake *f, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(&f->plan, pod);

	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE;
}

static void check_order(struct fake *f, int number)
{
	if (!model_can(&f->model, CAPABILITY_CPU))
		return;
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *high = f->model.pods[i];
		const struct assignment *a = plan_assignment(&f->plan, high);

		if (!is_online(f, high) || !is_weighed(f, high))
			continue;
		for (size_t j = 0; j < f->model.n_pods; j++) {
			const struct pod *low = f->model.pods[j];
			const struct assignment *b = plan_assignment(&f->plan, low);
			bool by_request = f->policy.levels[a->level].cpu.weight == WEIGHT_REQUEST;

			if (low->cgroup->parent != high->cgroup->parent || !is_weighed(f, low) ||
			    b->level <= a->level || (is_online(f, low) && !by_request))
				continue;
			cpu_case_looked++;
			/* Weight 1 is the kernel's least. */
			CPU_CASE_CHECK(planned(f, low->cgroup, KNOB_CPU_WEIGHT) <= 1 ||
				       planned(f, high->cgroup, KNOB_CPU_WEIGHT) * says(low) >=
					       planned(f, low->cgroup, KNOB_CPU_WEIGHT) *
						       says(high));
		}
	}
}

TEST(no_online_pod_has_less_weight_per_requested_cpu_than_a_sibling_of_a_lower_level)
{
	cpu_case_each(check_order);
}

/* ---- the bounds of what yields ---- */

static bool is_all_offline(const struct fake *f, const struct cgroup *cg)
{
	struct decide_subtree s = decide_subtree(&f->plan, cg);

	return cg->parent && s.offline > 0 && s.online + s.undecided == 0 && !s.others &&
	       !is_open(f, cg);
}

/* A BestEffort pod beside an online one in the same class: idle among its siblings. */
static bool is_mixed(const struct fake *f, const struct cgroup *cg)
{
	return cg->parent->kind == CGROUP_QOS && cg->pod && cg->pod->qos == QOS_BESTEFFORT &&
	       decide_subtree(&f->plan, cg->parent).online > 0;
}

/* Every level below asks for idle; the largest ratio that one of them asks for. */
static bool wants_idle(const struct fake *f, const struct cgroup *cg, uint64_t *ratio)
{
	bool idle = true;

	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct cgroup *up = f->model.pods[i]->cgroup;
		const struct level_cpu *cpu;

		while (up && up != cg)
			up = up->parent;
		if (!up)
			continue;
		cpu = &f->policy.levels[plan_assignment(&f->plan, f->model.pods[i])->level].cpu;
		idle = idle && cpu->yield == YIELD_IDLE;
		if (cpu->yield == YIELD_RATIO && cpu->yield_ratio > *ratio)
			*ratio = cpu->yield_ratio;
	}
	return idle;
}

/* Whether one more would be more than the pod's request allows beside its online siblings; a request
 * that is not known allows what is there. */
static bool is_all_it_may_have(const struct fake *f, const struct cgroup *cg, uint64_t weight)
{
	uint64_t own = cg->pod ? says(cg->pod) : 0;

	if (!cg->pod || cg->pod->kind != POD_KUBERNETES)
		return false;
	if (cg->pod->resources.cpu_request_milli.state != FACT_KNOWN)
		return weight >= decide_tree_base(cg, KNOB_CPU_WEIGHT)->value;
	if (own > 0 && weight >= own)
		return true;
	for (const struct cgroup *c = cg->parent->first_child; c; c = c->next_sibling)
		if (own > 0 && c->pod && c->pod->cgroup == c && is_online(f, c->pod) &&
		    is_weighed(f, c->pod) &&
		    (weight + 1) * says(c->pod) > planned(f, c, KNOB_CPU_WEIGHT) * own)
			return true;
	return false;
}

struct branches {
	uint64_t online; /* weight of the siblings that are yielded to */
	uint64_t offline;
	uint64_t n; /* that yield by weight */
};

/* Everything below one parent, and whether each is what it may be. */
static struct branches count_branches(struct fake *f, const struct cgroup *parent, int number)
{
	struct branches b = {0};

	for (const struct cgroup *c = parent->first_child; c; c = c->next_sibling) {
		struct decide_subtree s = decide_subtree(&f->plan, c);
		bool idle = planned(f, c, KNOB_CPU_IDLE) == 1;
		uint64_t ratio = 0;

		if (s.online > 0 || s.others) {
			b.online += planned(f, c, KNOB_CPU_WEIGHT);
			CPU_CASE_CHECK(!plan_find(&f->plan, c, KNOB_CPU_IDLE));
		} else if (is_all_offline(f, c) &&
			   c->knobs[KNOB_CPU_WEIGHT].now.state == KNOB_KNOWN) {
			if (plan_find(&f->plan, c, KNOB_CPU_IDLE))
				CPU_CASE_CHECK(is_mixed(f, c) || wants_idle(f, c, &ratio));
			b.n += !idle;
			b.offline += idle ? 0 : planned(f, c, KNOB_CPU_WEIGHT);
		} else if (plan_find(&f->plan, c, KNOB_CPU_WEIGHT)) {
			/* It yields while one of its pods waits for facts. */
			b.n++;
			b.offline += planned(f, c, KNOB_CPU_WEIGHT);
		}
	}
	return b;
}

static void check_bounds(struct fake *f, int number)
{
	uint64_t least = f->model.node.n_cpus * RATIO_PER_CPU;

	if (!model_can(&f->model, CAPABILITY_CPU))
		return;
	if (least < RATIO)
		least = RATIO;
	for (size_t p = 0; p < f->model.n_cgroups; p++) {
		const struct cgroup *parent = f->model.cgroups[p];
		struct branches b = count_branches(f, parent, number);

		if (b.online == 0 || b.n == 0 || is_all_offline(f, parent) || is_open(f, parent))
			continue;
		cpu_case_looked++;
		/* spread over all CPUs, and all of it on one of them */
		CPU_CASE_CHECK(b.offline <= b.n || b.offline * least <= b.online);
		for (const struct cgroup *c = parent->first_child; c; c = c->next_sibling) {
			uint64_t weight = planned(f, c, KNOB_CPU_WEIGHT), ratio = least;

			if (!is_all_offline(f, c) || is_mixed(f, c) ||
			    c->knobs[KNOB_CPU_WEIGHT].now.state != KNOB_KNOWN ||
			    planned(f, c, KNOB_CPU_IDLE) == 1)
				continue;
			(void)wants_idle(f, c, &ratio);
			CPU_CASE_CHECK(weight >= b.online / ratio / b.n || weight == 10000 ||
				       is_all_it_may_have(f, c, weight));
		}
	}
}

TEST(no_offline_branch_beside_an_online_one_is_outside_its_bounds)
{
	cpu_case_each(check_bounds);
}

/* ---- holds ---- */

/* Everything a quota on this cgroup meets: offline pods alone, each of which may be held. */
static bool may_be_held(const struct fake *f, const struct cgroup *cg)
{
	struct decide_subtree s = decide_subtree(&f->plan, cg);

	if (s.online + s.undecided > 0 || s.others || s.offline == 0 || is_open(f, cg))
		return false;
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct assignment *a = plan_assignment(&f->plan, f->model.pods[i]);
		const struct cgroup *up = f->model.pods[i]->cgroup;

		while (up && up != cg)
			up = up->parent;
		if (up && (!a->may_hold || !f->policy.levels[a->level].cpu.squeeze))
			return false;
	}
	return true;
}

static void check_covers(struct fake *f, int number)
{
	for (size_t i = 0; i < f->plan.n_entries; i++) {
		const struct plan_entry *e = &f->plan.entries[i];

		if (e->knob != KNOB_CPU_MAX)
			continue;
		cpu_case_looked++;
		CPU_CASE_CHECK(may_be_held(f, e->cgroup));
	}
}

TEST(a_hold_never_covers_an_online_pod)
{
	cpu_case_each(check_covers);
}

static void check_above(struct fake *f, int number)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		if (!is_online(f, f->model.pods[i]))
			continue;
		cpu_case_looked++;
		for (const struct cgroup *up = f->model.pods[i]->cgroup; up; up = up->parent)
			CPU_CASE_CHECK(!plan_find(&f->plan, up, KNOB_CPU_MAX));
	}
}

TEST(no_online_pod_is_under_a_hold)
{
	cpu_case_each(check_above);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			no_online_pod_has_less_weight_per_requested_cpu_than_a_sibling_of_a_lower_level),
		cmocka_unit_test(no_offline_branch_beside_an_online_one_is_outside_its_bounds),
		cmocka_unit_test(a_hold_never_covers_an_online_pod),
		cmocka_unit_test(no_online_pod_is_under_a_hold),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
