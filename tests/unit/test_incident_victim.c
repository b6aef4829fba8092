// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/incident_victim.h"

#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"

#define S INCIDENT_CASE_S
#define PSI (SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO)
#define ALL_UNKNOWN                                                                                \
	{                                                                                          \
		INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN,            \
			INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN                       \
	}

static struct incident_case c;

static int make(void **state)
{
	(void)state;
	return incident_case_open(&c);
}

static int drop(void **state)
{
	(void)state;
	incident_case_close(&c);
	return 0;
}

static struct second at(int64_t at_us, uint32_t valid)
{
	return (struct second){.at_us = at_us,
			       .valid = valid,
			       .anon_kib = SECOND_UNKNOWN,
			       .file_kib = SECOND_UNKNOWN,
			       .refaults_per_s = SECOND_UNKNOWN,
			       .direct_per_s = SECOND_UNKNOWN};
}

static void is(struct incident_victim got, struct incident_victim want)
{
	assert_memory_equal(&got, &want, sizeof(got));
}

TEST(what_grew_between_two_seconds_is_a_share_of_the_time)
{
	struct second a = at(S, SAMPLE_CPU | PSI), b = at(3 * S, SAMPLE_CPU | PSI);

	a.memory_full_us = a.io_full_us = a.throttled_us = UINT32_MAX;
	b.memory_full_us = 499999;
	b.io_full_us = 99999;
	/* On three CPUs. */
	b.throttled_us = 2 * 3 * S - 1;
	b.anon_kib = 4;
	b.file_kib = 5;
	b.refaults_per_s = 6;
	b.direct_per_s = 7;
	is(incident_victim_between(&a, &b), (struct incident_victim){3000, 250, 50, 4, 5, 6, 7});
	/* All of it, and no more. */
	b.memory_full_us = 3 * S;
	assert_int_equal(incident_victim_between(&a, &b).memory_full_permille, 1000);
}

TEST(what_was_not_measured_at_both_ends_is_unknown)
{
	const struct incident_victim unknown = ALL_UNKNOWN;
	struct second a = at(S, SAMPLE_CPU | PSI), b = at(2 * S, 0);

	is(incident_victim_between(&a, &b), unknown);
	is(incident_victim_between(&a, NULL), unknown);
	is(incident_victim_between(&a, &a), unknown);
	b.valid = SAMPLE_PSI_IO;
	is(incident_victim_between(NULL, &b), unknown);
	assert_int_equal(incident_victim_between(&a, &b).io_full_permille, 0);
	assert_int_equal(incident_victim_between(&a, &b).memory_full_permille, INCIDENT_UNKNOWN);
	/* A container may have been throttled, and nobody knows for how long. */
	b.valid = SAMPLE_CPU | SAMPLE_QUOTA_UNSEEN;
	assert_int_equal(incident_victim_between(&a, &b).throttled_permille, INCIDENT_UNKNOWN);
	b.valid = SAMPLE_CPU;
	a.valid |= SAMPLE_QUOTA_UNSEEN;
	assert_int_equal(incident_victim_between(&a, &b).throttled_permille, 0);
	/* What it has is as of the end. */
	b.anon_kib = 9;
	assert_int_equal(incident_victim_between(NULL, &b).anon_kib, 9);
}

TEST(two_points_have_the_mean_of_what_was_so_a_second_and_what_there_is_at_the_end)
{
	struct incident_victim a = {100, 10, 20, 1000, 2000, 30, INCIDENT_UNKNOWN};
	struct incident_victim b = {400, 40, 80, 3000, 4000, 90, 6};

	incident_victim_merge(&a, 2000, &b, 1000);
	is(a, (struct incident_victim){200, 20, 40, 3000, 4000, 50, 6});
	b = (struct incident_victim)ALL_UNKNOWN;
	incident_victim_merge(&a, 2000, &b, 1000);
	is(a, (struct incident_victim){200, 20, 40, 3000, 4000, 50, 6});
}

TEST(each_point_has_it_of_the_victim_alone)
{
	struct incident *i;
	const struct incident_victim *v;

	incident_case_run(&c, 20, 1500, 10);
	c.memory = (struct pod_memory){1, 8 << 20, 4 << 20, 70, 3};
	c.memory_permille = 200;
	c.throttled_permille = 1500;
	incident_case_run(&c, 5, 1500, 10);
	i = incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_MEMORY);
	assert_non_null(i);
	v = &i->points[i->n_points - 1].victim;
	is(*v, (struct incident_victim){1500, 200, 100, 8192, 4096, 70, 3});
	/* Of before only what is always measured. */
	v = &i->points[5].victim;
	is(*v, (struct incident_victim){0, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN,
					INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN});
	c.memory.anon_bytes = 16 << 20;
	incident_case_run(&c, 1, 1500, 10);
	assert_int_equal(i->points[i->n_points - 1].victim.anon_kib, 16384);
	/* Of the others nothing of it is kept. */
	i = incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.db, RESOURCE_MEMORY);
	assert_int_equal(i->points[i->n_points - 1].victim.anon_kib, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[i->n_points - 1].victim.throttled_permille, 0);
}

TEST(the_coarse_points_of_a_long_one_have_means)
{
	struct incident *i;

	c.memory = (struct pod_memory){1, 8 << 20, 4 << 20, 70, 3};
	incident_case_run(&c, 90, 1500, 10);
	i = incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_MEMORY);
	for (int n = 0; n < 400; n++) {
		i->hurt_us = c.look.now_us;
		c.memory.refaults_per_s = n % 2 ? 1000 : 3000;
		c.memory_permille = n % 2 ? 100 : 300;
		incident_case_second(&c, 1500, 10);
	}
	assert_true(i->coarse_ms >= 4000);
	assert_int_equal(i->points[150].victim.refaults_per_s, 2000);
	assert_int_equal(i->points[150].victim.memory_full_permille, 200);
	assert_int_equal(i->points[150].victim.anon_kib, 8192);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_grew_between_two_seconds_is_a_share_of_the_time),
		T(what_was_not_measured_at_both_ends_is_unknown),
		T(two_points_have_the_mean_of_what_was_so_a_second_and_what_there_is_at_the_end),
		T(each_point_has_it_of_the_victim_alone),
		T(the_coarse_points_of_a_long_one_have_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
