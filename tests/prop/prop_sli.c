// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of every indicator over values made at random: a percentile is one of the values, lies within them, grows
// with each value and with its rank, and is over a bound exactly where more values are than its rank leaves. The seed is
// printed; COLOD_SEED=N runs the same again.
#include "policy/sli.h"

#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define ROUNDS 20000

static uint64_t draws;

static uint32_t below(uint32_t n)
{
	return (uint32_t)fake_random_below(&draws, n);
}

static uint32_t value_of(const uint16_t *values, uint32_t n, enum sli_statistic statistic)
{
	uint32_t value = 0, measured;

	return sli_statistic_of(values, n, 1000, statistic, &value, &measured) ? value : 0;
}

static void check(const uint16_t *values, uint32_t n, uint32_t low, uint32_t high, int number)
{
	static const enum sli_statistic ranks[] = {SLI_P50, SLI_P90, SLI_P95, SLI_P99};
	static const uint32_t percent[] = {50, 90, 95, 99};
	uint32_t before = low, mean = value_of(values, n, SLI_MEAN);

	CPU_CASE_CHECK(low <= mean && mean <= high);
	for (int i = 0; i < 4; i++) {
		uint32_t v = value_of(values, n, ranks[i]), at_most = 0, under = 0, measured = 0;
		bool there = false;

		for (uint32_t k = 0; k < n; k++) {
			if (values[k] > 1000)
				continue;
			measured++;
			at_most += values[k] <= v;
			under += values[k] < v;
			there = there || values[k] == v;
		}
		CPU_CASE_CHECK(there && before <= v && v <= high);
		CPU_CASE_CHECK(at_most * 100 >= measured * percent[i]);
		CPU_CASE_CHECK(under * 100 < measured * percent[i]);
		before = v;
	}
}

TEST(a_percentile_is_a_value_within_bounds_and_monotone)
{
	draws = cpu_case_current() | 1;
	for (int number = 0; number < ROUNDS; number++) {
		uint16_t values[SLI_SECONDS], more[SLI_SECONDS];
		uint32_t n = 1 + below(SLI_SECONDS), measured = 0, low = 1000, high = 0;
		uint32_t most = 1 + below(1000);

		for (uint32_t i = 0; i < n; i++) {
			values[i] =
				(uint16_t)(below(8) == 0 ? UINT16_MAX - below(2) : below(most + 1));
			more[i] = values[i];
			if (values[i] > 1000)
				continue;
			measured++;
			low = values[i] < low ? values[i] : low;
			high = values[i] > high ? values[i] : high;
			if (below(3) == 0)
				more[i] = (uint16_t)(values[i] + below(1001 - values[i]));
		}
		if (measured == 0)
			continue;
		check(values, n, low, high, number);
		for (int s = 0; s < SLI_STATISTIC_COUNT; s++)
			CPU_CASE_CHECK(value_of(values, n, (enum sli_statistic)s) <=
				       value_of(more, n, (enum sli_statistic)s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_percentile_is_a_value_within_bounds_and_monotone),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
