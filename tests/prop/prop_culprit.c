// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of every ranking, over counters and holes made at random: never the victim itself, nobody twice, shares that are
// at most 1 together, the same again from the same. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/culprit.h"

#include <stdio.h>
#include <string.h>

#include "policy/seconds.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define ROUNDS 2000
#define PODS 6

static uint64_t draws;
static uint64_t looked;
static struct pod_seconds rings[PODS];
static struct pod_seconds *kept[PODS];
static const struct seconds seconds = {.pods = kept, .n_slots = PODS};

static uint64_t below(uint64_t n)
{
	return fake_random_below(&draws, n);
}

/* Mostly small, sometimes anything. */
static uint64_t any(void)
{
	return below(8) ? below(2000000) : below(UINT64_MAX >> below(64));
}

static void add(const struct pod *pod, struct pod_sample *total, int64_t now_us)
{
	struct pod_seconds *h = &rings[pod->slot];

	total->at_us = now_us;
	total->valid = below(60) ? UINT32_MAX : 0;
	total->cpu_usage_us += any();
	total->memory_bytes = any();
	for (int r = 0; r < RESOURCE_COUNT; r++)
		total->psi[r].some_us += any();
	h->serial = pod->serial;
	kept[pod->slot] = h;
	seconds_add(h, total, NULL, SECOND_UNKNOWN);
}

static void check(const struct culprits *c, const struct pod *victim, int number)
{
	uint32_t sum = c->own_permille;

	CPU_CASE_CHECK(c->n <= CULPRITS_MAX && c->seconds <= CULPRIT_SECONDS_MAX);
	CPU_CASE_CHECK(c->n == 0 || c->seconds >= CULPRIT_SECONDS_MIN);
	for (uint32_t i = 0; i < c->n; i++) {
		const struct culprit *one = &c->list[i];

		sum += one->share_permille;
		CPU_CASE_CHECK(one->serial != victim->serial && one->fit_permille <= 1000 &&
			       one->lag_s <= CULPRIT_LAG_MAX);
		for (uint32_t j = 0; j < i; j++)
			CPU_CASE_CHECK(c->list[j].serial != one->serial);
	}
	CPU_CASE_CHECK(sum <= 1000);
	looked += c->n > 0;
}

static void one_round(int number)
{
	struct pod_sample totals[PODS] = {0};
	struct culprits first, second;
	struct pod *pods[PODS];
	struct culprit_look look;
	int64_t now_us = 0;
	struct fake f;

	fake_init(&f);
	memset(rings, 0, sizeof(rings));
	memset(kept, 0, sizeof(kept));
	for (int i = 0; i < PODS; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod%d.slice", i);
		pods[i] = fake_pod(&f, path, QOS_GUARANTEED);
	}
	for (int t = 0; t < SECONDS_RING; t++) {
		now_us += 300000 + (int64_t)below(below(100) ? 1000000 : 5000000);
		for (int i = 0; i < PODS; i++)
			add(pods[i], &totals[i], now_us);
	}
	look = (struct culprit_look){
		.model = &f.model,
		.seconds = &seconds,
		.victim = pods[0],
		.resource = (enum resource)(number % RESOURCE_COUNT),
	};
	culprits_rank(&look, &first);
	culprits_rank(&look, &second);
	check(&first, pods[0], number);
	CPU_CASE_CHECK(memcmp(&first, &second, sizeof(first)) == 0);
	fake_free(&f);
}

TEST(shares_are_at_most_one_and_the_same_again)
{
	draws = cpu_case_current() | 1;
	looked = 0;
	for (int number = 0; number < ROUNDS; number++)
		one_round(number);
	assert_true(looked > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_are_at_most_one_and_the_same_again),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
