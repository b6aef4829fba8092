// SPDX-License-Identifier: LGPL-2.1-or-later
// Evictions over nodes and series made at random: whom they take, how many there are, and that nobody goes without whom
// the others would have done. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/evict_choose.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/evict_case.h"
#include "tests/lib/test.h"

#include <string.h>

#define SLOTS 256
#define SECOND 1000000ll
#define MIB ((uint64_t)1 << 20)
#define LINE_MIB 100000u

static struct victim_memory memory[SLOTS];

static void draw(struct fake *f, uint64_t *seed)
{
	evict_case_draw(f, seed);
	assert_true(f->model.n_slots <= SLOTS);
	memset(memory, 0, sizeof(memory));
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *p = f->model.pods[i];

		memory[p->slot] = (struct victim_memory){
			.serial = p->serial,
			.anon_bytes = fake_random_below(seed, 64) * MIB,
			.shmem_bytes = fake_random_below(seed, 64) * MIB,
		};
	}
}

static void needs(struct fake *f, int64_t now_us, uint64_t mib)
{
	f->samples.node = (struct node_history){0};
	f->model.node.memory_bytes = (uint64_t)16 * LINE_MIB * MIB;
	f->model.node.zones_high_bytes = LINE_MIB * MIB;
	fake_sample_node(f, now_us, 0);
	fake_sample_node_memory(f, (LINE_MIB + LINE_MIB / 2 - mib) * MIB,
				(LINE_MIB + LINE_MIB / 2 - mib) * MIB);
	for (size_t i = 0; i < SLOTS; i++)
		memory[i].at_us = now_us;
}

static struct evict_input input(const struct fake *f, const struct ladder *ladder, bool kubernetes)
{
	return (struct evict_input){
		.resource = RESOURCE_MEMORY,
		.ladder = ladder,
		.model = &f->model,
		.samples = &f->samples,
		.policy = &f->policy,
		.plan = &f->plan,
		.memory = memory,
		.n_memory = SLOTS,
		.kubernetes = kubernetes,
		.now_us = FAKE_RANDOM_NOW_US,
	};
}

/* The set that the choice belongs to, one after another on a node where each is gone at once. */
static uint64_t set_of(struct evict_input in, uint64_t need, uint64_t *ret_estimates, size_t *ret_n)
{
	struct evict e = {.short_since_us[RESOURCE_MEMORY] = 1,
			  .short_us[RESOURCE_MEMORY] = in.now_us};
	struct evict_look look;
	uint64_t sum = 0;

	in.evict = &e;
	*ret_n = 0;
	while (sum < need && *ret_n < VICTIM_LIST) {
		const struct victim *v;

		if (!evict_choose_due(&in, &look))
			break;
		look.need_bytes = need - sum;
		evict_choose(&in, &look);
		if (look.why != EVICT_NOW)
			break;
		v = &look.list.list[look.at];
		ret_estimates[(*ret_n)++] = v->estimate_bytes;
		sum += v->estimate_bytes;
		e.left_out[*ret_n] =
			(struct victim_left_out){.serial = v->pod->serial, .until_us = INT64_MAX};
	}
	return sum;
}

static void check_set(const struct evict_input *in, uint64_t need, int number)
{
	uint64_t estimates[VICTIM_LIST], sum;
	size_t n;

	sum = set_of(*in, need, estimates, &n);
	if (sum < need)
		return;
	cpu_case_looked++;
	for (size_t i = 0; i < n; i++)
		if (sum - estimates[i] >= need)
			fail_msg("node %d: %zu of %zu victims was not needed", number, i, n);
}

/* The room falls, and those that grow are why: one that rests goes only where all of its level that grow would not give back enough, with
 * what they would take in the half a minute that is wanted. */
static void check_growth(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1, rates[SLOTS] = {0}, sum = 0;
	struct evict e = {.short_since_us[RESOURCE_MEMORY] = 1,
			  .short_us[RESOURCE_MEMORY] = FAKE_RANDOM_NOW_US};
	const struct ladder ladder = {.rung = RUNG_EVICT,
				      .pressure_us = FAKE_RANDOM_NOW_US,
				      .reason.code = REASON_MEMORY_WAITS};
	struct evict_input in = input(f, &ladder, true);
	struct evict_look look;
	const struct victim *v;

	draw(f, &seed);
	evict_case_grow(f, &seed, memory, rates);
	needs(f, FAKE_RANDOM_NOW_US, 200);
	f->policy.evict.per_hour = 1;
	in.evict = &e;
	if (!evict_choose_due(&in, &look))
		return;
	look.need_bytes = (9 + fake_random_below(&seed, 1000)) * MIB;
	evict_choose(&in, &look);
	if (look.why != EVICT_NOW)
		return;
	v = &look.list.list[look.at];
	for (size_t i = 0; i < look.list.n; i++)
		if (look.list.list[i].level == v->level && rates[look.list.list[i].pod->slot] > 0)
			sum += look.list.list[i].estimate_bytes +
			       30 * rates[look.list.list[i].pod->slot];
	cpu_case_looked += sum > 0;
	if (rates[v->pod->slot] == 0 && sum >= look.need_bytes)
		fail_msg("node %d: %s rests and is evicted, though others grow", number,
			 v->pod->name);
}

/* Ten minutes of a need that never ends, and answers of every kind. */
static void check_series(struct fake *f, struct evict_input in, uint64_t *seed, int number)
{
	struct ladder ladder = *in.ladder;
	struct evict e = {0};
	struct evict_look look;
	struct evict_over over[EVICT_PENDING];
	int64_t last_us = 0;
	uint32_t accepted = 0;

	in.evict = &e;
	in.ladder = &ladder;
	for (int s = 0; s < 600; s++) {
		int64_t now_us = FAKE_RANDOM_NOW_US + s * SECOND;
		struct evict_done done = {0};

		in.now_us = now_us;
		ladder.pressure_us = now_us;
		needs(f, now_us, 20 + fake_random_below(seed, 400));
		(void)evict_pass(&e, &f->model, &f->samples, &f->policy, now_us, over);
		evict_choose_see(&e, &in);
		if (!evict_choose_due(&in, &look))
			continue;
		evict_choose(&in, &look);
		if (look.why != EVICT_NOW)
			continue;
		if (look.again != 0)
			evict_asked_again(&e, look.again, now_us);
		else {
			evict_case_never(f, look.list.list[look.at].pod, number);
			evict_asked(&e, &look.list.list[look.at], now_us);
		}
		done.token = look.again ? look.again : look.list.list[look.at].pod->serial;
		done.answer =
			(enum evict_answer)(1 + fake_random_below(seed, EVICT_ANSWER_COUNT - 1));
		if (fake_random_below(seed, 2) == 0)
			done.answer = EVICT_ANSWER_ACCEPTED;
		CPU_CASE_CHECK(evict_answered(&e, &done, &f->policy, now_us));
		if (done.answer != EVICT_ANSWER_ACCEPTED || look.again != 0)
			continue;
		if (last_us > 0 && now_us - last_us < (int64_t)f->policy.evict.cooldown_us)
			fail_msg("node %d: two in %lld us", number, (long long)(now_us - last_us));
		last_us = now_us;
		accepted++;
	}
	if (accepted > f->policy.evict.per_hour)
		fail_msg("node %d: %u evictions in ten minutes", number, accepted);
	CPU_CASE_CHECK(e.n_times <= f->policy.evict.per_hour);
}

static void check_evictions(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1;
	const struct ladder ladder = {.rung = RUNG_EVICT,
				      .pressure_us = FAKE_RANDOM_NOW_US,
				      .reason.code = REASON_MEMORY_WAITS};
	const struct evict_input in = input(f, &ladder, fake_random_below(&seed, 4) > 0);
	uint64_t mib = 9 + fake_random_below(&seed, 100);
	uint32_t per_hour;

	draw(f, &seed);
	needs(f, FAKE_RANDOM_NOW_US, 200);
	per_hour = f->policy.evict.per_hour;
	f->policy.evict.per_hour = 1;
	check_set(&in, mib * MIB, number);
	f->policy.evict.per_hour = per_hour;
	check_series(f, in, &seed, number);
}

TEST(what_rests_is_not_evicted_while_what_grows_would_give_back_enough)
{
	cpu_case_each(check_growth);
}

TEST(offline_known_within_the_limits_and_never_more_than_needed)
{
	cpu_case_each(check_evictions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rests_is_not_evicted_while_what_grows_would_give_back_enough),
		cmocka_unit_test(offline_known_within_the_limits_and_never_more_than_needed),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
