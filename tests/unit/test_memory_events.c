// SPDX-License-Identifier: LGPL-2.1-or-later
// When memory.events is read, and that not knowing is not zero.
#include "tests/lib/memory_events_case.h"

#include <stdio.h>

#include "tests/lib/test.h"

#define S 1000000ll

static struct memory_events_case c;

static int make(void **state)
{
	(void)state;
	if (memory_events_case_open(&c) < 0)
		return -1;
	c.reader.said = true;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	memory_events_case_close(&c);
	return 0;
}

static void second(uint64_t waited_us)
{
	(void)memory_events_case_later(&c, S, waited_us);
}

static void kernel_says(unsigned high, unsigned max)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "low 3\nhigh %u\nmax %u\noom 7\noom_kill 0\n", high,
		       max);
	memory_events_case_put(&c, "memory.events", text);
}

TEST(a_pod_that_waits_for_nothing_costs_no_read)
{
	for (int i = 0; i < 5; i++)
		second(0);
	assert_int_equal(c.reader.n_reads, 0);
	assert_true(c.events.fd < 0);
	assert_false(c.sample.valid & SAMPLE_MEMORY_EVENTS);
}

TEST(one_that_waits_is_looked_at_and_for_ten_seconds_more)
{
	kernel_says(2, 40);
	second(0);
	second(1);
	assert_true(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_int_equal(c.sample.memory_bounded, 42);
	kernel_says(2, 41);
	second(0);
	assert_int_equal(c.sample.memory_bounded, 43);
	for (int i = 0; i < 8; i++)
		second(0);
	assert_true(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	second(0);
	assert_false(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_true(c.events.fd < 0);
}

TEST(what_cannot_be_read_is_not_known)
{
	memory_events_case_put(&c, "memory.events", "low 3\nmax 1\n");
	second(0);
	second(5);
	assert_false(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_int_equal(c.sample.memory_bounded, 0);
	memory_events_case_put(&c, "memory.events", "high x\nmax 1\n");
	second(5);
	assert_false(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	kernel_says(0, 0);
	second(5);
	assert_true(c.sample.valid & SAMPLE_MEMORY_EVENTS);
}

TEST(a_pod_that_is_gone_is_no_error)
{
	c.reader.said = false;
	c.pod->cgroup->path[0] = 'x';
	second(0);
	second(5);
	assert_false(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_false(c.reader.said);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pod_that_waits_for_nothing_costs_no_read),
		CASE(one_that_waits_is_looked_at_and_for_ten_seconds_more),
		CASE(what_cannot_be_read_is_not_known),
		CASE(a_pod_that_is_gone_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
