// SPDX-License-Identifier: LGPL-2.1-or-later
// When memory.stat is read, and that not knowing is not zero.
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
	c.events.online = true;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	memory_events_case_close(&c);
	return 0;
}

static uint64_t later(int64_t us, uint64_t waited_us)
{
	return memory_events_case_later(&c, us, waited_us);
}

static void kernel_says(const char *text)
{
	memory_events_case_put(&c, "memory.stat", text);
}

static void kernel_counts(unsigned refaults, unsigned direct)
{
	char text[200];

	(void)snprintf(text, sizeof(text),
		       "anon 8192\nfile 4096\nworkingset_refault_anon 5\n"
		       "workingset_refault_file %u\npgscan_direct %u\n",
		       refaults, direct);
	kernel_says(text);
}

static void is_unknown(void)
{
	assert_int_equal(c.memory.at_us, 0);
	assert_true(c.events.stat.fd < 0);
}

TEST(while_nothing_waits_it_is_not_read)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(later(S, 0), 0);
	is_unknown();
}

TEST(while_an_online_pod_waits_it_is_read_once_a_second)
{
	kernel_counts(100, 0);
	/* memory.events beside it */
	assert_int_equal(later(S, 1), 2);
	assert_int_equal(c.memory.at_us, c.sample.at_us);
	assert_int_equal(c.memory.anon_bytes, 8192);
	assert_int_equal(c.memory.file_bytes, 4096);
	for (int i = 0; i < 8; i++)
		assert_int_equal(later(S / 10, 1), 1);
	assert_int_equal(later(S / 10, 1), 2);
	assert_int_equal(c.memory.at_us, c.sample.at_us);
}

TEST(what_grew_is_that_of_a_second)
{
	kernel_counts(100, 40);
	later(S, 1);
	assert_true(c.memory.refaults_per_s == POD_MEMORY_UNKNOWN);
	assert_true(c.memory.direct_per_s == POD_MEMORY_UNKNOWN);
	kernel_counts(400, 60);
	later(2 * S, 1);
	assert_int_equal(c.memory.refaults_per_s, 150);
	assert_int_equal(c.memory.direct_per_s, 10);
	later(S, 1);
	assert_int_equal(c.memory.refaults_per_s, 0);
	/* A cgroup of another one, or a kernel that counts anew. */
	kernel_counts(10, 0);
	later(S, 1);
	assert_true(c.memory.refaults_per_s == POD_MEMORY_UNKNOWN);
	kernel_counts(15, 0);
	later(S, 1);
	assert_int_equal(c.memory.refaults_per_s, 5);
	/* Over a gap nobody knows when it was. */
	kernel_counts(9000, 0);
	later(6 * S, 1);
	assert_true(c.memory.refaults_per_s == POD_MEMORY_UNKNOWN);
	assert_int_equal(c.memory.anon_bytes, 8192);
}

TEST(ten_seconds_after_the_last_wait_it_ends)
{
	kernel_counts(100, 0);
	later(S, 1);
	for (int i = 0; i < 9; i++)
		assert_int_equal(later(S, 0), 2);
	assert_true(c.memory.at_us > 0);
	assert_int_equal(later(S, 0), 0);
	is_unknown();
	/* Of the next time nothing is known from this one. */
	kernel_counts(900, 0);
	later(S, 1);
	assert_true(c.memory.refaults_per_s == POD_MEMORY_UNKNOWN);
}

TEST(of_a_pod_that_is_not_online_it_is_not_read)
{
	kernel_counts(100, 0);
	c.events.online = false;
	assert_int_equal(later(S, 1), 1);
	is_unknown();
	c.events.online = true;
	assert_int_equal(later(S, 1), 2);
	assert_true(c.memory.at_us > 0);
	c.events.online = false;
	assert_int_equal(later(S, 1), 1);
	is_unknown();
}

TEST(what_the_kernel_does_not_count_is_not_known)
{
	kernel_says("anon 8192\nfile 0\nworkingset_refault 7\n");
	later(S, 1);
	kernel_says("anon 8192\nfile 0\nworkingset_refault 9\n");
	later(S, 1);
	assert_int_equal(c.memory.refaults_per_s, 2);
	assert_true(c.memory.direct_per_s == POD_MEMORY_UNKNOWN);
	assert_int_equal(c.memory.file_bytes, 0);
	assert_false(c.reader.said);
}

TEST(what_cannot_be_understood_is_not_known_and_said)
{
	kernel_counts(100, 0);
	later(S, 1);
	kernel_says("anon 8192\n");
	later(S, 1);
	is_unknown();
	assert_true(c.reader.said);
	/* It costs nothing of the events. */
	assert_true(c.sample.valid & SAMPLE_MEMORY_EVENTS);
	kernel_counts(100, 0);
	later(S, 1);
	assert_int_equal(c.memory.anon_bytes, 8192);
	assert_true(c.memory.refaults_per_s == POD_MEMORY_UNKNOWN);
}

TEST(a_pod_that_is_gone_is_no_error)
{
	c.pod->cgroup->path[0] = 'x';
	later(S, 1);
	is_unknown();
	assert_false(c.reader.said);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(while_nothing_waits_it_is_not_read),
		CASE(while_an_online_pod_waits_it_is_read_once_a_second),
		CASE(what_grew_is_that_of_a_second),
		CASE(ten_seconds_after_the_last_wait_it_ends),
		CASE(of_a_pod_that_is_not_online_it_is_not_read),
		CASE(what_the_kernel_does_not_count_is_not_known),
		CASE(what_cannot_be_understood_is_not_known_and_said),
		CASE(a_pod_that_is_gone_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
