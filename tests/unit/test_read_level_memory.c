// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define LEVEL(text)                                                                                \
	"version: 1\nlevels:\n  P7: {role: offline, memory: {" text "}}\n"                         \
	"assign: [{match: {qos: BestEffort}, level: P7}]\n"

static struct policy *policy;

static const struct level_memory *read_memory(const char *yaml)
{
	policy = policy_case_keep(&yaml, 1);
	return &policy->levels[LEVEL_P7].memory;
}

TEST(the_formula_of_kubernetes_is_an_amount_for_high)
{
	const struct level_memory *m = read_memory(LEVEL("high: request + 90% of headroom"));

	assert_int_equal(m->high.kind, AMOUNT_HEADROOM);
	assert_int_equal(m->high.value, 900);
	assert_int_equal(read_memory(LEVEL("high: request + 0.1% of headroom"))->high.value, 1);
}

TEST(watermark_growth_and_oom_are_read)
{
	const struct level_memory *m =
		read_memory(LEVEL("watermark: +50%, growth: 256MiB/s, oom: first"));

	assert_int_equal(m->watermark_permille, 500);
	assert_int_equal(m->growth_bytes_per_s, 268435456);
	assert_int_equal(m->oom, OOM_FIRST);
	m = read_memory(LEVEL("watermark: +1000%, growth: 1MB/s, oom: keep"));
	assert_int_equal(m->watermark_permille, 10000);
	assert_int_equal(m->growth_bytes_per_s, 1000000);
	m = read_memory(LEVEL("watermark: none, growth: none"));
	assert_int_equal(m->watermark_permille, 0);
	assert_int_equal(m->growth_bytes_per_s, 0);
	assert_int_equal(m->oom, OOM_KEEP);
}

TEST(what_is_no_such_value_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{LEVEL("min: request + 90% of headroom"), 3, 37, "is not an amount of memory",
		 "accepted: request, N% of limit, bytes"},
		{LEVEL("high: request + 0% of headroom"), 3, 38, "is not a share of the headroom",
		 "0.1% of headroom"},
		{LEVEL("high: request + 101% of headroom"), 3, 38, "is not a share of the headroom",
		 "100% of headroom"},
		{LEVEL("watermark: 50%"), 3, 43, "\"50%\" is not a watermark such as +50%",
		 "+1% to +1000%"},
		{LEVEL("watermark: +0.9%"), 3, 43, "is not a watermark", "+1%"},
		{LEVEL("watermark: +1001%"), 3, 43, "is not a watermark", "+1000%"},
		{LEVEL("growth: 256Mi"), 3, 40, "\"256Mi\" is not a rate such as 256MiB/s",
		 "1MB/s to"},
		{LEVEL("growth: 999kB/s"), 3, 40, "is not a rate", "1MB/s"},
		{LEVEL("oom: never"), 3, 37, "\"never\" is not a place in the kernel's OOM order",
		 "accepted: keep, protect, first"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_formula_of_kubernetes_is_an_amount_for_high,
					  policy_case_teardown),
		cmocka_unit_test_teardown(watermark_growth_and_oom_are_read, policy_case_teardown),
		cmocka_unit_test(what_is_no_such_value_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
