// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/incident_scene.h"

#include <stdio.h>

#include "policy/incident_flow.h"
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

/* Online work sends 2 MiB/s and offline work 6, all of it the hog's. */
static void measure_net(void)
{
	c.flow = (struct net_flow){.at_us = 1};
	c.flow.online = (struct net_flow_of){.sent_bytes_per_s = 2 << 20, .arrived_bytes_per_s = 9};
	c.flow.offline = (struct net_flow_of){
		.sent_bytes_per_s = 6 << 20, .drops_per_s = 7, .backlog_bytes = 40 << 10};
	c.sent[c.hog->slot] = (struct net_sent){.rated = true, .bytes_per_s = 6 << 20};
}

TEST(what_went_through_the_network_is_in_it_from_the_minute_before_on)
{
	struct incident *i;
	int hog;

	incident_case_run(&c, 20, 1500, 10);
	measure_net();
	incident_case_run(&c, 30, 1500, 10);
	i = open_one();
	hog = place_of(i, c.hog);
	assert_int_equal(i->points[18].net.online.sent_kib_s, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[18].pods[hog].sent_kib_s, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[19].net.online.sent_kib_s, 2048);
	assert_int_equal(i->points[19].net.offline.sent_kib_s, 6144);
	assert_int_equal(i->points[19].net.offline.waiting_kib, 40);
	assert_int_equal(i->points[19].net.offline.dropped_per_s, 7);
	assert_int_equal(i->points[19].net.online.dropped_per_s, 0);
	assert_int_equal(i->points[19].pods[hog].sent_kib_s, 6144);
	/* Nobody counts what arrives, and nobody who sends for web. */
	assert_int_equal(i->points[19].net.online.arrived_kib_s, INCIDENT_UNKNOWN);
	assert_int_equal(i->points[19].pods[0].sent_kib_s, INCIDENT_UNKNOWN);
	c.flow.arrived = true;
	c.flow.online.arrived_bytes_per_s = 3 << 20;
	incident_case_run(&c, 1, 1500, 10);
	assert_int_equal(i->points[i->n_points - 1].net.online.arrived_kib_s, 3072);
	assert_int_equal(i->points[i->n_points - 1].net.offline.arrived_kib_s, 0);
}

TEST(what_was_measured_of_the_network_too_long_ago_is_unknown)
{
	struct incident_net net;
	struct net_flow flow;

	measure_net();
	flow = c.flow;
	flow.at_us = 100 * (int64_t)S;
	flow.drops_at_us = 95 * (int64_t)S;
	net = incident_flow_now(&flow, 107 * (int64_t)S);
	assert_int_equal(net.offline.dropped_per_s, 7);
	/* Drops are counted by whole rounds alone: that of before is not of now. */
	net = incident_flow_now(&flow, 108 * (int64_t)S);
	assert_int_equal(net.offline.dropped_per_s, INCIDENT_UNKNOWN);
	assert_int_equal(net.offline.sent_kib_s, 6144);
	net = incident_flow_now(&flow, 113 * (int64_t)S);
	assert_int_equal(net.offline.sent_kib_s, INCIDENT_UNKNOWN);
	assert_int_equal(net.offline.waiting_kib, INCIDENT_UNKNOWN);
	net = incident_flow_now(NULL, 100 * (int64_t)S);
	assert_int_equal(net.online.sent_kib_s, INCIDENT_UNKNOWN);
}

TEST(two_points_have_the_mean_of_what_was_sent_and_what_waits_at_the_end)
{
	struct incident_net a = {{100, INCIDENT_UNKNOWN, 4, 90}, {0, 0, 0, 7}};
	const struct incident_net b = {{400, 10, 1, 30}, {300, 3, 3, INCIDENT_UNKNOWN}};

	incident_flow_merge(&a, 2000, &b, 1000);
	assert_int_equal(a.online.sent_kib_s, 200);
	assert_int_equal(a.online.arrived_kib_s, 10);
	assert_int_equal(a.online.dropped_per_s, 3);
	assert_int_equal(a.online.waiting_kib, 30);
	assert_int_equal(a.offline.sent_kib_s, 100);
	assert_int_equal(a.offline.waiting_kib, 7);
}

TEST(a_long_one_becomes_coarser_behind_its_first_two_minutes)
{
	struct incident *i;

	measure_net();
	incident_case_run(&c, 90, 1500, 10);
	i = open_one();
	for (int n = 0; n < 660 && !i->closed; n++) {
		if (n < 600)
			i->hurt_us = c.look.now_us;
		c.flow.online.sent_bytes_per_s = n % 2 ? 2 << 20 : 4 << 20;
		c.sent[c.hog->slot].bytes_per_s = n % 2 ? 2 << 20 : 4 << 20;
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
	assert_in_range(i->points[150].net.online.sent_kib_s, 3000, 3140);
	assert_in_range(i->points[150].pods[1].sent_kib_s, 3000, 3140);
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
		T(what_went_through_the_network_is_in_it_from_the_minute_before_on),
		T(what_was_measured_of_the_network_too_long_ago_is_unknown),
		T(two_points_have_the_mean_of_what_was_sent_and_what_waits_at_the_end),
		T(a_long_one_becomes_coarser_behind_its_first_two_minutes),
		T(a_sample_that_is_missing_is_unknown_and_not_nothing),
		T(who_is_suspected_takes_the_place_of_who_uses_least_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
