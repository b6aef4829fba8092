// SPDX-License-Identifier: LGPL-2.1-or-later
// What came of a kill, as a record. Whom it might have taken is test_killer's.
#include "agent/kill_record.h"
#include "tests/lib/test.h"

#include <errno.h>

static const struct kill_done good = {
	.ended = true,
	.n_processes = 3,
	.before_known = true,
	.after_known = true,
	.before_bytes = 120u << 20,
	.after_bytes = 20u << 20,
	.took_us = 116000,
};

static uint64_t end(const struct kill_done *done, struct history_record *ret_record)
{
	uint64_t freed = 7;

	*ret_record = HISTORY_RECORD(HISTORY_KILL);
	kill_record_end(ret_record, done, &freed);
	return freed;
}

TEST(what_came_back_is_told_and_kept)
{
	struct history_record r;

	assert_true(end(&good, &r) == 100u << 20);
	assert_string_equal(r.to, "dead: 3 processes, 100 MiB back in 116 ms");
	assert_string_equal(r.numbers, "freed_bytes=104857600,processes=3,took_us=116000");
}

TEST(what_was_not_measured_is_no_number)
{
	struct kill_done done = good;
	struct history_record r;

	done.after_known = false;
	assert_true(end(&done, &r) == 0);
	assert_string_equal(r.to, "dead: 3 processes, an unknown amount back in 116 ms");
	assert_string_equal(r.numbers, "freed_bytes=-,processes=3,took_us=116000");
	done = good;
	done.after_bytes = 130u << 20;
	assert_true(end(&done, &r) == 0);
	assert_string_equal(r.numbers, "freed_bytes=0,processes=3,took_us=116000");
}

TEST(one_that_was_refused_freed_nothing_and_says_why)
{
	const struct kill_done done = {.result = -EPERM, .why = "holds other pods"};
	struct history_record r;

	assert_true(end(&done, &r) == 0);
	assert_string_equal(r.to, "was not done: holds other pods");
	assert_string_equal(r.numbers, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_came_back_is_told_and_kept),
		cmocka_unit_test(what_was_not_measured_is_no_number),
		cmocka_unit_test(one_that_was_refused_freed_nothing_and_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
