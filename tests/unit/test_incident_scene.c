// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/incident_scene.h"

#include <stdio.h>

#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"

#define S INCIDENT_CASE_S

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

static struct incident *open_one(void)
{
	struct incident *i =
		incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU);

	assert_non_null(i);
	return i;
}

static int place_of(const struct incident *i, const struct pod *pod)
{
	for (int p = 0; p < INCIDENT_PODS; p++)
		if (i->pods[p].serial == pod->serial)
			return p;
	return -1;
}

TEST(the_minute_before_is_in_it_second_by_second)
{
	struct incident *i;

	incident_case_run(&c, 90, 1500, 120);
	i = open_one();
	assert_int_equal(i->n_points, 61);
	assert_int_equal(i->points[60].at_us, c.look.now_us);
	assert_int_equal(i->points[0].at_us, c.look.now_us - INCIDENT_BEFORE_US);
	assert_int_equal(i->points[30].span_ms, 1000);
	assert_int_equal(i->points[30].stalled_permille[RESOURCE_CPU], 120);
	assert_int_equal(i->points[30].stalled_permille[RESOURCE_IO], INCIDENT_UNKNOWN_STALL);
	assert_int_equal(i->points[30].pods[0].cpu_milli, 200);
	assert_int_equal(i->points[30].pods[place_of(i, c.hog)].cpu_milli, 1500);
	assert_int_equal(i->points[30].node.cpu_milli, 2100);
	assert_int_equal(i->points[30].node.memory_kib, 4 << 20);
	assert_int_equal(place_of(i, c.web), 0);
	assert_int_equal(place_of(i, c.hog), 1);
}

TEST(each_second_after_is_added)
{
	struct incident *i;

	incident_case_run(&c, 20, 1500, 10);
	i = open_one();
	incident_case_run(&c, 30, 500, 250);
	assert_int_equal(i->n_points, 19 + 30);
	assert_int_equal(i->points[48].pods[place_of(i, c.hog)].cpu_milli, 500);
	assert_int_equal(i->worst_stalled_permille, 250);
}

static void does_on_disk(const struct pod *pod, uint64_t read, uint64_t written)
{
	struct pod_disks *d = &c.f.samples.pods[pod->slot]->disks;

	*d = (struct pod_disks){.at_us = c.look.now_us - 50000, .n = 2};
	d->list[0].bytes_per_s[0] = read;
	d->list[1].bytes_per_s[1] = written;
}

TEST(what_each_pod_does_on_disks_is_added_where_it_is_measured)
{
	struct incident *i;

	incident_case_run(&c, 20, 1500, 10);
	i = open_one();
	does_on_disk(c.hog, 3 << 20, 1 << 20);
	c.f.samples.pods[c.hog->slot]->disks.at_us += INCIDENT_CASE_S;
	incident_case_run(&c, 1, 500, 250);
	assert_int_equal(i->points[19].pods[place_of(i, c.hog)].disk_kib_s, 4096);
	assert_int_equal(i->points[19].pods[0].disk_kib_s, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[19].node.disk_kib_s, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[18].pods[place_of(i, c.hog)].disk_kib_s, INCIDENT_UNKNOWN);
	/* two seconds later it is nobody's any more */
	incident_case_run(&c, 2, 500, 250);
	assert_int_equal(i->points[21].pods[place_of(i, c.hog)].disk_kib_s, INCIDENT_UNKNOWN);
}

TEST(a_long_one_becomes_coarser_behind_its_first_two_minutes)
{
	struct incident *i;

	incident_case_run(&c, 90, 1500, 10);
	i = open_one();
	for (int n = 0; n < 660 && !i->closed; n++) {
		if (n < 600)
			i->hurt_us = c.look.now_us;
		incident_case_second(&c, n % 2 ? 1000 : 2000, n % 2 ? 100 : 300);
	}
	assert_true(i->n_points <= INCIDENT_POINTS);
	assert_true(i->coarse_ms >= 4000);
	for (int n = 0; n < INCIDENT_FINE_POINTS; n++)
		assert_int_equal(i->points[n].span_ms, 1000);
	for (uint32_t n = 1; n < i->n_points; n++)
		assert_int_equal(i->points[n].at_us - (int64_t)i->points[n].span_ms * 1000,
				 i->points[n - 1].at_us);
	for (uint32_t n = INCIDENT_FINE_POINTS + 1; n + 1 < i->n_points; n++)
		assert_int_equal(i->points[n].span_ms, i->coarse_ms);
	/* Means of what went up and down. */
	assert_in_range(i->points[150].stalled_permille[RESOURCE_CPU], 195, 205);
	assert_in_range(i->points[150].pods[1].cpu_milli, 1480, 1520);
}

TEST(a_sample_that_is_missing_is_unknown_and_not_nothing)
{
	struct incident *i;

	incident_case_run(&c, 20, 1500, 10);
	i = open_one();
	c.hog->serial += 50;
	incident_case_run(&c, 3, 1500, 10);
	assert_int_equal(i->points[i->n_points - 1].pods[1].cpu_milli, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[i->n_points - 1].pods[0].cpu_milli, 200);
}

TEST(who_is_suspected_takes_the_place_of_who_uses_least_and_stays)
{
	struct pod *more[INCIDENT_PODS];
	struct incident *i;

	for (int n = 0; n < INCIDENT_PODS; n++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod9%d.slice", n);
		more[n] = fake_pod(&c.f, path, QOS_GUARANTEED);
		fake_level(&c.f, more[n], LEVEL_P0);
	}
	incident_case_run(&c, 20, 20, 10);
	i = open_one();
	for (int n = 0; n < INCIDENT_PODS; n++)
		assert_true(i->pods[n].serial != 0);
	assert_int_equal(place_of(i, c.hog), -1);
	incident_scene_suspect(i, &c.look, c.hog);
	assert_true(place_of(i, c.hog) > 0);
	assert_true(i->pods[place_of(i, c.hog)].suspected);
	/* With what is known of it. */
	assert_int_equal(i->points[10].pods[place_of(i, c.hog)].cpu_milli, 20);
	for (int n = 0; n < INCIDENT_PODS; n++)
		incident_scene_suspect(i, &c.look, more[n]);
	assert_true(place_of(i, c.hog) > 0);
	assert_int_equal(place_of(i, c.web), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_minute_before_is_in_it_second_by_second),
		T(each_second_after_is_added),
		T(what_each_pod_does_on_disks_is_added_where_it_is_measured),
		T(a_long_one_becomes_coarser_behind_its_first_two_minutes),
		T(a_sample_that_is_missing_is_unknown_and_not_nothing),
		T(who_is_suspected_takes_the_place_of_who_uses_least_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
