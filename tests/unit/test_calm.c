// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/calm.h"

#include "tests/lib/calm_case.h"
#include "tests/lib/test.h"

static struct calm_case c;
static const struct calm_second quiet = {.web_cpu = 300000, .batch_cpu = 10000};

static int make(void **state)
{
	(void)state;
	calm_case_open(&c);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	calm_case_close(&c);
	return 0;
}

static enum calm now(void)
{
	struct calm_look look = calm_case_look(&c);

	return calm_node(&look);
}

TEST(a_node_is_calm_once_twenty_seconds_of_it_were_seen)
{
	calm_case_run(&c, 20, &quiet);
	assert_int_equal(now(), CALM_UNMEASURED);
	calm_case_run(&c, 1, &quiet);
	assert_int_equal(now(), CALM_YES);
	assert_string_equal(calm_text(CALM_YES), "");
}

TEST(two_percent_of_the_nodes_cpu_for_offline_work_is_not_calm_nor_are_the_ten_seconds_after)
{
	const struct calm_second busy = {.batch_cpu = 81000}; /* of 4 CPUs: a bit over 2 % */

	calm_case_run(&c, 21, &quiet);
	calm_case_run(&c, 10, &busy);
	assert_int_equal(now(), CALM_OFFLINE_CPU);
	calm_case_run(&c, 10, &quiet);
	assert_int_equal(now(), CALM_OFFLINE_CPU);
	calm_case_run(&c, 1, &quiet);
	assert_int_equal(now(), CALM_YES);
}

TEST(online_work_may_use_what_it_likes)
{
	const struct calm_second busy = {.web_cpu = 3000000};

	calm_case_run(&c, 21, &busy);
	assert_int_equal(now(), CALM_YES);
}

TEST(offline_work_that_waits_for_devices_is_not_calm)
{
	const struct calm_second flood = {.batch_io = 300000};

	calm_case_run(&c, 21, &quiet);
	calm_case_run(&c, 1, &flood);
	assert_int_equal(now(), CALM_OFFLINE_IO);
}

TEST(a_node_short_of_memory_is_not_calm)
{
	const struct calm_second scan = {.node_memory = 30000};

	calm_case_run(&c, 21, &quiet);
	calm_case_run(&c, 1, &scan);
	assert_int_equal(now(), CALM_NODE_MEMORY);
}

TEST(a_rung_ends_calm_until_it_is_down_for_thirty_seconds)
{
	calm_case_run(&c, 60, &quiet);
	c.f.ladders.of[RESOURCE_MEMORY].rung = RUNG_SQUEEZE;
	c.f.ladders.of[RESOURCE_MEMORY].steps = 1;
	assert_int_equal(now(), CALM_RUNG);
	c.f.ladders.of[RESOURCE_MEMORY].rung = RUNG_CALM;
	c.f.ladders.of[RESOURCE_MEMORY].since_us = c.now_us;
	calm_case_run(&c, 29, &quiet);
	assert_int_equal(now(), CALM_RUNG);
	calm_case_run(&c, 1, &quiet);
	assert_int_equal(now(), CALM_YES);
}

TEST(a_pod_that_nobody_knows_yet_counts_as_offline)
{
	const struct calm_second busy = {.web_cpu = 900000};

	fake_waiting(&c.f, c.web);
	calm_case_run(&c, 21, &busy);
	assert_int_equal(now(), CALM_OFFLINE_CPU);
}

TEST(a_gap_in_the_samples_is_not_calm)
{
	calm_case_run(&c, 30, &quiet);
	c.now_us += 4000000;
	assert_int_equal(now(), CALM_UNMEASURED);
	calm_case_run(&c, 5, &quiet);
	assert_int_not_equal(now(), CALM_YES);
	calm_case_run(&c, 21, &quiet);
	assert_int_equal(now(), CALM_YES);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_node_is_calm_once_twenty_seconds_of_it_were_seen),
		T(two_percent_of_the_nodes_cpu_for_offline_work_is_not_calm_nor_are_the_ten_seconds_after),
		T(online_work_may_use_what_it_likes),
		T(offline_work_that_waits_for_devices_is_not_calm),
		T(a_node_short_of_memory_is_not_calm),
		T(a_rung_ends_calm_until_it_is_down_for_thirty_seconds),
		T(a_pod_that_nobody_knows_yet_counts_as_offline),
		T(a_gap_in_the_samples_is_not_calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
