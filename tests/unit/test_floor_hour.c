// SPDX-License-Identifier: LGPL-2.1-or-later
// The floor over an hour of a load that does not change, in milliseconds of real time: what offline
// work gets follows its weight as on some kernel or other, and its weight comes to rest. Raises and
// writes are counted.
#include <inttypes.h>

#include "policy/floor.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/floor_case.h"
#include "tests/lib/test.h"

#define HOUR_S 3600

/* What it gets, in ppm of one CPU, at a weight; it is promised 38461 at 50. */
struct kernel {
	const char *name;
	uint64_t (*gets)(uint64_t weight);
	uint64_t noise_ppm;
	uint64_t raises; /* expected */
	uint64_t writes; /* at most, after the first minute */
	uint64_t weight; /* at the end */
};

static uint64_t as_promised(uint64_t weight)
{
	return weight * 770;
}

static uint64_t half(uint64_t weight)
{
	return weight * 380;
}

static uint64_t third(uint64_t weight)
{
	return weight * 250;
}

static uint64_t nothing(uint64_t weight)
{
	(void)weight;
	return 0;
}

/* Nothing up to 50, more than enough above: coming down always looks right, and never is. */
static uint64_t all_or_nothing(uint64_t weight)
{
	return weight > 50 ? 200000 : 0;
}

/* Just enough at 50, on average. */
static uint64_t on_the_edge(uint64_t weight)
{
	return weight * 385;
}

static const struct kernel kernels[] = {
	{"gives what is promised", as_promised, 0, 0, 0, 50},
	{"gives what is promised, unevenly", as_promised, 15000, 0, 0, 50},
	{"gives half", half, 0, 1, 0, 100},
	{"gives half, unevenly", half, 8000, 1, 0, 100},
	{"is on the edge, unevenly", on_the_edge, 8000, 1, 0, 100},
	{"gives a third", third, 0, 1, 0, 100},
	{"gives nothing", nothing, 0, 2, 0, 125},
	{"gives nothing or much", all_or_nothing, 0, 9, 16, 100},
};

TEST(an_hour_of_the_same_comes_to_rest)
{
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		const struct kernel *k = &kernels[i];
		uint64_t random = 20260101, writes = 0;
		struct floor_case c;

		floor_case_init(&c);
		c.waits_permille[0] = 970;
		for (int s = 0; s < HOUR_S; s++) {
			uint64_t noise = k->noise_ppm ? fake_random_below(&random, 2 * k->noise_ppm)
						      : 0;
			uint64_t gets = k->gets(floor_case_weight(&c, BESTEFFORT)) + noise;

			c.gets_ppm[0] = gets > k->noise_ppm ? gets - k->noise_ppm : 0;
			floor_case_second(&c);
			writes += s >= 60 ? c.n_changed : 0;
		}
		print_message("# a kernel that %s: %" PRIu64 " raises, %" PRIu64
			      " writes after the first minute, weight %" PRIu64 "\n",
			      k->name, c.floor.raises, writes, floor_case_weight(&c, BESTEFFORT));
		assert_int_equal(c.floor.raises, k->raises);
		assert_true(writes <= k->writes);
		assert_int_equal(floor_case_weight(&c, BESTEFFORT), k->weight);
		floor_case_free(&c);
	}
}

/* Online work that comes and goes every few seconds, on a kernel that gives half. */
TEST(online_work_that_comes_and_goes_does_not_move_the_weight_each_time)
{
	static const int periods_s[] = {2, 4, 8};

	for (size_t i = 0; i < sizeof(periods_s) / sizeof(periods_s[0]); i++) {
		struct floor_case c;
		uint64_t writes = 0;

		floor_case_init(&c);
		for (int s = 0; s < HOUR_S; s++) {
			bool busy = s / periods_s[i] % 2;

			c.waits_permille[0] = busy ? 970 : 0;
			c.gets_ppm[0] = busy ? half(floor_case_weight(&c, BESTEFFORT)) : 1000000;
			floor_case_second(&c);
			writes += s >= 60 ? c.n_changed : 0;
		}
		print_message("# every %d s: %" PRIu64 " raises, %" PRIu64
			      " writes after the first minute\n",
			      periods_s[i], c.floor.raises, writes);
		assert_true(c.floor.raises <= 1);
		assert_int_equal(writes, 0);
		floor_case_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_of_the_same_comes_to_rest),
		cmocka_unit_test(
			online_work_that_comes_and_goes_does_not_move_the_weight_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
