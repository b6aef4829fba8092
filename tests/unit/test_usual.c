// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a score is taken off a wait, what is left of that, and how a record says it.
#include "policy/usual.h"

#include <errno.h>

#include "policy/record_usual.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define WEB "kubepods.slice/kubepods-podweb.slice"

static struct fake f;
static struct pod *web;
static struct pod_score score;
static struct scores scores;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, WEB, QOS_GUARANTEED);
	fake_sample(&f, web, SECOND, SECOND, 0);
	score = (struct pod_score){0};
	score.by[RESOURCE_MEMORY] = (struct score_value){
		.state = SCORE_BASELINE,
		.baseline = {.basis = SCORE_BASIS_CALM, .median_permille = 30, .sigma_permille = 4},
	};
	assert_int_equal(web->slot, 0);
	scores = (struct scores){.pods = &score, .n_slots = 1};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

static uint32_t usual_of(enum resource resource)
{
	return usual_permille(&f.samples.pods[web->slot]->usual, resource);
}

TEST(median_and_three_deviations_of_that_resource)
{
	usual_take(&f.samples, &f.model, &scores);
	assert_int_equal(usual_of(RESOURCE_MEMORY), 42);
	assert_int_equal(usual_of(RESOURCE_CPU), 0);
	assert_int_equal(usual_of(RESOURCE_IO), 0);
}

TEST(what_is_no_baseline_of_calm_windows_at_this_load_takes_nothing_off)
{
	struct score_value *v = &score.by[RESOURCE_MEMORY];

	for (int s = 0; s < SCORE_STATE_COUNT; s++) {
		v->state = (enum score_state)s;
		usual_take(&f.samples, &f.model, &scores);
		assert_int_equal(usual_of(RESOURCE_MEMORY), s == SCORE_BASELINE ? 42 : 0);
	}
	v->state = SCORE_BASELINE;
	v->baseline.higher_load = true;
	usual_take(&f.samples, &f.model, &scores);
	assert_int_equal(usual_of(RESOURCE_MEMORY), 0);
}

TEST(what_was_usual_once_is_forgotten_with_its_score)
{
	usual_take(&f.samples, &f.model, &scores);
	usual_take(&f.samples, &f.model, NULL);
	assert_int_equal(usual_of(RESOURCE_MEMORY), 0);
}

TEST(the_excess_is_that_of_the_score_and_all_where_nothing_is_usual)
{
	const struct pod_usual none = {0}, some = {{200, 0, 1000}, {50, 0, 1000}};

	assert_int_equal(usual_excess_permille(&none, RESOURCE_CPU, 73), 73);
	assert_int_equal(usual_excess_permille(&none, RESOURCE_CPU, 5000), 1000);
	assert_int_equal(usual_excess_permille(&some, RESOURCE_CPU, 350), 0);
	assert_int_equal(usual_excess_permille(&some, RESOURCE_CPU, 430), 100); /* 80 of 800 */
	assert_int_equal(usual_excess_permille(&some, RESOURCE_IO, 1000), 0);
	assert_int_equal(usual_permille(&some, RESOURCE_IO), 1000);
}

static int get(const char *text, struct pod_usual *ret)
{
	struct record_line line = {text, strlen(text)};

	return record_usual_get(&line, ret);
}

TEST(a_record_says_it_once_and_when_it_changes)
{
	struct pod_usual said = {0}, usual = {{1, 2, 3}, {4, 5, 1000}}, back;
	struct record_buf buf = {0};

	record_usual_put(&buf, &said, 7, &usual);
	assert_int_equal(buf.n, strlen("usual 7 1 4 2 5 3 1000\n"));
	assert_memory_equal(buf.text, "usual 7 1 4 2 5 3 1000\n", buf.n);
	assert_int_equal(get("1 4 2 5 3 1000", &back), 0);
	assert_memory_equal(&back, &usual, sizeof(back));
	buf.n = 0;
	record_usual_put(&buf, &said, 7, &usual);
	assert_int_equal(buf.n, 0);
	usual.sigma_permille[1] = 6;
	record_usual_put(&buf, &said, 7, &usual);
	assert_true(buf.n > 0);
	record_buf_free(&buf);
}

TEST(a_line_that_is_none_is_refused_and_changes_nothing)
{
	static const char *const bad[] = {"",
					  " 1 4 2 5 3",
					  " 1 4 2 5 3 1001",
					  " 1 4 2 5 3 x",
					  " 1 4 2 5 3 6 7",
					  " -1 4 2 5 3 6"};
	struct pod_usual back = {{9, 9, 9}, {9, 9, 9}}, before = back;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(get(bad[i], &back), -EBADMSG);
		assert_memory_equal(&back, &before, sizeof(back));
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(median_and_three_deviations_of_that_resource),
		CASE(what_is_no_baseline_of_calm_windows_at_this_load_takes_nothing_off),
		CASE(what_was_usual_once_is_forgotten_with_its_score),
		CASE(the_excess_is_that_of_the_score_and_all_where_nothing_is_usual),
		CASE(a_record_says_it_once_and_when_it_changes),
		CASE(a_line_that_is_none_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
