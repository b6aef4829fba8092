// SPDX-License-Identifier: LGPL-2.1-or-later
// The durations; what is asked of the agent is tested with the program itself (test_coloctl_act.c).
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/ctl/verb_pause.h"

TEST(a_duration_has_a_number_and_a_unit)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} good[] = {{"1s", 1}, {"30s", 30}, {"10m", 600}, {"2h", 7200}, {"08h", 28800}};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t seconds = 0;

		assert_int_equal(verb_pause_seconds(good[i].text, &seconds), 0);
		assert_int_equal(seconds, good[i].seconds);
	}
}

TEST(anything_else_is_refused)
{
	static const char *const bad[] = {"",	 "0s",	"10",	"m",   "-5m", "1.5h",	   "5 m",
					  "5mm", "5d ", "5min", "+5s", "s5",  "999999999s"};
	uint64_t seconds = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(verb_pause_seconds(bad[i], &seconds), -EINVAL);
	assert_int_equal(seconds, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_has_a_number_and_a_unit),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
