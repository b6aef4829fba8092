// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of every score, over baselines and stalls made at random: it is in 0..100, 0 at the baseline, never less
// for more stall of any resource, and the same again from the same. The seed is printed; COLOD_SEED=N runs
// the same again.
#include "policy/score.h"

#include <string.h>

#include "tests/lib/calm_case.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define ROUNDS 20000
#define RUNS 12
#define SPELLS 30

static uint64_t draws;

static uint32_t below(uint32_t n)
{
	return (uint32_t)fake_random_below(&draws, n);
}

TEST(the_formula_stays_in_its_bounds_and_grows_with_each_stall)
{
	draws = cpu_case_current() | 1;
	for (int number = 0; number < ROUNDS; number++) {
		uint32_t e[RESOURCE_COUNT], more[RESOURCE_COUNT];

		for (int r = 0; r < RESOURCE_COUNT; r++) {
			uint32_t b = below(1001), sigma = below(400), s = below(1001);
			uint32_t t = s + below(1001 - s);

			CPU_CASE_CHECK(score_excess(b, b, sigma) == 0);
			e[r] = score_excess(s, b, sigma);
			more[r] = score_excess(t, b, sigma);
			CPU_CASE_CHECK(e[r] <= more[r] && more[r] <= 1000);
		}
		CPU_CASE_CHECK(score_total(e) <= score_total(more) && score_total(more) <= 1000);
		CPU_CASE_CHECK(score_total(e) >= e[RESOURCE_CPU] &&
			       score_total(e) >= e[RESOURCE_IO]);
	}
}

static struct calm_second random_second(void)
{
	return (struct calm_second){
		.web_cpu = below(2) ? 300000 : below(2000000),
		.web_stalled = below(2) ? below(40000) : below(1000000),
		.batch_cpu = below(3) ? 0 : below(1500000),
		.batch_io = below(4) ? 0 : below(500000),
		.throttled = below(5) == 0,
	};
}

static void run(uint64_t seed, struct pod_score *ret, int number)
{
	struct scores scores = {0};
	struct calm_case c;

	draws = seed;
	calm_case_open(&c);
	for (int i = 0; i < SPELLS; i++) {
		struct calm_second second = random_second();
		const struct score_look look = {
			.model = &c.f.model,
			.samples = &c.f.samples,
			.plan = &c.f.plan,
			.baselines = c.baselines,
		};

		calm_case_run(&c, 1 + (int)below(400), &second);
		CPU_CASE_CHECK(score(&look, &scores) == 0);
		ret[i] = scores.pods[c.web->slot];
		CPU_CASE_CHECK(ret[i].permille <= 1000);
		for (int r = 0; r < RESOURCE_COUNT; r++) {
			const struct score_value *v = &ret[i].by[r];

			CPU_CASE_CHECK(v->stalled_permille <= 1000 && v->excess_permille <= 1000);
			CPU_CASE_CHECK(v->own_permille == 0 || v->excess_permille == 0);
			CPU_CASE_CHECK(v->excess_permille <= v->stalled_permille);
			cpu_case_looked += v->state == SCORE_BASELINE;
		}
	}
	scores_free(&scores);
	calm_case_close(&c);
}

TEST(the_same_seconds_give_the_same_scores)
{
	static struct pod_score first[SPELLS], second[SPELLS];

	cpu_case_looked = 0;
	for (int number = 0; number < RUNS; number++) {
		uint64_t seed = (cpu_case_current() + (uint64_t)number) | 1;

		memset(first, 0, sizeof(first));
		memset(second, 0, sizeof(second));
		run(seed, first, number);
		run(seed, second, number);
		for (int i = 0; i < SPELLS; i++) {
			CPU_CASE_CHECK(first[i].state == second[i].state &&
				       first[i].permille == second[i].permille &&
				       first[i].at_least == second[i].at_least);
			for (int r = 0; r < RESOURCE_COUNT; r++)
				CPU_CASE_CHECK(first[i].by[r].excess_permille ==
						       second[i].by[r].excess_permille &&
					       first[i].by[r].state == second[i].by[r].state);
		}
	}
	assert_true(cpu_case_looked > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_formula_stays_in_its_bounds_and_grows_with_each_stall),
		cmocka_unit_test(the_same_seconds_give_the_same_scores),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
