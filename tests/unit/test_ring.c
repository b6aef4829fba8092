// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/ring.h"

#define S 1000000

static struct pod_history history;
static struct node_history node;

static int clear(void **state)
{
	(void)state;
	memset(&history, 0, sizeof(history));
	memset(&node, 0, sizeof(node));
	return 0;
}

/* The usage is the sample's number, so that a test sees which one it got. */
static int add(int64_t at_us, uint32_t valid, uint64_t number)
{
	struct pod_sample s = {.at_us = at_us, .valid = valid, .cpu_usage_us = number};

	return ring_add(&history, &s);
}

static int add_node(int64_t at_us, uint32_t valid, uint64_t number)
{
	struct node_sample s = {.at_us = at_us, .valid = valid, .cpu_busy_us = number};

	return ring_add_node(&node, &s);
}

TEST(an_empty_history_has_nothing)
{
	assert_null(ring_last(&history));
	assert_null(ring_at(&history, 0));
	assert_null(ring_back(&history, 0, 0));
	assert_null(ring_last_node(&node));
	assert_null(ring_back_node(&node, 0, 0));
}

TEST(the_last_sample_is_the_newest)
{
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(add(i * S, SAMPLE_CPU, (uint64_t)i), 0);
		assert_int_equal(ring_last(&history)->cpu_usage_us, i);
		assert_int_equal(add_node(i * S, SAMPLE_CPU, (uint64_t)i), 0);
		assert_int_equal(ring_last_node(&node)->cpu_busy_us, i);
	}
}

TEST(samples_are_counted_back_from_the_newest)
{
	for (int i = 1; i <= 5; i++)
		assert_int_equal(add(i * S, 0, (uint64_t)i), 0);
	assert_int_equal(ring_at(&history, 0)->cpu_usage_us, 5);
	assert_int_equal(ring_at(&history, 4)->cpu_usage_us, 1);
	assert_null(ring_at(&history, 5));
}

TEST(an_older_or_equal_time_is_refused_and_changes_nothing)
{
	assert_int_equal(add(5 * S, SAMPLE_CPU, 1), 0);
	assert_int_equal(add(5 * S, SAMPLE_CPU, 2), -EINVAL);
	assert_int_equal(add(4 * S, SAMPLE_CPU, 3), -EINVAL);
	assert_int_equal(history.count, 1);
	assert_int_equal(ring_last(&history)->cpu_usage_us, 1);
	assert_int_equal(add_node(5 * S, SAMPLE_CPU, 1), 0);
	assert_int_equal(add_node(5 * S, SAMPLE_CPU, 2), -EINVAL);
	assert_int_equal(ring_last_node(&node)->cpu_busy_us, 1);
}

/* However often the agent is woken: the newest is there, and ten seconds before it. */
TEST(samples_that_come_fast_thin_out)
{
	for (int i = 1; i <= 1000; i++) {
		assert_int_equal(add(i * S / 20, SAMPLE_CPU, (uint64_t)i), 0);
		assert_int_equal(add_node(i * S / 20, SAMPLE_CPU, (uint64_t)i), 0);
		assert_int_equal(ring_last(&history)->cpu_usage_us, i);
		assert_int_equal(ring_last_node(&node)->cpu_busy_us, i);
	}
	assert_true(ring_at(&history, 0)->at_us - ring_back(&history, 10 * S, 0)->at_us >= 10 * S);
	assert_true(ring_last_node(&node)->at_us - ring_back_node(&node, 10 * S, 0)->at_us >=
		    10 * S);
	for (uint32_t i = 1; i + 1 < SAMPLE_RING; i++)
		assert_true(ring_at(&history, i)->at_us - ring_at(&history, i + 1)->at_us >=
			    RING_SPACING_US);
	/* At the pace of a tense pass nothing is lost. */
	assert_int_equal(clear(NULL), 0);
	for (int i = 1; i <= 40; i++)
		assert_int_equal(add(i * S / 5, SAMPLE_CPU, (uint64_t)i), 0);
	assert_int_equal(history.count, 40);
}

TEST(the_oldest_falls_out_and_the_rest_stay_in_order)
{
	for (int i = 1; i <= 3 * SAMPLE_RING + 7; i++)
		assert_int_equal(add(i * S, SAMPLE_CPU, (uint64_t)i), 0);
	assert_int_equal(history.count, SAMPLE_RING);
	for (uint32_t back = 0; back < SAMPLE_RING; back++)
		assert_int_equal(ring_at(&history, back)->cpu_usage_us, 3 * SAMPLE_RING + 7 - back);
	assert_null(ring_at(&history, SAMPLE_RING));
}

TEST(looking_back_gives_the_newest_that_is_old_enough)
{
	for (int i = 1; i <= 20; i++) {
		assert_int_equal(add(i * S, SAMPLE_CPU, (uint64_t)i), 0);
		assert_int_equal(add_node(i * S, SAMPLE_CPU, (uint64_t)i), 0);
	}
	assert_int_equal(ring_back(&history, 0, SAMPLE_CPU)->cpu_usage_us, 20);
	assert_int_equal(ring_back(&history, 1, SAMPLE_CPU)->cpu_usage_us, 19);
	assert_int_equal(ring_back(&history, 10 * S, SAMPLE_CPU)->cpu_usage_us, 10);
	assert_int_equal(ring_back(&history, 10 * S + 1, SAMPLE_CPU)->cpu_usage_us, 9);
	assert_int_equal(ring_back_node(&node, 10 * S, SAMPLE_CPU)->cpu_busy_us, 10);
}

TEST(a_window_longer_than_the_history_gives_the_oldest)
{
	assert_int_equal(add(1 * S, SAMPLE_CPU, 1), 0);
	assert_int_equal(ring_back(&history, 10 * S, SAMPLE_CPU)->cpu_usage_us, 1);
	assert_int_equal(add(2 * S, SAMPLE_CPU, 2), 0);
	assert_int_equal(ring_back(&history, 10 * S, SAMPLE_CPU)->cpu_usage_us, 1);
	assert_int_equal(ring_back(&history, UINT64_MAX, SAMPLE_CPU)->cpu_usage_us, 1);
}

TEST(both_ends_must_have_been_measured)
{
	assert_int_equal(add(1 * S, SAMPLE_CPU, 1), 0);
	assert_int_equal(add(2 * S, SAMPLE_CPU | SAMPLE_PSI_CPU, 2), 0);
	assert_int_equal(add(3 * S, SAMPLE_CPU | SAMPLE_PSI_CPU, 3), 0);
	assert_non_null(ring_back(&history, 1 * S, SAMPLE_CPU | SAMPLE_PSI_CPU));
	/* the old end lacks a bit */
	assert_null(ring_back(&history, 2 * S, SAMPLE_PSI_CPU));
	assert_non_null(ring_back(&history, 2 * S, SAMPLE_CPU));
	/* the new end lacks one */
	assert_int_equal(add(4 * S, SAMPLE_PSI_CPU, 4), 0);
	assert_null(ring_back(&history, 1 * S, SAMPLE_CPU));
	assert_non_null(ring_back(&history, 1 * S, SAMPLE_PSI_CPU));
}

TEST(a_history_belongs_to_one_pod_of_its_slot)
{
	struct pod_history *slots[3] = {NULL, &history, NULL};
	struct samples samples = {.pods = slots, .n_slots = 3};

	history.serial = 7;
	assert_null(ring_of(&samples, 1, 7)); /* nothing measured yet */
	assert_int_equal(add(1 * S, SAMPLE_CPU, 1), 0);
	assert_ptr_equal(ring_of(&samples, 1, 7), &history);
	assert_null(ring_of(&samples, 1, 8)); /* the next pod of this slot */
	assert_null(ring_of(&samples, 0, 7));
	assert_null(ring_of(&samples, 3, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_history_has_nothing, clear),
		cmocka_unit_test_setup(the_last_sample_is_the_newest, clear),
		cmocka_unit_test_setup(samples_are_counted_back_from_the_newest, clear),
		cmocka_unit_test_setup(an_older_or_equal_time_is_refused_and_changes_nothing,
				       clear),
		cmocka_unit_test_setup(samples_that_come_fast_thin_out, clear),
		cmocka_unit_test_setup(the_oldest_falls_out_and_the_rest_stay_in_order, clear),
		cmocka_unit_test_setup(looking_back_gives_the_newest_that_is_old_enough, clear),
		cmocka_unit_test_setup(a_window_longer_than_the_history_gives_the_oldest, clear),
		cmocka_unit_test_setup(both_ends_must_have_been_measured, clear),
		cmocka_unit_test_setup(a_history_belongs_to_one_pod_of_its_slot, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
