// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/reason_text.h"
#include "policy/victim_text.h"
#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#include <stdio.h>

static char text[VICTIM_TEXT_SIZE];

static const char *passed(const struct victim_case *c, size_t i)
{
	return victim_text_passed(&c->l, i, &c->f.policy.evict, text, sizeof(text));
}

TEST(one_alone_is_said_to_be)
{
	struct victim_case *c = *state;

	victim_case_pod(c, O1, LEVEL_P7, 100);
	assert_non_null(victim_case_choose(c));
	assert_string_equal(
		victim_text_choice(&c->l, text, sizeof(text)),
		"it would give back 100 MiB (uses 100 MiB); the only pod that might be killed");
}

TEST(the_choice_says_by_what_and_the_other_what_decided)
{
	struct victim_case *c = *state;

	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_LEVEL);
	victim_case_pod(c, O1, LEVEL_P7, 100);
	victim_case_uses(c, victim_case_pod(c, O2, LEVEL_P7, 90), 300);
	victim_case_pod(c, BESTEFFORT "/kubepods-besteffort-podo3.slice", LEVEL_P6, 4000);
	assert_non_null(victim_case_choose(c));
	assert_string_equal(
		victim_text_choice(&c->l, text, sizeof(text)),
		"it would give back 90 MiB (uses 300 MiB); of 3 pods that might be killed the "
		"first by what it uses");
	assert_non_null(strstr(passed(c, 1), "it would give back 100 MiB (uses 100 MiB); "));
	assert_non_null(strstr(text, " went first: it will use 300 MiB, this one 100 MiB"));
	assert_non_null(strstr(passed(c, 2), " went first: it is P7, this one P6"));
}

TEST(what_it_grows_to_and_what_was_not_measured_are_said)
{
	struct victim_case *c = *state;
	struct pod *grows = victim_case_pod(c, O1, LEVEL_P7, 10);

	victim_case_pod(c, O2, LEVEL_P7, 20);
	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_LEVEL);
	victim_case_grows(c, grows, 15);
	assert_ptr_equal(victim_case_choose(c), grows);
	assert_non_null(strstr(victim_text_choice(&c->l, text, sizeof(text)),
			       "(uses 15 MiB, in 10 s 65 MiB)"));
	c->l.list[0].usage_bytes = c->l.list[0].soon_bytes = 0;
	assert_non_null(strstr(victim_text_choice(&c->l, text, sizeof(text)),
			       "(what it uses was not measured)"));
}

TEST(that_one_grows_and_the_other_rests_is_said_where_it_decided)
{
	struct victim_case *c = *state;
	struct pod *grows = victim_case_pod(c, O1, LEVEL_P7, 20);

	victim_case_pod(c, O2, LEVEL_P7, 60);
	victim_case_pod(c, BESTEFFORT "/kubepods-besteffort-podo3.slice", LEVEL_P6, 4000);
	victim_case_grows_for(c, grows, 4, 1024);
	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_LEVEL);
	assert_ptr_equal(victim_case_choose(c), grows);
	assert_non_null(strstr(victim_text_choice(&c->l, text, sizeof(text)),
			       "the first by growing while others rest"));
	assert_non_null(strstr(passed(c, 1), " went first: it still grows, this one does not"));
	assert_non_null(strstr(passed(c, 2), " went first: it is P7, this one P6"));
}

TEST(what_it_goes_for_has_its_unit)
{
	struct victim v = {.rate_of = RESOURCE_CPU};
	char buf[REASON_TEXT_UNIT_SIZE];

	assert_string_equal(victim_text_rate(&v, 480, buf), "0.48 CPUs");
	v.rate_of = RESOURCE_IO;
	assert_string_equal(victim_text_rate(&v, 10240, buf), "10 MiB/s");
}

/* 20 candidates, and 15 that would free nothing: of each eight are listed, and the rest is counted. */
TEST(how_many_are_not_told_one_by_one_is_said)
{
	struct victim_case *c = *state;
	char path[96];

	for (int i = 0; i < 25; i++) {
		(void)snprintf(path, sizeof(path), BESTEFFORT "/kubepods-besteffort-pod%02d.slice",
			       i);
		victim_case_pod(c, path, LEVEL_P7, i < 15 ? 100 : 1);
	}
	assert_non_null(victim_case_choose(c));
	(void)victim_text_choice(&c->l, text, sizeof(text));
	assert_non_null(strstr(
		text, "of 15 pods that might be killed the first by path (7 of them are not told"));
	assert_non_null(strstr(text, "; 10 more could not be (2 of them are not told"));
	assert_int_equal(victim_text_n_left(&c->l), 10);
	assert_string_equal(victim_text_left(&c->l.left[0], text, sizeof(text)),
			    "it would free too little (uses 1 MiB)");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, victim_case_setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_alone_is_said_to_be),
		CASE(the_choice_says_by_what_and_the_other_what_decided),
		CASE(what_it_grows_to_and_what_was_not_measured_are_said),
		CASE(that_one_grows_and_the_other_rests_is_said_where_it_decided),
		CASE(what_it_goes_for_has_its_unit),
		CASE(how_many_are_not_told_one_by_one_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
