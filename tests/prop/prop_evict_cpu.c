// SPDX-License-Identifier: LGPL-2.1-or-later
// Evictions for the CPU over nodes and loads made at random, which then do not change for minutes: whom they take, how many
// there are, and that there is none where the policy does not ask. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/evict_choose.h"
#include "policy/evict_cpu.h"
#include "policy/evict_io.h"
#include "policy/knob.h"
#include "policy/ladder_cpu.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/evict_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000ll
#define SECONDS 120
#define PODS 512

/* Of each pod, in thousandths of a CPU and of the time. */
static uint64_t uses[PODS], waits[PODS];

static void draw(struct fake *f, uint64_t *seed)
{
	uint64_t cpus = f->model.node.n_cpus * 1000ull;

	evict_case_draw(f, seed);
	for (size_t i = 0; i < f->model.n_pods; i++) {
		uses[i] = fake_random_below(seed, 3) > 0 ? fake_random_below(seed, cpus / 2) : 0;
		waits[i] = fake_random_below(seed, 2) > 0 ? fake_random_below(seed, 900) : 0;
	}
}

static void second(struct fake *f, int64_t now_us, int64_t s)
{
	uint64_t cpus = f->model.node.n_cpus * 1000ull;

	for (size_t i = 0; i < f->model.n_pods; i++)
		fake_sample(f, f->model.pods[i], now_us, (uint64_t)s * uses[i] * 1000,
			    (uint64_t)s * waits[i] * 1000);
	fake_sample_node(f, now_us, (uint64_t)s * cpus * 1000);
}

static void never(const struct fake *f, const struct evict_look *look, int64_t now_us, int number)
{
	const struct pod *p = look->list.list[look->at].pod;
	struct cpu_places places = cpu_place_look(&f->model, NULL);
	uint64_t milli;

	evict_case_never(f, p, number);
	CPU_CASE_CHECK(cpu_room_may_hold(&f->policy, &f->plan.assignments[p->slot]));
	CPU_CASE_CHECK(cpu_use_pod_milli(&f->samples, p, f->policy.pressure_cpu.window_us, now_us,
					 &milli) == 0);
	CPU_CASE_CHECK(milli >= EVICT_CPU_LEAST_MILLI && milli >= look->list.list[look->at].rate);
	/* Some online pod that waits may run where it does. */
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *o = f->model.pods[i];
		struct cpu_set mine, its;

		if (f->plan.assignments[o->slot].role != ROLE_ONLINE || waits[i] == 0)
			continue;
		if (!places.bounded)
			return;
		mine = cpu_place_pod(&places, p);
		its = cpu_place_pod(&places, o);
		if (cpu_set_overlaps(&mine, &its))
			return;
	}
	fail_msg("node %d: nobody who waits may run where %s does", number, p->name);
}

/* The evictions of so many seconds. */
static uint32_t run(struct fake *f, int number)
{
	struct evict e = {0};
	struct evict_look look;
	struct evict_over over[EVICT_PENDING];
	struct ladder ladder = {0};
	struct evict_cpu cpu;
	struct evict_io io;
	struct evict_input in = {
		.evict = &e,
		.resource = RESOURCE_CPU,
		.ladder = &ladder,
		.model = &f->model,
		.samples = &f->samples,
		.policy = &f->policy,
		.plan = &f->plan,
		.kubernetes = true,
	};
	uint32_t n = 0;

	for (int64_t s = 1; s <= SECONDS; s++) {
		in.now_us = FAKE_RANDOM_NOW_US + s * SECOND;
		second(f, in.now_us, s);
		ladder_cpu_step(&ladder, &f->model, &f->samples, &f->policy, &f->plan, in.now_us);
		(void)evict_pass(&e, &f->model, &f->samples, &f->policy, in.now_us, over);
		evict_choose_look(&in, &cpu, &io);
		evict_choose_see(&e, &in);
		if (!evict_choose_due(&in, &look))
			continue;
		evict_choose(&in, &look);
		if (look.why != EVICT_NOW || look.again != 0)
			continue;
		never(f, &look, in.now_us, number);
		evict_asked(&e, &look.list.list[look.at], in.now_us);
		CPU_CASE_CHECK(evict_answered(
			&e,
			&(struct evict_done){.token = look.list.list[look.at].pod->serial,
					     .answer = EVICT_ANSWER_ACCEPTED},
			&f->policy, in.now_us));
		n++;
	}
	return n;
}

static void forget(struct fake *f)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod_history *h = f->samples.pods[f->model.pods[i]->slot];

		if (h)
			h->count = h->head = 0;
	}
	f->samples.node = (struct node_history){0};
}

static void check_evictions(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1;
	struct pressure_rule *rule = &f->policy.pressure_cpu;
	uint32_t n;

	if (f->model.n_pods > PODS)
		return;
	draw(f, &seed);
	f->model.capabilities |= 1u << CAPABILITY_CPU_MAX;
	rule->on = true;
	rule->threshold_permille = 50;
	rule->window_us = 2 * SECOND;
	rule->steps = 1u << ACTION_SQUEEZE_CPU | 1u << ACTION_EVICT;
	forget(f);
	n = run(f, number);
	cpu_case_looked += n;
	/* Of a load that does not change no eviction is any help: given up after 20 s, and at most two fit in. */
	CPU_CASE_CHECK(n <= f->policy.evict.per_hour && n <= 1 + SECONDS / 15);
	rule->steps = 1u << ACTION_SQUEEZE_CPU;
	forget(f);
	CPU_CASE_CHECK(run(f, number) == 0);
}

TEST(offline_known_and_with_cpu_that_whoever_waits_could_have)
{
	cpu_case_each(check_evictions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offline_known_and_with_cpu_that_whoever_waits_could_have),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
