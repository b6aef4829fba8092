// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders by hand over nodes made at random, as if nobody had judged them: whatever is ordered for whomever, a pod that
// is online, waits, or may not be held meets no hold, one that is never offline is not, and who is not ordered anything
// is treated as without. Nor is anybody of those evicted by order. The seed is printed; COLOD_SEED=N runs the same
// nodes again.
#include <inttypes.h>
#include <stdio.h>

#include "colod/manual.h"
#include "policy/assign.h"
#include "policy/decide.h"
#include "policy/evict_order.h"
#include "policy/manual.h"
#include "policy/read.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/policy_case.h"
#include "tests/lib/test.h"

#define CASES 400
#define YAML                                                                                       \
	"version: 1\n"                                                                             \
	"levels:\n"                                                                                \
	"  P0: {role: online, cpu: {weight: request}, memory: {min: request}}\n"                   \
	"  P1: {role: online, cpu: {weight: request}, memory: {low: request}}\n"                   \
	"  P4: {role: online, cpu: {weight: request}}\n"                                           \
	"  P6: {role: offline, cpu: {yield: ratio 100, squeeze: {target: 65%, floor: 2%}}}\n"      \
	"  P7: {role: offline, cpu: {squeeze: {target: 65%, floor: 2%}},\n"                        \
	"       memory: {high: 80% of limit, growth: 16MiB/s}}\n"                                  \
	"assign:\n"                                                                                \
	"- {match: {static: true}, level: P1}\n"                                                   \
	"- {match: {priorityClass: 'batch-*'}, level: P7}\n"                                       \
	"- {match: {qos: Guaranteed}, level: P0}\n"                                                \
	"- {match: {qos: Burstable}, level: P4}\n"                                                 \
	"- {match: {qos: BestEffort}, level: P7}\n"                                                \
	"- {match: {unit: 'job*.service'}, level: P7}\n"

static uint64_t seed;
static struct policy *policy;
static struct fake f;
static struct manual manual;

#define CHECK(number, condition)                                                                   \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, (number),             \
				 #condition);                                                      \
	} while (0)

static void draw(uint64_t *state)
{
	static char *const classes[] = {NULL, (char *)"batch-low", (char *)"system-node-critical"};

	manual.n = 0;
	for (size_t i = 0; i < f.model.n_pods; i++) {
		struct pod *pod = f.model.pods[i];

		if (pod->facts) {
			pod->facts->priority_class = classes[fake_random_below(state, 3)];
			pod->facts->is_static = fake_random_below(state, 8) == 0;
			pod->facts->deleting = fake_random_below(state, 12) == 0;
		}
		if (pod->facts && fake_random_below(state, 4) == 0)
			pod->facts_state = FACT_UNKNOWN;
		for (int kind = 0; kind < MANUAL_KIND_COUNT; kind++) {
			if (manual.n == MANUAL_MAX || fake_random_below(state, 3) == 0)
				continue;
			manual.orders[manual.n++] = (struct manual_order){
				.slot = pod->slot,
				.serial = pod->serial,
				.kind = (enum manual_kind)kind,
				.level = kind == MANUAL_LEVEL
						 ? (enum level)fake_random_below(state, LEVEL_COUNT)
						 : LEVEL_NONE,
				.since_us = FAKE_RANDOM_NOW_US,
				.until_us = INT64_MAX,
			};
		}
	}
}

static bool is_within(const struct cgroup *cg, const struct cgroup *top)
{
	while (cg && cg != top)
		cg = cg->parent;
	return cg == top;
}

/* How many holds and levels of an order were seen, or the test proves nothing. */
static size_t n_holds, n_levels;

static void check_pod(int number, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(&f.plan, pod);
	struct assignment rule;

	assign_pod(policy, pod, &rule);
	n_levels += a->ordered;
	CHECK(number, a->ordered == (a->ordered && rule.state == ASSIGNMENT_LEVEL));
	if (a->role == ROLE_OFFLINE)
		CHECK(number, assign_may_go_offline(pod));
	if (!manual_find(&manual, pod, MANUAL_LEVEL))
		CHECK(number, a->state == rule.state && a->level == rule.level && !a->ordered);
	for (size_t k = 0; k < f.plan.n_entries; k++) {
		const struct plan_entry *e = &f.plan.entries[k];
		bool touches = is_within(pod->cgroup, e->cgroup) ||
			       is_within(e->cgroup, pod->cgroup);

		if (e->effect != EFFECT_HOLD || !touches)
			continue;
		CHECK(number,
		      a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold);
		if (e->reason.code == REASON_MANUAL && e->cgroup == pod->cgroup) {
			n_holds++;
			CHECK(number, manual_find(&manual, pod,
						  e->knob == KNOB_CGROUP_FREEZE ? MANUAL_FREEZE
										: MANUAL_SQUEEZE));
		}
	}
}

/* How many evictions by order were allowed and refused. */
static size_t n_goes, n_stays;

static const struct modes full = {.all = MODE_FULL, .by = {MODE_FULL, MODE_FULL, MODE_FULL}};

/* As if the caller had nothing but the pod's name, in every mode. */
static void check_eviction(int number, const struct pod *pod, enum mode mode)
{
	const struct assignment *a = plan_assignment(&f.plan, pod);
	struct modes modes = full;
	const struct evict_order_input in = {
		.model = &f.model, .policy = policy, .plan = &f.plan, .modes = &modes};
	const struct evict_order order = {
		.slot = pod->slot, .serial = pod->serial, .kubernetes = true, .room = true};
	bool goes;

	modes.by[RESOURCE_MEMORY] = mode;
	goes = evict_order_judge(&in, &order) == EVICT_ORDER_YES;
	*(goes ? &n_goes : &n_stays) += 1;
	if (!goes)
		return;
	CHECK(number, mode == MODE_FULL);
	CHECK(number, a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE && a->may_hold);
	CHECK(number, assign_may_go_offline(pod) && !a->kept_online);
	CHECK(number, !victim_is_system_name(pod->cgroup->name));
	if (pod->kind != POD_KUBERNETES)
		return;
	CHECK(number, pod->facts_state == FACT_KNOWN && pod->facts);
	CHECK(number, !pod->facts->is_static && !pod->facts->deleting);
}

TEST(no_order_reaches_whom_no_hold_may_reach)
{
	for (int number = 0; number < CASES; number++) {
		uint64_t dice = (seed + (uint64_t)number) * 0x9e3779b97f4a7c15ull + 7;

		fake_random(&f, seed + (uint64_t)number);
		f.model.manual = &manual;
		draw(&dice);
		CHECK(number, decide(&f.model, &f.samples, policy, FAKE_RANDOM_NOW_US, &f.ladders,
				     &f.plan) == 0);
		for (size_t i = 0; i < f.model.n_pods; i++)
			check_pod(number, f.model.pods[i]);
		for (size_t i = 0; i < f.model.n_pods; i++)
			check_eviction(number, f.model.pods[i],
				       fake_random_below(&dice, 4) == 0 ? MODE_SQUEEZE : MODE_FULL);
		fake_free(&f);
	}
	print_message("# %zu holds and %zu levels by hand looked at\n", n_holds, n_levels);
	print_message("# %zu may be evicted by order, %zu not\n", n_goes, n_stays);
	assert_true(n_holds > CASES / 4 && n_levels > CASES);
	assert_true(n_goes > CASES / 4 && n_stays > CASES);
}

int main(void)
{
	static const char *const yaml = YAML;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_order_reaches_whom_no_hold_may_reach),
	};
	const char *given = getenv("COLOD_SEED");
	int r;

	seed = given ? strtoull(given, NULL, 10) : 20261126;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases\n", seed, CASES);
	policy = policy_case_read(&yaml, 1);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	policy_free(policy);
	return r;
}
