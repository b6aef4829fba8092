// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of every promise, over days made at random: never more than the capacity leaves beside the reserve and what
// online work uses now, never more where more was used or asked for, gone without looks, and the same again from
// the same. The seed is printed; COLOD_SEED=N runs the same again.
#include "policy/lend.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

#define DAYS 60
#define LOOKS 2000

static uint64_t draws;

static uint64_t below(uint64_t n)
{
	return fake_random_below(&draws, n);
}

struct day {
	uint64_t capacity, unit;
	struct lend_terms terms;
	uint64_t base[LEVEL_COUNT + 1];
};

static struct day random_day(enum lend_of of)
{
	struct day d = {.unit = of == LEND_CPU ? 10 : 1 << 20};

	d.capacity = (1 + below(6400)) * d.unit * 10;
	d.terms.part.on = below(10) > 0;
	d.terms.part.percentile = 50 + (uint32_t)below(50);
	d.terms.part.margin_permille = (uint32_t)below(1001);
	d.terms.cold_start_us = below(3) * 600000000;
	for (int i = 0; i <= LEVEL_COUNT; i++)
		d.base[i] = below(3) ? 0 : below(d.capacity / 4 + 1);
	return d;
}

static void random_use(struct day *d, struct lend_use *use)
{
	memset(use, 0, sizeof(*use));
	use->measured = below(200) > 0;
	use->capacity = d->capacity;
	use->levels = 0x7f;
	use->reserved = below(3) ? 0 : below(d->capacity * 11 / 10);
	for (int i = 0; i < LEVEL_COUNT; i++) {
		use->level[i] = d->base[i] ? below(d->base[i] + 1) : 0;
		use->online += use->level[i];
	}
	use->other = below(d->base[LEVEL_COUNT] + 1);
	use->online += use->other;
	use->newcomers = below(20) ? 0 : below(d->capacity + 1);
	d->terms.rung = below(50) == 0;
}

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

static bool is_number(const struct lend_ledger *l)
{
	return l->sum.state >= LEND_HELD;
}

TEST(it_is_never_more_than_is_left_beside_online_work)
{
	static struct lend_ledger l, twin;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < DAYS; number++) {
		enum lend_of of = number % 2 ? LEND_CPU : LEND_MEMORY;
		struct day d = random_day(of);
		int64_t now_us = 1000000;

		memset(&l, 0, sizeof(l));
		memset(&twin, 0, sizeof(twin));
		for (int i = 0; i < LOOKS; i++) {
			struct lend_use use;

			random_use(&d, &use);
			now_us += below(100) ? LEND_LOOK_US : (int64_t)below(7200) * 1000000;
			if (below(300) == 0)
				d.terms.taken_us = now_us;
			lend_feed(&l, of, &use, now_us);
			lend_look(&l, of, &use, &d.terms, now_us);
			lend_feed(&twin, of, &use, now_us);
			lend_look(&twin, of, &use, &d.terms, now_us);
			CPU_CASE_CHECK(memcmp(&l, &twin, sizeof(l)) == 0);
			CPU_CASE_CHECK(l.sum.published <=
				       less(less(use.capacity, use.reserved), use.online));
			CPU_CASE_CHECK(l.sum.published == 0 || is_number(&l));
			CPU_CASE_CHECK(l.sum.lendable == 0 ||
				       l.sum.kept + use.reserved + l.sum.lendable <= use.capacity);
			CPU_CASE_CHECK(d.terms.part.on || l.sum.state == LEND_OFF);
		}
	}
}

/* What the sum would be with other terms or another use, of a ledger as it is. */
static uint64_t would(const struct lend_ledger *l, enum lend_of of, const struct lend_use *use,
		      const struct lend_terms *terms, int64_t now_us)
{
	static struct lend_ledger copy;

	copy = *l;
	lend_look(&copy, of, use, terms, now_us);
	return copy.sum.lendable;
}

TEST(it_is_no_more_where_more_was_used_asked_for_or_kept)
{
	static struct lend_ledger l, more;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < DAYS; number++) {
		enum lend_of of = number % 2 ? LEND_CPU : LEND_MEMORY;
		struct day d = random_day(of);
		int64_t now_us = 1000000;
		struct lend_terms t;
		struct lend_use use, u;
		uint64_t is;

		memset(&l, 0, sizeof(l));
		memset(&more, 0, sizeof(more));
		for (int i = 0; i < LOOKS / 4; i++) {
			random_use(&d, &use);
			use.measured = true;
			now_us += LEND_LOOK_US;
			lend_feed(&l, of, &use, now_us);
			u = use;
			u.level[0] += below(d.capacity / 8 + 1);
			u.online += u.level[0] - use.level[0];
			lend_feed(&more, of, &u, now_us);
		}
		d.terms.rung = false;
		is = would(&l, of, &use, &d.terms, now_us);
		CPU_CASE_CHECK(would(&more, of, &use, &d.terms, now_us) <= is);
		u = use;
		u.online += below(d.capacity);
		CPU_CASE_CHECK(would(&l, of, &u, &d.terms, now_us) <= is);
		u = use;
		u.reserved += below(d.capacity);
		CPU_CASE_CHECK(would(&l, of, &u, &d.terms, now_us) <= is);
		u = use;
		u.newcomers += below(d.capacity);
		CPU_CASE_CHECK(would(&l, of, &u, &d.terms, now_us) <= is);
		t = d.terms;
		t.part.percentile = 99;
		CPU_CASE_CHECK(would(&l, of, &use, &t, now_us) <= is);
		t = d.terms;
		t.part.margin_permille = 1000;
		CPU_CASE_CHECK(would(&l, of, &use, &t, now_us) <= is);
	}
}

TEST(a_peak_never_rises_by_fading)
{
	static struct lend_ledger l;

	draws = cpu_case_current() | 1;
	for (int number = 0; number < DAYS; number++) {
		struct day d = random_day(LEND_CPU);
		int64_t now_us = 1000000;
		uint64_t weight;

		memset(&l, 0, sizeof(l));
		for (int i = 0; i < LOOKS / 4; i++) {
			struct lend_use use;

			random_use(&d, &use);
			now_us += LEND_LOOK_US;
			lend_feed(&l, LEND_CPU, &use, now_us);
		}
		weight = lend_hist_weight(&l.hist[LEND_NODE]);
		for (int hour = 0; hour < 24; hour++) {
			uint64_t next;

			now_us += LEND_HOUR_US;
			lend_fade(&l, LEND_CPU, now_us);
			next = lend_hist_weight(&l.hist[LEND_NODE]);
			CPU_CASE_CHECK(next < weight || weight == 0);
			weight = next;
		}
		now_us += LEND_HOUR_US;
		lend_fade(&l, LEND_CPU, now_us);
		CPU_CASE_CHECK(lend_hist_weight(&l.hist[LEND_NODE]) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_never_more_than_is_left_beside_online_work),
		cmocka_unit_test(it_is_no_more_where_more_was_used_asked_for_or_kept),
		cmocka_unit_test(a_peak_never_rises_by_fading),
	};
	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
