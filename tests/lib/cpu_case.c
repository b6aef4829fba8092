// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_case.h.
#include "tests/lib/cpu_case.h"

#include <stdlib.h>

#include "policy/decide.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

static uint64_t seed;
uint64_t cpu_case_looked;

void cpu_case_decide(struct fake *f)
{
	assert_int_equal(decide_assigned(&f->model, &f->samples, &f->policy, FAKE_RANDOM_NOW_US,
					 &f->ladders, &f->plan),
			 0);
}

/* A hold of an earlier pass: below it a pod may have come, or changed its level, since. */
static void earlier_hold(struct cgroup *cg, uint64_t quota_us)
{
	struct knob_state *s = &cg->knobs[KNOB_CPU_MAX];

	if (!cg->parent || s->now.state != KNOB_KNOWN)
		return;
	fake_own(cg, KNOB_CPU_MAX, KNOB_VALUE_MAX, quota_us);
	s->now.period_us = s->written.period_us = 20000;
	s->held = true;
}

/* What fake_random() leaves out: small and large nodes, pods of one size, earlier holds. */
static void stir(struct fake *f, uint64_t case_seed)
{
	static const uint32_t cpus[] = {1, 2, 4, 8, 64, 256};
	uint64_t state = case_seed * 0x2545f4914f6cdd1dull + 1, *r = &state;

	fake_topology_plain(&f->model.node,
			    cpus[fake_random_below(r, sizeof(cpus) / sizeof(cpus[0]))]);
	for (size_t i = 0; i < f->model.n_cgroups; i++)
		if (fake_random_below(r, 6) == 0)
			earlier_hold(f->model.cgroups[i], 1000 + fake_random_below(r, 20000));
	for (size_t i = 0; i < f->model.n_pods; i++)
		if (fake_random_below(r, 3) == 0)
			fake_request(f->model.pods[i], 1 + fake_random_below(r, 64000), 1 << 28);
}

void cpu_case_seed(void)
{
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d cases per property\n", seed, CPU_CASE_COUNT);
}

uint64_t cpu_case_current(void)
{
	return seed;
}

void cpu_case_each(void (*check)(struct fake *f, int number))
{
	cpu_case_looked = 0;
	for (int number = 0; number < CPU_CASE_COUNT; number++) {
		struct fake f;

		fake_random(&f, seed + (uint64_t)number);
		stir(&f, seed + (uint64_t)number);
		cpu_case_decide(&f);
		check(&f, number);
		fake_free(&f);
	}
	assert_true(cpu_case_looked > CPU_CASE_COUNT / 4);
}
