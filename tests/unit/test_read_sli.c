// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define SLI(text)                                                                                  \
	"version: 1\nlevels: {P0: {role: online}, P1: {role: online}, P4: {role: online}}\n"       \
	"assign: [{match: {qos: Guaranteed}, level: P0}]\nsli:\n- " text "\n"

TEST(every_sign_and_statistic_is_read)
{
	const char *yaml = SLI("{name: sched-delay, of: P0, p99: 10ms, window: 30s}\n"
			       "- {name: reclaim-stall, of: P4, p50: 200us}\n"
			       "- {name: io-wait, of: P0, p90: 1s}\n"
			       "- {name: net-drops, of: P1, mean: 5}\n"
			       "- {name: cpi, of: P0, mean: 1.5}");
	struct policy *policy = policy_case_read(&yaml, 1);

	assert_int_equal(policy->n_slis, 5);
	assert_int_equal(policy->slis[0].sign, SLI_SCHED_DELAY);
	assert_int_equal(policy->slis[0].level, LEVEL_P0);
	assert_int_equal(policy->slis[0].statistic, SLI_P99);
	assert_int_equal(policy->slis[0].bound, 10000);
	assert_int_equal(policy->slis[0].window_us, 30000000);
	assert_int_equal(policy->slis[1].bound, 200);
	assert_int_equal(policy->slis[1].window_us, 60000000);
	assert_int_equal(policy->slis[3].bound, 5);
	assert_int_equal(policy->slis[4].bound, 1500);
	policy_free(policy);
}

TEST(a_later_list_replaces_an_earlier_one)
{
	const char *texts[] = {SLI("{name: io-wait, of: P0, p90: 1s}"), "version: 1\nsli: []\n"};
	struct policy *policy = policy_case_read(texts, 2);

	assert_int_equal(policy->n_slis, 0);
	policy_free(policy);
}

TEST(a_bad_entry_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{SLI("{of: P0, p99: 10ms}"), 5, 3, "without \"name\"", "shop-cpu"},
		{SLI("{name: io-wait, p99: 10ms}"), 5, 3, "without \"of\"", "of: P0"},
		{SLI("{name: io-wait, of: P0}"), 5, 3, "without a bound",
		 "p50, p90, p95, p99, mean"},
		{SLI("{name: iowait, of: P0, p99: 10ms}"), 5, 3, "without \"metric\"", "io-wait"},
		{SLI("{name: a, metric: iowait, of: P0, p99: 10ms}"), 5, 21,
		 "\"iowait\" is not a measured sign", "did you mean \"io-wait\"?"},
		{SLI("{name: a b, metric: score, of: P0, mean: 5}"), 5, 10, "no name of an sli",
		 "31 letters"},
		{SLI("{name: a, metric: score, of: P0, mean: 101}"), 5, 42,
		 "is not a number such as 20", "0.1 to 100"},
		{SLI("{name: io-wait, of: P0, p99: 1s}\n- {name: io-wait, of: P1, p99: 1s}"), 6, 3,
		 "a second sli with the name io-wait", "told and shown"},
		{SLI("{name: io-wait, of: P9, p99: 10ms}"), 5, 23, "\"P9\" is not a level", "P0"},
		{SLI("{name: io-wait, of: P0, p99: 10}"), 5, 32, "is not a duration", "1us to 60s"},
		{SLI("{name: io-wait, of: P0, p99: 61s}"), 5, 32, "61s is out of range", "60s"},
		{SLI("{name: cpi, of: P0, mean: 10ms}"), 5, 29, "is not a number such as 1.5",
		 "0.001 to 65"},
		{SLI("{name: cpi, of: P0, mean: 65.001}"), 5, 29, "is not a number such as 1.5",
		 "0.001 to 65"},
		{SLI("{name: io-wait, of: P0, p99: 10ms, p50: 1ms}"), 5, 38,
		 "a second statistic in one entry", "two entries"},
		{SLI("{name: io-wait, of: P0, p99: 10ms, window: 500ms}"), 5, 46,
		 "500ms is out of range", "1s to 5m"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sign_and_statistic_is_read),
		cmocka_unit_test(a_later_list_replaces_an_earlier_one),
		cmocka_unit_test(a_bad_entry_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
