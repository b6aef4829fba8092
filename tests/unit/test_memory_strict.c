// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.high of online pods: where it begins, when it is raised, and what never happens to it.
#include "policy/memory_strict.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define MIB (1ull << 20)
#define S_US 1000000ll
#define PAGE 4096u

static uint64_t high_mib(uint64_t had_mib, uint64_t used_mib, bool stalls)
{
	const struct memory_strict s = {
		.base_bytes = 800 * MIB,
		.cap_bytes = 1000 * MIB,
		.had_bytes = had_mib * MIB,
		.used_bytes = used_mib * MIB,
		.stalls = stalls,
		.page_bytes = PAGE,
	};

	return memory_strict_high(&s) / MIB;
}

TEST(it_begins_at_what_the_policy_asks_for_or_above_what_is_in_use)
{
	assert_int_equal(high_mib(0, 100, false), 800);
	assert_int_equal(high_mib(0, 775, false), 800);
	/* Room for a thirty-second part more. */
	assert_int_equal(high_mib(0, 790, false), 850);
	assert_int_equal(high_mib(0, 850, false), 900);
	assert_int_equal(high_mib(0, 999, false), 1000);
}

TEST(it_is_raised_step_by_step_while_the_pod_stands_still_and_stays_so)
{
	assert_int_equal(high_mib(800, 800, true), 850);
	assert_int_equal(high_mib(850, 850, true), 900);
	assert_int_equal(high_mib(850, 100, false), 850);
	assert_int_equal(high_mib(950, 940, true), 1000);
	assert_int_equal(high_mib(1000, 990, true), 1000);
	/* What is in use by now counts too. */
	assert_int_equal(high_mib(800, 910, true), 950);
	/* Without a stall more in use than that is what it is there for. */
	assert_int_equal(high_mib(800, 810, false), 800);
}

/* Whatever the numbers: between what is asked for and the limit, never under what is in use when it begins or is
 * raised, never under what stands, and raised in at most so many steps to the limit. */
TEST(for_any_numbers_it_bounds_nobody_below_what_he_has)
{
	uint64_t x = 20261126;

	for (int i = 0; i < 200000; i++) {
		uint64_t r[4];
		struct memory_strict s;
		uint64_t high;

		for (int k = 0; k < 4; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			r[k] = (x >> 20) % (1ull << (12 + (x >> 58) % 33)) / PAGE * PAGE;
		}
		s = (struct memory_strict){
			.base_bytes = r[0] + PAGE,
			.cap_bytes = r[1],
			.had_bytes = i % 3 ? r[2] : 0,
			.used_bytes = r[3],
			.stalls = i % 2,
			.page_bytes = PAGE,
		};
		high = memory_strict_high(&s);
		assert_true(high >= s.base_bytes);
		assert_true(high <= (s.cap_bytes > s.base_bytes ? s.cap_bytes : s.base_bytes));
		if (s.cap_bytes <= s.base_bytes)
			continue;
		if (s.stalls || s.had_bytes == 0)
			assert_true(high >=
				    (s.used_bytes < s.cap_bytes ? s.used_bytes : s.cap_bytes));
		assert_true(high >= (s.had_bytes < s.cap_bytes ? s.had_bytes : s.cap_bytes));
		s.stalls = true;
		s.had_bytes = high;
		for (int step = 0; step < MEMORY_STRICT_STEPS; step++) {
			s.had_bytes = memory_strict_high(&s);
			assert_true(s.had_bytes > high || s.had_bytes == s.cap_bytes);
			high = s.had_bytes;
		}
		assert_int_equal(high, s.cap_bytes);
		/* It stands: nothing moves it. */
		s.stalls = false;
		s.used_bytes = 0;
		assert_int_equal(memory_strict_high(&s), high);
	}
}

static struct pod *online(struct fake *f)
{
	fake_init(f);
	return fake_pod(f, "kubepods.slice/kubepods-podg1.slice", QOS_GUARANTEED);
}

/* The pod at `at_s`: so long it stood still, so often it met its bound. */
static void sample(struct fake *f, struct pod *pod, int64_t at_s, uint64_t full_us,
		   uint64_t bounded)
{
	struct pod_history *h;
	struct pod_sample *s;

	fake_sample(f, pod, at_s * S_US, 0, 0);
	h = f->samples.pods[pod->slot];
	s = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
	s->valid |= SAMPLE_MEMORY | SAMPLE_PSI_MEMORY | SAMPLE_MEMORY_EVENTS;
	s->memory_bytes = 500 * MIB;
	s->psi[RESOURCE_MEMORY].full_us = full_us;
	s->memory_bounded = bounded;
}

TEST(a_pod_stalls_that_stands_still_at_its_own_bound_until_now)
{
	uint64_t permille = 0, span_us = 0, used = 0;
	struct fake f;
	struct pod *pod = online(&f);

	sample(&f, pod, 10, 0, 5);
	sample(&f, pod, 11, 15000, 6);
	/* Not measured for long enough. */
	assert_false(memory_strict_stalls(&f.samples, pod, 11 * S_US, &permille, &span_us));
	sample(&f, pod, 12, 30000, 7);
	assert_true(memory_strict_stalls(&f.samples, pod, 12 * S_US, &permille, &span_us));
	assert_int_equal(permille, 15);
	assert_int_equal(span_us, 2 * S_US);
	assert_true(memory_strict_used(&f.samples, pod, 12 * S_US, &used));
	assert_int_equal(used, 500 * MIB);
	/* Long ago. */
	assert_false(memory_strict_stalls(&f.samples, pod, 18 * S_US, &permille, &span_us));
	assert_false(memory_strict_used(&f.samples, pod, 18 * S_US, &used));
	/* It stood still, but not at its bound any more: it was raised meanwhile. */
	sample(&f, pod, 13, 60000, 7);
	assert_false(memory_strict_stalls(&f.samples, pod, 13 * S_US, &permille, &span_us));
	fake_free(&f);
}

/* Passes come as they please (a trigger, a knob that somebody wrote); what was seen once is no second stall. */
TEST(a_sample_is_a_reason_once)
{
	uint64_t permille, span_us;
	struct fake f;
	struct pod *pod = online(&f);

	for (int64_t s = 10; s <= 12; s++)
		sample(&f, pod, s, (uint64_t)s * 20000, (uint64_t)s);
	assert_true(memory_strict_stalls(&f.samples, pod, 12 * S_US, &permille, &span_us));
	assert_false(memory_strict_stalls(&f.samples, pod, 12 * S_US + 1, &permille, &span_us));
	assert_false(
		memory_strict_stalls(&f.samples, pod, 12 * S_US + 150000, &permille, &span_us));
	sample(&f, pod, 13, 280000, 13);
	assert_true(memory_strict_stalls(&f.samples, pod, 13 * S_US, &permille, &span_us));
	fake_free(&f);
}

TEST(one_percent_is_allowed_and_so_is_meeting_a_bound_without_a_stall)
{
	uint64_t permille, span_us;
	struct fake f;
	struct pod *pod = online(&f);

	sample(&f, pod, 10, 0, 5);
	sample(&f, pod, 11, 10000, 6);
	sample(&f, pod, 12, 20000, 7);
	assert_false(memory_strict_stalls(&f.samples, pod, 12 * S_US, &permille, &span_us));
	sample(&f, pod, 13, 40001, 7);
	assert_false(memory_strict_stalls(&f.samples, pod, 13 * S_US, &permille, &span_us));
	sample(&f, pod, 14, 40001, 8);
	assert_true(memory_strict_stalls(&f.samples, pod, 14 * S_US, &permille, &span_us));
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_begins_at_what_the_policy_asks_for_or_above_what_is_in_use),
		cmocka_unit_test(it_is_raised_step_by_step_while_the_pod_stands_still_and_stays_so),
		cmocka_unit_test(for_any_numbers_it_bounds_nobody_below_what_he_has),
		cmocka_unit_test(a_pod_stalls_that_stands_still_at_its_own_bound_until_now),
		cmocka_unit_test(one_percent_is_allowed_and_so_is_meeting_a_bound_without_a_stall),
		cmocka_unit_test(a_sample_is_a_reason_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
