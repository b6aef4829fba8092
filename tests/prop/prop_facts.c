// SPDX-License-Identifier: LGPL-2.1-or-later
// Known, unknown and absent facts, over nodes made at random whose pods are described one by one:
// whatever is known so far, a pod that is online once everything is known never meets a limit or a
// hold, and one that still waits meets nothing and is nobody's reason for any. The seed is printed;
// COLOD_SEED=N runs the same nodes again.
#include <inttypes.h>
#include <stdio.h>

#include "policy/assign.h"
#include "policy/decide.h"
#include "policy/read.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/policy_case.h"
#include "tests/lib/test.h"

#define CASES 300
#define PODS_MAX 64
#define N(array) (sizeof(array) / sizeof((array)[0]))

#define LEVELS                                                                                      \
	"version: 1\n"                                                                              \
	"levels:\n"                                                                                 \
	"  P0: {role: online, cpu: {weight: request}, memory: {min: request}, io: {weight: 900}}\n" \
	"  P1: {role: online, cpu: {weight: request}, memory: {low: request}}\n"                    \
	"  P4: {role: online, cpu: {weight: request}, memory: {low: request}}\n"                    \
	"  P6: {role: offline, cpu: {yield: ratio 100, squeeze: {target: 65%, floor: 2%}},\n"       \
	"       memory: {high: 1Gi}}\n"                                                             \
	"  P7: {role: offline, cpu: {squeeze: {target: 65%, floor: 2%}},\n"                         \
	"       memory: {high: 80% of limit}, io: {weight: 10}}\n"                                  \
	"pressure: [{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}]\n"                  \
	"assign:\n"
#define R(match, level) "- {match: {" match "}, level: " level "}\n"
#define BY_QOS R("qos: Guaranteed", "P0") R("qos: Burstable", "P4") R("qos: BestEffort", "P7")

/* As shipped; with claims that count in full; what is online said last; by class alone; negated. */
static const char *const policies[] = {
	LEVELS R("priorityClass: 'system-*'", "P1") R("static: true", "P1")
		R("ownerKind: DaemonSet", "P1") R("namespace: kube-system", "P1")
			R("annotation: colod.io/level", "from-value")
				R("priorityClass: 'batch-*'", "P7") BY_QOS,
	LEVELS "- {match: {annotation: colod.io/level}, level: from-value, "
	       "trusted-namespaces: [shop, 'team-*']}\n" R("label: batch", "P6")
		       R("ownerKind: Job, namespace: 'team-*'", "P7") BY_QOS,
	LEVELS R("qos: BestEffort, namespace: shop", "P4") R("qos: BestEffort", "P7")
		R("label: batch=yes", "P7") R("namespace: '*'", "P4"),
	LEVELS BY_QOS,
	LEVELS R("static: false, label: batch", "P7") R("annotation: colod.io/level", "from-value")
		R("name: 'a*'", "P6") R("unit: 'job*.service'", "P7") R("namespace: '*'", "P1"),
};

static uint64_t seed;
static struct policy *parsed[N(policies)];

static uint64_t below(uint64_t *state, uint64_t n)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((*state * 0x2545f4914f6cdd1dull) >> 11) % n;
}

#define ONE_OF(r, ...)                                                                             \
	({                                                                                         \
		static const char *const words_[] = {__VA_ARGS__};                                 \
		(char *)words_[below(r, N(words_))];                                               \
	})

static void describe(struct pod_facts *f, struct pod_label labels[2], uint64_t *r)
{
	f->ns = ONE_OF(r, "kube-system", "shop", "team-a", "other");
	f->name = ONE_OF(r, "a1", "b1");
	f->priority_class = ONE_OF(r, NULL, NULL, "system-node-critical", "batch-low", "web");
	f->owner_kind = ONE_OF(r, NULL, "DaemonSet", "Job", "ReplicaSet");
	labels[0] = (struct pod_label){(char *)"batch", ONE_OF(r, "yes", "no", "")};
	labels[1] = (struct pod_label){(char *)"colod.io/level",
				       ONE_OF(r, "P0", "P1", "P4", "P6", "P7", "P3", "nonsense")};
	f->labels = &labels[0];
	f->n_labels = below(r, 2);
	f->annotations = &labels[1];
	f->n_annotations = below(r, 2);
	f->is_static = below(r, 8) == 0;
	f->deleting = below(r, 10) == 0;
}

/* A node, what is true of its pods, and which of them are described so far. */
struct world {
	struct fake f;
	const struct policy *policy;
	int number;
	struct pod_facts *truth[PODS_MAX]; /* NULL: a unit */
	struct pod_label labels[PODS_MAX][2];
	struct assignment final[PODS_MAX];
	size_t n_limits; /* seen, or the test proves nothing */
	size_t n_waiting;
};

static void make_world(struct world *w, int number)
{
	uint64_t state = (seed + (uint64_t)number) * 0x9e3779b97f4a7c15ull + 7;

	memset(w, 0, sizeof(*w));
	w->number = number;
	w->policy = parsed[(size_t)number % N(policies)];
	fake_random(&w->f, seed + (uint64_t)number);
	assert_true(w->f.model.n_pods <= PODS_MAX);
	for (size_t i = 0; i < w->f.model.n_pods; i++) {
		struct pod *pod = w->f.model.pods[i];

		(void)snprintf(pod->name, sizeof(pod->name), "pod %zu", i);
		w->truth[i] = pod->facts;
		if (pod->facts)
			describe(pod->facts, w->labels[i], &state);
		assign_pod(w->policy, pod, &w->final[i]);
	}
}

static void set_known(struct world *w, size_t i, enum fact_state state)
{
	struct pod *pod = w->f.model.pods[i];

	if (!w->truth[i])
		return;
	pod->facts_state = state;
	pod->facts = state == FACT_KNOWN ? w->truth[i] : NULL;
}

#define CHECK(w, condition)                                                                        \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("COLOD_SEED=%" PRIu64 " case %d: %s", seed, (w)->number,          \
				 #condition);                                                      \
	} while (0)

static bool is_within(const struct cgroup *cg, const struct cgroup *top)
{
	while (cg && cg != top)
		cg = cg->parent;
	return cg == top;
}

static bool takes_away(const struct plan_entry *e)
{
	return e->effect == EFFECT_LIMIT || e->effect == EFFECT_HOLD;
}

static void check_entry(struct world *w, const struct plan_entry *e, size_t i)
{
	const struct pod *pod = w->f.model.pods[i];
	const struct assignment *now = plan_assignment(&w->f.plan, pod);
	bool on_path = is_within(pod->cgroup, e->cgroup),
	     inside = is_within(e->cgroup, pod->cgroup);

	if (w->final[i].state != ASSIGNMENT_LEVEL || w->final[i].role == ROLE_ONLINE)
		CHECK(w, !takes_away(e) || !(on_path || inside));
	if (now->state != ASSIGNMENT_WAITING)
		return;
	CHECK(w, !inside);
	CHECK(w, !takes_away(e) || !on_path);
	CHECK(w, !takes_away(e) || strcmp(e->reason.who, pod->name) != 0);
}

static void check(struct world *w)
{
	struct ladders before = w->f.ladders;

	CHECK(w, decide(&w->f.model, &w->f.samples, w->policy, FAKE_RANDOM_NOW_US, &w->f.ladders,
			&w->f.plan) == 0);
	for (size_t i = 0; i < w->f.model.n_pods; i++) {
		const struct pod *pod = w->f.model.pods[i];
		const struct assignment *now = plan_assignment(&w->f.plan, pod);

		w->n_waiting += now->state == ASSIGNMENT_WAITING;
		for (size_t k = 0; k < w->f.plan.n_entries; k++)
			check_entry(w, &w->f.plan.entries[k], i);
		/* Facts that come may lift what waits; they never turn one role into the other. */
		if (now->state == ASSIGNMENT_LEVEL && pod->facts_state != FACT_ABSENT)
			CHECK(w, now->role == w->final[i].role);
		CHECK(w, !now->may_hold || w->final[i].may_hold);
		if (now->state == ASSIGNMENT_WAITING)
			CHECK(w, strcmp(w->f.ladders.of[RESOURCE_CPU].reason.who, pod->name) != 0);
	}
	for (size_t k = 0; k < w->f.plan.n_entries; k++)
		w->n_limits += takes_away(&w->f.plan.entries[k]);
	w->f.ladders = before;
}

static size_t n_limits, n_waiting;

static void finish(struct world *w)
{
	for (size_t i = 0; i < w->f.model.n_pods; i++)
		set_known(w, i, FACT_KNOWN);
	n_limits += w->n_limits;
	n_waiting += w->n_waiting;
	fake_free(&w->f);
}

static struct world world;

TEST(each_fact_that_comes_leaves_online_pods_free_and_waiting_ones_untouched)
{
	for (int number = 0; number < CASES; number++) {
		struct world *w = &world;

		make_world(w, number);
		for (size_t i = 0; i < w->f.model.n_pods; i++)
			set_known(w, i, FACT_UNKNOWN);
		check(w);
		for (size_t i = w->f.model.n_pods; i-- > 0;) {
			set_known(w, i, FACT_KNOWN);
			check(w);
		}
		finish(w);
	}
	print_message("# %zu limits and holds, %zu waits looked at\n", n_limits, n_waiting);
	assert_true(n_limits > CASES && n_waiting > CASES);
}

TEST(facts_that_go_again_leave_nothing_of_what_they_allowed)
{
	for (int number = 0; number < CASES; number++) {
		struct world *w = &world;

		make_world(w, number);
		check(w);
		for (size_t i = 0; i < w->f.model.n_pods; i++) {
			set_known(w, i, FACT_UNKNOWN);
			check(w);
		}
		finish(w);
	}
}

TEST(where_nobody_tells_facts_no_pod_meets_a_limit_or_a_hold)
{
	for (int number = 0; number < CASES; number++) {
		struct world *w = &world;

		make_world(w, number);
		for (size_t i = 0; i < w->f.model.n_pods; i++)
			set_known(w, i, FACT_ABSENT);
		CHECK(w, decide(&w->f.model, &w->f.samples, w->policy, FAKE_RANDOM_NOW_US,
				&w->f.ladders, &w->f.plan) == 0);
		for (size_t k = 0; k < w->f.plan.n_entries; k++) {
			const struct plan_entry *e = &w->f.plan.entries[k];

			for (size_t i = 0; i < w->f.model.n_pods; i++)
				CHECK(w, !w->truth[i] || !takes_away(e) ||
						 !is_within(w->f.model.pods[i]->cgroup, e->cgroup));
		}
		finish(w);
	}
}

static int read_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(policies); i++)
		parsed[i] = policy_case_read(&policies[i], 1);
	return 0;
}

static int free_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(policies); i++)
		policy_free(parsed[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_fact_that_comes_leaves_online_pods_free_and_waiting_ones_untouched),
		cmocka_unit_test(facts_that_go_again_leave_nothing_of_what_they_allowed),
		cmocka_unit_test(where_nobody_tells_facts_no_pod_meets_a_limit_or_a_hold),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260606;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases per property\n", seed, CASES);
	return cmocka_run_group_tests(tests, read_policies, free_policies);
}
