// SPDX-License-Identifier: LGPL-2.1-or-later
// Indicators of cycles an instruction.
#include "policy/sli.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define S 1000000

static struct fake f;
static struct pod *web, *hog;
static struct scores scores;
static struct policy *policy;
static struct sli_watch watch;
static struct sli_look look;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod0.slice", QOS_GUARANTEED);
	hog = fake_pod(&f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
	(void)snprintf(web->name, sizeof(web->name), "shop/web");
	fake_level(&f, web, LEVEL_P0);
	fake_level(&f, hog, LEVEL_P7);
	policy = test_calloc(1, sizeof(*policy));
	policy->n_slis = 1;
	policy->slis[0] = (struct sli_policy){.window_us = 10 * S, .level = LEVEL_P0};
	look = (struct sli_look){
		.model = &f.model,
		.samples = &f.samples,
		.plan = &f.plan,
		.scores = &scores,
		.policy = policy,
	};
	return 0;
}

static int drop(void **state)
{
	(void)state;
	sli_free(&watch);
	test_free(policy);
	fake_free(&f);
	return 0;
}

static void step(void)
{
	assert_return_code(sli_step(&watch, &look), 0);
}

static struct pod_history *of_web(void)
{
	return f.samples.pods[web->slot];
}

static const struct sli_now *now(void)
{
	const struct sli_now *all = sli_of(&watch, web);

	assert_non_null(all);
	return &all[0];
}

static void is_text(const char *want)
{
	char text[SLI_TEXT_SIZE];

	assert_int_equal(watch.n_events, 1);
	assert_string_equal(sli_event_text(&watch.events[0], text, sizeof(text)), want);
}

TEST(what_is_above_a_thousand_counts_where_the_sign_has_such_values)
{
	static const uint16_t values[] = {2400, UINT16_MAX, 1000, UINT16_MAX - 1, UINT16_MAX - 2};
	uint32_t value = 0, n = 0;

	assert_int_equal(sli_most(SLI_SCORE), 1000);
	assert_int_equal(sli_most(SLI_CPI), UINT16_MAX - 2);
	assert_true(sli_statistic_of(values, 4, sli_most(SLI_CPI), SLI_MEAN, &value, &n));
	assert_int_equal(value, 1700);
	assert_int_equal(n, 2);
	assert_true(sli_statistic_of(values, 5, sli_most(SLI_CPI), SLI_P99, &value, &n));
	assert_int_equal(value, UINT16_MAX - 2);
	assert_true(sli_statistic_of(values, 5, sli_most(SLI_CPI), SLI_P50, &value, &n));
	assert_int_equal(value, 2400);
	assert_true(sli_statistic_of(values, 5, sli_most(SLI_IO_SOME), SLI_P99, &value, &n));
	assert_int_equal(value, 1000);
}

/* Seconds in each of which so many cycles an instruction are measured; 0: none are. */
static void cpi_seconds(int n, uint32_t milli)
{
	while (n-- > 0) {
		look.now_us += S;
		fake_sample(&f, web, look.now_us, 0, 0);
		of_web()->cpi = (struct pod_cpi){milli ? look.now_us : 0, milli, 0};
		step();
	}
}

/* Seconds in which nobody looks at it. */
static void old_seconds(int n)
{
	while (n-- > 0) {
		look.now_us += S;
		fake_sample(&f, web, look.now_us, 0, 0);
		step();
	}
}

static void ask_cpi(enum sli_statistic statistic)
{
	policy->slis[0].sign = SLI_CPI;
	policy->slis[0].statistic = statistic;
	policy->slis[0].bound = 1500;
}

TEST(a_percentile_of_cpi_is_held_against_its_bound)
{
	ask_cpi(SLI_P90);
	cpi_seconds(1, 0);
	cpi_seconds(10, 1500);
	assert_int_equal(now()->verdict, SLI_MET);
	assert_int_equal(now()->value_permille, 1500);
	assert_int_equal(now()->measured_s, 10);
	cpi_seconds(1, 2400);
	assert_int_equal(now()->verdict, SLI_MET);
	cpi_seconds(1, 2400);
	assert_int_equal(now()->verdict, SLI_VIOLATED);
	is_text("p90 of cpi over 10 s is 2.4, more than 1.5");
	cpi_seconds(10, 1250);
	cpi_seconds(9, 1250);
	is_text("p90 of cpi over 10 s is 1.25, at most 1.5 again; it was 2.4 at worst");
}

TEST(more_cpi_than_there_is_room_for_is_the_most)
{
	ask_cpi(SLI_MEAN);
	cpi_seconds(1, 0);
	cpi_seconds(10, 4000000);
	assert_int_equal(now()->value_permille, 65533);
	is_text("mean of cpi over 10 s is 65.533, more than 1.5");
}

TEST(seconds_in_which_no_cpi_was_measured_are_missing)
{
	ask_cpi(SLI_MEAN);
	cpi_seconds(1, 0);
	cpi_seconds(9, 2000);
	cpi_seconds(1, 0);
	assert_int_equal(now()->verdict, SLI_VIOLATED);
	assert_int_equal(now()->measured_s, 9);
	cpi_seconds(1, 0);
	assert_int_equal(now()->verdict, SLI_UNMEASURED);
	/* One of a while ago is of now for three seconds. */
	of_web()->cpi = (struct pod_cpi){look.now_us, 2000, 0};
	old_seconds(3);
	assert_int_equal(now()->measured_s, 10 - 2);
	old_seconds(1);
	assert_int_equal(now()->measured_s, 10 - 3);
	/* Those after a gap are not of the seconds in it. */
	cpi_seconds(9, 2000);
	look.now_us += 4 * S;
	cpi_seconds(1, 2000);
	assert_int_equal(now()->measured_s, 5);
}

TEST(without_a_pmu_cpi_is_not_measured_from_the_first_second_on)
{
	ask_cpi(SLI_MEAN);
	f.model.capabilities &= ~(1u << CAPABILITY_PERF);
	cpi_seconds(1, 0);
	assert_int_equal(now()->verdict, SLI_UNMEASURED);
	cpi_seconds(11, 9000);
	assert_int_equal(now()->verdict, SLI_UNMEASURED);
	assert_int_equal(watch.n_events, 0);
}

TEST(it_is_said_why_a_sign_is_not_measured)
{
	static const struct {
		enum sli_sign sign;
		bool there, switched_off, denied;
		const char *want;
	} rows[] = {
		{SLI_CPI, true, false, false, NULL},
		{SLI_SCORE, false, false, false, NULL},
		{SLI_IO_WAIT, true, false, false, "this version does not measure it"},
		{SLI_CPI, false, false, false, "no PMU counts cycles here"},
		{SLI_CPI, false, false, true, "colod may not count cycles"},
		{SLI_CPI, false, true, true, "--without switches counting cycles (perf) off"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why;

		f.model.capabilities = (uint32_t)rows[i].there << CAPABILITY_PERF;
		f.model.switched_off = (uint32_t)rows[i].switched_off << CAPABILITY_PERF;
		f.model.denied = (uint32_t)rows[i].denied << CAPABILITY_PERF;
		why = sli_why_not(rows[i].sign, &f.model);
		if (!rows[i].want)
			assert_null(why);
		else
			assert_int_equal(strncmp(why, rows[i].want, strlen(rows[i].want)), 0);
	}
}

TEST(a_cpi_is_shown_with_the_digits_that_it_has)
{
	static const struct {
		uint64_t milli;
		const char *want;
	} rows[] = {{0, "0.0"},	     {5, "0.005"},     {400, "0.4"},
		    {1000, "1.0"},   {1250, "1.25"},   {1234, "1.234"},
		    {10000, "10.0"}, {10010, "10.01"}, {65533, "65.533"}};
	char buf[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(sli_cpi_text(rows[i].milli, buf, sizeof(buf)), rows[i].want);
}

TEST(a_sign_is_about_the_pods_of_its_own_indicators)
{
	policy->slis[1] = policy->slis[0];
	policy->slis[1].sign = SLI_CPI;
	policy->slis[1].level = LEVEL_NONE;
	assert_false(sli_is_about(policy, SLI_CPI, &f.plan, web));
	policy->n_slis = 2;
	assert_true(sli_is_about(policy, SLI_CPI, &f.plan, web));
	assert_false(sli_is_about(policy, SLI_CPI, &f.plan, hog));
	assert_false(sli_is_about(policy, SLI_SCORE, &f.plan, web));
	fake_waiting(&f, web);
	assert_false(sli_is_about(policy, SLI_CPI, &f.plan, web));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_above_a_thousand_counts_where_the_sign_has_such_values),
		CASE(a_percentile_of_cpi_is_held_against_its_bound),
		CASE(more_cpi_than_there_is_room_for_is_the_most),
		CASE(seconds_in_which_no_cpi_was_measured_are_missing),
		CASE(without_a_pmu_cpi_is_not_measured_from_the_first_second_on),
		CASE(it_is_said_why_a_sign_is_not_measured),
		CASE(a_cpi_is_shown_with_the_digits_that_it_has),
		CASE(a_sign_is_about_the_pods_of_its_own_indicators),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
