// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes over a fake tree whose online pod waits: what is told of its indicator.
#include "agent/slis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/incidents.h"
#include "agent/tick.h"
#include "tests/lib/fault.h"
#include "tests/lib/test.h"
#include "tests/lib/tick_case.h"

#define S_US 1000000

static struct tick_case t;
static uint64_t waited_us;

static int setup(void **state)
{
	(void)state;
	waited_us = 0;
	return tick_case_open(&t);
}

static int teardown(void **state)
{
	(void)state;
	tick_case_close(&t);
	return 0;
}

static void seconds(int n, int64_t *now_us, uint64_t wait_us)
{
	char text[160];

	while (n-- > 0) {
		*now_us += S_US;
		waited_us += wait_us;
		(void)snprintf(text, sizeof(text),
			       "some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\n"
			       "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
			       (unsigned long long)waited_us);
		tree_write(t.dir, "sys/fs/cgroup/" TICK_ONLINE_POD "/cpu.pressure", text);
		tick(t.state, *now_us);
	}
}

TEST(a_violation_is_told_once_when_it_begins_and_once_when_it_ends)
{
	struct history_record r;
	int64_t now_us = 100 * S_US;

	tick_case_start(&t, "observe", MODE_FULL);
	t.state->policy->n_slis = 1;
	t.state->policy->slis[0] = (struct sli_policy){
		.name = "front",
		.bound = 50,
		.window_us = 10 * S_US,
		.sign = SLI_CPU_SOME,
		.level = LEVEL_NONE,
		.statistic = SLI_P90,
	};
	seconds(12, &now_us, 20000);
	assert_int_equal(tick_case_told(&t, HISTORY_SLI, &r), 0);
	seconds(2, &now_us, 300000);
	assert_int_equal(tick_case_told(&t, HISTORY_SLI, &r), 1);
	assert_string_equal(r.what, TICK_ONLINE_POD);
	assert_string_equal(r.knob, "front");
	assert_string_equal(r.from, "met");
	assert_string_equal(r.to, "violated");
	assert_string_equal(r.why, "p90 of cpu.some over 10 s is 30.0 %, more than 5.0 %");
	assert_string_equal(r.numbers, "value_permille=300,bound_permille=50,worst_permille=300,"
				       "window_us=10000000,since_us=114000000");
	assert_false(r.would);
	assert_int_equal(t.state->incidents.opened, 1);
	assert_non_null(t.state->incidents.list[0]);
	assert_int_equal(t.state->incidents.list[0]->causes & 1u << INCIDENT_SLI,
			 1u << INCIDENT_SLI);
	assert_int_equal(tick_case_told(&t, HISTORY_INCIDENT, &r), 1);
	assert_string_equal(r.pod, "shop/web");
	assert_string_equal(r.what, TICK_ONLINE_POD);
	assert_string_equal(r.knob, "cpu");
	assert_string_equal(r.to, "opened");
	assert_string_equal(r.why, "incident 1 (sli): nobody is suspected yet. See: coloctl "
				   "incidents show 1");
	seconds(30, &now_us, 20000);
	assert_int_equal(tick_case_told(&t, HISTORY_SLI, &r), 2);
	assert_string_equal(r.to, "met");
	seconds(61, &now_us, 20000);
	assert_int_equal(tick_case_told(&t, HISTORY_INCIDENT, &r), 2);
	assert_string_equal(r.from, "open");
	assert_string_equal(r.to, "closed");
	assert_non_null(strstr(
		r.why, "incident 1: 18 s from when it was first hurt to when it was last, at "
		       "worst stalled 30 % of the time, nobody is suspected; "));
	assert_non_null(strstr(r.why, "done: nothing. See: coloctl incidents show 1"));
	assert_non_null(strstr(r.numbers, "incident=1,hurt_us="));
}

static const struct pod *online_pod(void)
{
	const struct model *m = discover_model(t.state->discover);

	for (size_t n = 0; n < m->n_pods; n++)
		if (strcmp(m->pods[n]->cgroup->path, TICK_ONLINE_POD) == 0)
			return m->pods[n];
	fail();
	return NULL;
}

/* The kernel does not say how long it waits for disks. */
TEST(of_a_wait_that_was_not_measured_nothing_is_said)
{
	struct history_record r;
	int64_t now_us = 100 * S_US;
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/" TICK_ONLINE_POD "/io.pressure",
		       t.dir);
	assert_int_equal(unlink(path), 0);
	tick_case_start(&t, "observe", MODE_FULL);
	seconds(12, &now_us, 20000);
	incidents_sli(t.state, online_pod(), RESOURCE_IO, now_us);
	seconds(2, &now_us, 20000);
	incidents_sli(t.state, online_pod(), RESOURCE_IO, now_us);
	assert_non_null(t.state->incidents.list[0]);
	seconds(70, &now_us, 20000);
	assert_int_equal(tick_case_told(&t, HISTORY_INCIDENT, &r), 2);
	assert_string_equal(r.to, "closed");
	assert_string_equal(r.knob, "io");
	assert_string_equal(
		r.why, "incident 1: 2 s from when it was first hurt to when it was last, nobody is "
		       "suspected; done: nothing. See: coloctl incidents show 1");
}

static void ask_cpi(void)
{
	t.state->policy->n_slis = 1;
	t.state->policy->slis[0] = (struct sli_policy){
		.name = "cpi", .bound = 1500, .window_us = 10 * S_US, .sign = SLI_CPI};
	t.state->policy->slis[0].level = LEVEL_NONE;
}

/* Without room for events each of the online pods is tried once. */
TEST(cycles_are_counted_where_an_sli_asks)
{
	int64_t now_us = 100 * S_US;
	unsigned tried;

	tick_case_start(&t, "observe", MODE_FULL);
	discover_set_capability(t.state->discover, CAPABILITY_PERF, true);
	fault_begin();
	fault_set_from(SYS_PERF, 1, -ENOSPC);
	seconds(5, &now_us, 0);
	assert_int_equal(fault_count(SYS_PERF), 0);
	ask_cpi();
	seconds(5, &now_us, 0);
	tried = fault_count(SYS_PERF);
	assert_int_equal(tried, 1);
	t.state->policy->n_slis = 0;
	seconds(5, &now_us, 0);
	assert_int_equal(fault_count(SYS_PERF), tried);
	fault_end();
}

TEST(in_mode_off_no_cycles_are_counted)
{
	int64_t now_us = 100 * S_US;

	tick_case_start(&t, "off", MODE_FULL);
	discover_set_capability(t.state->discover, CAPABILITY_PERF, true);
	ask_cpi();
	fault_begin();
	fault_set_from(SYS_PERF, 1, -ENOSPC);
	seconds(5, &now_us, 0);
	assert_int_equal(fault_count(SYS_PERF), 0);
	fault_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cycles_are_counted_where_an_sli_asks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(in_mode_off_no_cycles_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_wait_that_was_not_measured_nothing_is_said,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_violation_is_told_once_when_it_begins_and_once_when_it_ends, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
