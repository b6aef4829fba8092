// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "policy/names_policy.h"
#include "policy/read.h"
#include "policy/reader.h"
#include "tests/lib/policy_case.h"

#define EVICT(text)                                                                                \
	"version: 1\nlevels: {P7: {role: offline}}\n"                                              \
	"assign: [{match: {qos: BestEffort}, level: P7}]\nevict: {" text "}\n"

TEST(what_nobody_says_has_careful_defaults)
{
	const char *yaml = EVICT("taint: false");
	struct policy *policy = policy_case_read(&yaml, 1);
	const struct evict_policy *e = &policy->evict;

	assert_int_equal(e->n_by, 2);
	assert_int_equal(e->by[0], EVICT_KUBERNETES);
	assert_int_equal(e->grace_us, 5000000);
	assert_int_equal(e->cooldown_us, 15000000);
	assert_int_equal(e->per_hour, 6);
	assert_int_equal(e->n_order, 4);
	assert_int_equal(e->order[0], EVICT_BY_LEVEL);
	policy_free(policy);
}

TEST(every_field_is_read)
{
	const char *yaml = EVICT("by: [kill], grace: 0s, cooldown: 24h, per-hour: 0, "
				 "order: [cost, newest], taint: true");
	struct policy *policy = policy_case_read(&yaml, 1);
	const struct evict_policy *e = &policy->evict;

	assert_int_equal(e->n_by, 1);
	assert_int_equal(e->by[0], EVICT_KILL);
	assert_int_equal(e->grace_us, 0);
	assert_int_equal(e->cooldown_us, 86400000000);
	assert_int_equal(e->per_hour, 0);
	assert_int_equal(e->n_order, 2);
	assert_int_equal(e->order[0], EVICT_BY_COST);
	assert_int_equal(e->order[1], EVICT_BY_NEWEST);
	assert_true(e->taint);
	policy_free(policy);
}

/* What the reader takes, an editor that goes by the schema takes too. */
TEST(the_schema_has_every_word_of_the_order)
{
	const struct reader_key *key = read_evict_keys;
	char word[32];

	while (strcmp(key->name, "order") != 0)
		key++;
	for (int i = 0; i < EVICT_KEY_COUNT; i++) {
		assert_non_null(strstr(key->accepts, names_evict_key((enum evict_key)i)));
		(void)snprintf(word, sizeof(word), "\"%s\"", names_evict_key((enum evict_key)i));
		assert_non_null(strstr(key->schema, word));
	}
}

TEST(a_bad_value_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{EVICT("by: kill"), 4, 13, "by is a list, found a single value", "[A, B]"},
		{EVICT("by: [kill, kill]"), 4, 20, "\"kill\" a second time", ""},
		{EVICT("by: [drain]"), 4, 14, "\"drain\" is not one of these", "kubernetes, kill"},
		{EVICT("order: []"), 4, 16, "an order of nothing", "[level"},
		{EVICT("grace: 2h"), 4, 16, "2h is out of range", "0s to 1h"},
		{EVICT("cooldown: 500ms"), 4, 19, "500ms is out of range", "1s to 24h"},
		{EVICT("per-hour: 241"), 4, 19, "out of range for a number of evictions", "240"},
		{EVICT("per_hour: 3"), 4, 9, "unknown key \"per_hour\"",
		 "did you mean \"per-hour\"?"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_says_has_careful_defaults),
		cmocka_unit_test(every_field_is_read),
		cmocka_unit_test(the_schema_has_every_word_of_the_order),
		cmocka_unit_test(a_bad_value_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
