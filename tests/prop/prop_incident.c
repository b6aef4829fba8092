// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of incidents, whatever happens at random: there are only so many, no two of a pod and resource go on at a time, numbers
// grow, points and marks stay few and in their order, and none lasts for longer than it may. The seed is printed; COLOD_SEED=N runs
// the same again.
#include "policy/incident.h"

#include <stdio.h>

#include "tests/lib/cpu_case.h"
#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"

#define ROUNDS 20
#define SECONDS 1500
#define LONGEST_US (INCIDENT_MOST_US + INCIDENT_AFTER_US + 10 * INCIDENT_CASE_S)

static uint64_t draws;
static struct incident_case c;
static uint64_t closed, merged;

static uint64_t below(uint64_t n)
{
	return fake_random_below(&draws, n);
}

static void something(void)
{
	static const char *const knobs[] = {"cpu.max", "memory.high", "cgroup.freeze"};
	static const enum history_kind kinds[] = {HISTORY_WRITE,   HISTORY_WRITE, HISTORY_RUNG,
						  HISTORY_RECLAIM, HISTORY_KILL,  HISTORY_FACTS};
	char what[32];

	(void)snprintf(what, sizeof(what), "a/%u", (unsigned)below(3));
	incident_case_record(&c, kinds[below(6)], what, knobs[below(3)], "1", below(5) == 0);
}

static void hurt(void)
{
	struct pod *const pods[] = {c.web, c.db, c.hog};

	incident_case_excess(&c, c.web, (uint32_t)below(250));
	if (below(3) == 0)
		incident_case_rung(&c, pods[below(3)]);
	if (below(20) == 0)
		incident_case_calm(&c);
	if (below(40) == 0)
		(void)incident_open(&c.incidents, &c.look, INCIDENT_SLI, pods[below(2)],
				    (enum resource)below(RESOURCE_COUNT));
	/* A pod is made anew. */
	if (below(200) == 0)
		c.db->serial += 100;
}

static void check_one(const struct incident *i, int number)
{
	uint32_t n = 0;

	CPU_CASE_CHECK(i->id < c.incidents.next_id);
	CPU_CASE_CHECK(i->n_points <= INCIDENT_POINTS && i->n_marks <= INCIDENT_MARKS);
	CPU_CASE_CHECK(i->hurt_us - i->opened_us <= INCIDENT_MOST_US);
	CPU_CASE_CHECK((i->closed ? i->ended_us : c.look.now_us) - i->opened_us <= LONGEST_US);
	for (n = 1; n < i->n_points; n++)
		CPU_CASE_CHECK(i->points[n].at_us - (int64_t)i->points[n].span_ms * 1000 >=
			       i->points[n - 1].at_us - 1000);
	for (n = 1; n < i->n_marks; n++)
		CPU_CASE_CHECK(i->marks[n].at_us >= i->marks[n - 1].at_us);
	for (n = 0; n < i->n_marks; n++) {
		CPU_CASE_CHECK(i->marks[n].n > 0 && i->marks[n].last_us >= i->marks[n].at_us &&
			       i->marks[n].kind != HISTORY_FACTS);
		merged += i->marks[n].n > 1;
	}
	for (n = 1; n < INCIDENT_PODS; n++)
		for (uint32_t k = 0; k < n && i->pods[n].serial; k++)
			CPU_CASE_CHECK(i->pods[k].serial != i->pods[n].serial);
}

static void check(int number)
{
	for (int n = 0; n < INCIDENTS_OPEN; n++) {
		const struct incident *i = c.incidents.list[n];

		if (!i)
			continue;
		check_one(i, number);
		for (int k = 0; k < n; k++) {
			const struct incident *other = c.incidents.list[k];

			CPU_CASE_CHECK(!other || other->id != i->id);
			CPU_CASE_CHECK(!other || other->closed || i->closed ||
				       other->resource != i->resource ||
				       other->pods[0].serial != i->pods[0].serial);
		}
		if (i->closed && below(3) == 0) {
			closed++;
			incident_drop(&c.incidents, i->id);
		}
	}
}

TEST(they_stay_few_bounded_and_in_order)
{
	draws = cpu_case_current() | 1;
	closed = merged = 0;
	for (int number = 0; number < ROUNDS; number++) {
		bool often = number % 2;

		assert_int_equal(incident_case_open(&c), 0);
		for (int s = 0; s < SECONDS; s++) {
			if (often || below(300) < 20)
				hurt();
			if (below(3) == 0)
				something();
			incident_case_second(&c, (uint32_t)below(4000), (uint32_t)below(1000));
			check(number);
		}
		incident_case_close(&c);
	}
	assert_true(closed > 0);
	assert_true(merged > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_stay_few_bounded_and_in_order),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
