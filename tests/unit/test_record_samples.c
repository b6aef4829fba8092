// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_samples.h"
#include "policy/ring.h"

#define SECOND 1000000

static struct record_buf buf;
static struct record_ring ring;
static struct record_node_ring node_ring;
static struct pod_history history, back;
static struct node_history node, node_back;

static int setup(void **state)
{
	(void)state;
	ring = (struct record_ring){0};
	node_ring = (struct record_node_ring){0};
	history = (struct pod_history){.serial = 7};
	back = (struct pod_history){.serial = 7};
	node = node_back = (struct node_history){0};
	buf.n = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

static void add(int64_t at_us, uint64_t usage, uint64_t memory)
{
	const struct pod_sample s = {
		.at_us = at_us,
		.valid = SAMPLE_CPU | SAMPLE_MEMORY,
		.cpu_usage_us = usage,
		.memory_bytes = memory,
		.psi[RESOURCE_IO] = {.full_us = usage / 2},
	};

	assert_int_equal(ring_add(&history, &s), 0);
}

static void put(int64_t now_us)
{
	record_samples_put_pod(&buf, &ring, 3, &history, now_us);
}

/* Applies what is in buf, as a reader does. */
static void take(int64_t now_us)
{
	const char *at = buf.text, *end = buf.text + buf.n;

	for (; at < end; at = memchr(at, '\n', (size_t)(end - at)), at++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct record_line line = {at, (size_t)(stop - at)}, word;

		assert_true(record_next(&line, &word));
		if (record_is(&word, "cut")) {
			back = (struct pod_history){.serial = 7};
			continue;
		}
		assert_true(record_is(&word, "s"));
		assert_true(record_next(&line, &word));
		assert_int_equal(record_samples_get_pod(&line, &back, now_us), 0);
	}
	buf.n = 0;
}

static void assert_same(void)
{
	assert_int_equal(back.count, history.count);
	for (uint32_t i = 0; i < history.count; i++)
		assert_memory_equal(ring_at(&back, i), ring_at(&history, i),
				    sizeof(struct pod_sample));
}

TEST(a_sample_is_what_it_grew_by)
{
	add(SECOND, 1000, 4096);
	put(SECOND + 5);
	assert_int_equal(buf.n, strlen("s 3 5 3 1000 0 4096 0 0 0 0 0 0 0 500\n"));
	assert_memory_equal(buf.text, "s 3 5 3 1000 0 4096 0 0 0 0 0 0 0 500\n", buf.n);
	take(SECOND + 5);
	add(2 * SECOND, 1000, 4095);
	put(2 * SECOND);
	assert_memory_equal(buf.text, "s 3 0 3 0 0 -1\n", buf.n);
	take(2 * SECOND);
	assert_same();
}

TEST(what_was_written_is_not_written_again)
{
	add(SECOND, 1, 1);
	put(SECOND);
	assert_true(buf.n > 0);
	buf.n = 0;
	put(SECOND);
	assert_int_equal(buf.n, 0);
}

TEST(numbers_at_the_ends_of_their_range_are_exact)
{
	add(1, UINT64_MAX, 0);
	put(1);
	take(1);
	add(2, 0, UINT64_MAX);
	put(2);
	take(2);
	add(3, 1ull << 63, 1);
	put(3);
	take(3);
	assert_same();
}

TEST(a_ring_that_began_anew_is_written_anew)
{
	for (int i = 1; i <= 5; i++)
		add(i, (uint64_t)i, 1);
	put(5);
	take(5);
	history = (struct pod_history){.serial = 7};
	add(6, 100, 1);
	put(6);
	assert_memory_equal(buf.text, "cut 3\ns 3 0", 11);
	take(6);
	assert_same();
}

TEST(more_samples_than_a_ring_holds)
{
	for (int i = 1; i <= 3 * SAMPLE_RING; i++) {
		add(i, (uint64_t)i, 1);
		if (i % 5 == 0) {
			put(i);
			take(i);
			assert_same();
		}
	}
}

TEST(the_node_has_its_own_numbers)
{
	for (int i = 1; i <= 3; i++) {
		const struct node_sample s = {
			.at_us = i * (int64_t)SECOND,
			.valid = SAMPLE_CPU,
			.cpu_busy_us = (uint64_t)i * 100,
			.memory_available_bytes = 1000 - (uint64_t)i,
			.memory_free_bytes = 500 + (uint64_t)i,
			.memory_inactive_file_bytes = 77,
			.psi[RESOURCE_MEMORY] = {.some_us = (uint64_t)i, .full_us = 1},
			.memory_nodes = 5,
			.memory_node = {{.free_bytes = (uint64_t)i, .active_file_bytes = 3},
					[MEMORY_NODES_MAX - 1] = {.inactive_file_bytes = 9}},
		};
		struct record_line line, word;

		assert_int_equal(ring_add_node(&node, &s), 0);
		buf.n = 0;
		record_samples_put_node(&buf, &node_ring, &node, s.at_us);
		line = (struct record_line){buf.text, buf.n - 1};
		assert_true(record_next(&line, &word));
		assert_int_equal(record_samples_get_node(&line, &node_back, s.at_us), 0);
		assert_memory_equal(ring_last_node(&node_back), &s, sizeof(s));
	}
}

static struct memory_there there_back;

static int take_there(const struct pod *pod, const char *text, size_t len, int64_t now_us)
{
	struct record_line line = {text, len};

	return record_samples_get_there(&line, pod, now_us, &there_back);
}

TEST(what_lies_on_some_nodes_goes_there_and_back_and_is_said_once)
{
	const struct pod pod = {.slot = 3, .serial = 7};
	struct memory_there there = {.serial = 7, .nodes = 2, .at_us = 9 * SECOND, .bytes = 4096};
	int64_t said_us = 0;

	record_samples_put_there(&buf, &said_us, &pod, &there, 10 * SECOND);
	assert_memory_equal(buf.text, "there 3 2 1000000 4096\n", buf.n);
	assert_int_equal(take_there(&pod, buf.text + 8, buf.n - 9, 10 * SECOND), 0);
	assert_memory_equal(&there_back, &there, sizeof(there));
	buf.n = 0;
	record_samples_put_there(&buf, &said_us, &pod, &there, 11 * SECOND);
	assert_int_equal(buf.n, 0);
	there.before_us = there.at_us;
	there.before_bytes = 1;
	there.at_us = 11 * SECOND;
	record_samples_put_there(&buf, &said_us, &pod, &there, 11 * SECOND);
	assert_memory_equal(buf.text, "there 3 2 0 4096 2000000 1\n", buf.n);
	assert_int_equal(take_there(&pod, buf.text + 8, buf.n - 9, 11 * SECOND), 0);
	assert_memory_equal(&there_back, &there, sizeof(there));
	/* It ended; so it has for another pod in the slot. */
	buf.n = 0;
	there.serial = 8;
	record_samples_put_there(&buf, &said_us, &pod, &there, 12 * SECOND);
	assert_memory_equal(buf.text, "there 3\n", buf.n);
	assert_int_equal(take_there(&pod, "", 0, 12 * SECOND), 0);
	assert_true(there_back.serial == 0);
	for (size_t i = 0; i < 6; i++) {
		static const char *const bad[] = {"2",	     "2 1",	  "x 1 2",
						  "2 1 2 3", "2 1 2 1 3", "2 1 2 3 4 5"};

		assert_int_equal(take_there(&pod, bad[i], strlen(bad[i]), SECOND), -EBADMSG);
	}
	assert_int_equal(take_there(&pod, "2 1000000 5", 11, SECOND), -EBADMSG);
}

TEST(samples_that_cannot_be_are_refused)
{
	static const char *const bad[] = {
		"", "0", "0 zz", "0 1 x", "0 1 1  2", "0 1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct record_line line = {bad[i], strlen(bad[i])};

		assert_int_equal(record_samples_get_pod(&line, &back, SECOND), -EBADMSG);
		assert_int_equal(back.count, 0);
	}
}

TEST(a_sample_is_not_older_than_the_one_before)
{
	struct record_line line = {"0 1 1", 5};

	assert_int_equal(record_samples_get_pod(&line, &back, SECOND), 0);
	line = (struct record_line){"1 1 1", 5};
	assert_int_equal(record_samples_get_pod(&line, &back, SECOND), -EBADMSG);
	line = (struct record_line){"-9223372036854775808 1", 22};
	assert_int_equal(record_samples_get_pod(&line, &back, SECOND), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sample_is_what_it_grew_by, setup),
		cmocka_unit_test_setup(what_was_written_is_not_written_again, setup),
		cmocka_unit_test_setup(numbers_at_the_ends_of_their_range_are_exact, setup),
		cmocka_unit_test_setup(a_ring_that_began_anew_is_written_anew, setup),
		cmocka_unit_test_setup(more_samples_than_a_ring_holds, setup),
		cmocka_unit_test_setup(the_node_has_its_own_numbers, setup),
		cmocka_unit_test_setup(what_lies_on_some_nodes_goes_there_and_back_and_is_said_once,
				       setup),
		cmocka_unit_test_setup(samples_that_cannot_be_are_refused, setup),
		cmocka_unit_test_setup(a_sample_is_not_older_than_the_one_before, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
