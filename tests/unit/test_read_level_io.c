// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define LEVEL(text)                                                                                \
	"version: 1\nlevels:\n  P7: {role: offline, " text "}\n"                                   \
	"assign: [{match: {qos: BestEffort}, level: P7}]\n"

TEST(a_squeeze_of_io_and_a_class_of_the_net_are_read)
{
	const char *yaml = LEVEL("io: {squeeze: {floor: 10%}}, net: {share: 4, min: 5%, ceiling: "
				 "100Mbit/s}");
	struct policy *policy = policy_case_read(&yaml, 1);
	const struct level_policy *p = &policy->levels[LEVEL_P7];

	assert_true(p->io.squeeze);
	assert_int_equal(p->io.squeeze_floor_permille, 100);
	assert_int_equal(p->net.share, 4);
	assert_int_equal(p->net.min.kind, RATE_PERMILLE);
	assert_int_equal(p->net.min.value, 50);
	assert_int_equal(p->net.ceiling.kind, RATE_BYTES_PER_S);
	assert_int_equal(p->net.ceiling.value, 12500000);
	policy_free(policy);
}

TEST(none_takes_them_back)
{
	const char *texts[] = {
		LEVEL("io: {squeeze: {floor: 10%}}, net: {share: 4, min: 5%}"),
		"version: 1\nlevels: {P7: {io: {squeeze: none}, net: {share: none, min: none}}}\n",
	};
	struct policy *policy = policy_case_read(texts, 2);

	assert_false(policy->levels[LEVEL_P7].io.squeeze);
	assert_int_equal(policy->levels[LEVEL_P7].net.share, 0);
	assert_int_equal(policy->levels[LEVEL_P7].net.min.kind, RATE_NONE);
	policy_free(policy);
}

TEST(a_bad_value_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{LEVEL("io: {squeeze: {}}"), 3, 37, "an IO squeeze without a floor", "floor: 10%"},
		{LEVEL("io: {squeeze: 10%}"), 3, 37, "squeeze is a mapping", "{key"},
		{LEVEL("net: {share: 0}"), 3, 36, "out of range for a share of the link", "1000"},
		{LEVEL("net: {min: 0%}"), 3, 34, "\"0%\" is not a part of a link", "0.1%"},
		{LEVEL("net: {ceiling: 20MB}"), 3, 38, "\"20MB\" is not a part of a link",
		 "20MB/s"},
		{LEVEL("net: {min: 50%, ceiling: 40%}"), 3, 29, "net.min is above net.ceiling", ""},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_squeeze_of_io_and_a_class_of_the_net_are_read),
		cmocka_unit_test(none_takes_them_back),
		cmocka_unit_test(a_bad_value_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
