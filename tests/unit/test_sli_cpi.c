// SPDX-License-Identifier: LGPL-2.1-or-later
// Indicators of cycles an instruction.
#include "tests/lib/sli_case.h"

#include <string.h>

#include "tests/lib/test.h"

#define S 1000000

static struct sli_case c;

static int make(void **state)
{
	(void)state;
	sli_case_open(&c);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	sli_case_close(&c);
	return 0;
}

static struct pod_history *of_web(void)
{
	return c.f.samples.pods[c.web->slot];
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
		c.look.now_us += S;
		fake_sample(&c.f, c.web, c.look.now_us, 0, 0);
		of_web()->cpi = (struct pod_cpi){milli ? c.look.now_us : 0, milli, 0};
		sli_case_step(&c);
	}
}

/* Seconds in which nobody looks at it. */
static void old_seconds(int n)
{
	while (n-- > 0) {
		c.look.now_us += S;
		fake_sample(&c.f, c.web, c.look.now_us, 0, 0);
		sli_case_step(&c);
	}
}

static void ask_cpi(enum sli_statistic statistic)
{
	c.policy->slis[0].sign = SLI_CPI;
	c.policy->slis[0].statistic = statistic;
	c.policy->slis[0].bound = 1500;
}

TEST(a_percentile_of_cpi_is_held_against_its_bound)
{
	ask_cpi(SLI_P90);
	cpi_seconds(1, 0);
	cpi_seconds(10, 1500);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_MET);
	assert_int_equal(sli_case_now(&c)->value_permille, 1500);
	assert_int_equal(sli_case_now(&c)->measured_s, 10);
	cpi_seconds(1, 2400);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_MET);
	cpi_seconds(1, 2400);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	sli_case_says(&c, "p90 of cpi over 10 s is 2.4, more than 1.5");
	cpi_seconds(10, 1250);
	cpi_seconds(9, 1250);
	sli_case_says(&c, "p90 of cpi over 10 s is 1.25, at most 1.5 again; it was 2.4 at worst");
}

TEST(more_cpi_than_there_is_room_for_is_the_most)
{
	ask_cpi(SLI_MEAN);
	cpi_seconds(1, 0);
	cpi_seconds(10, 4000000);
	assert_int_equal(sli_case_now(&c)->value_permille, 65533);
	sli_case_says(&c, "mean of cpi over 10 s is 65.533, more than 1.5");
}

TEST(seconds_in_which_no_cpi_was_measured_are_missing)
{
	ask_cpi(SLI_MEAN);
	cpi_seconds(1, 0);
	cpi_seconds(9, 2000);
	cpi_seconds(1, 0);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_VIOLATED);
	assert_int_equal(sli_case_now(&c)->measured_s, 9);
	cpi_seconds(1, 0);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	/* One of a while ago is of now for three seconds. */
	of_web()->cpi = (struct pod_cpi){c.look.now_us, 2000, 0};
	old_seconds(3);
	assert_int_equal(sli_case_now(&c)->measured_s, 10 - 2);
	old_seconds(1);
	assert_int_equal(sli_case_now(&c)->measured_s, 10 - 3);
	/* Those after a gap are not of the seconds in it. */
	cpi_seconds(9, 2000);
	c.look.now_us += 4 * S;
	cpi_seconds(1, 2000);
	assert_int_equal(sli_case_now(&c)->measured_s, 5);
}

TEST(without_a_pmu_cpi_is_not_measured_from_the_first_second_on)
{
	ask_cpi(SLI_MEAN);
	c.f.model.capabilities &= ~(1u << CAPABILITY_PERF);
	cpi_seconds(1, 0);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	cpi_seconds(11, 9000);
	assert_int_equal(sli_case_now(&c)->verdict, SLI_UNMEASURED);
	assert_int_equal(c.watch.n_events, 0);
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

		c.f.model.capabilities = (uint32_t)rows[i].there << CAPABILITY_PERF;
		c.f.model.switched_off = (uint32_t)rows[i].switched_off << CAPABILITY_PERF;
		c.f.model.denied = (uint32_t)rows[i].denied << CAPABILITY_PERF;
		why = sli_why_not(rows[i].sign, &c.f.model);
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
	c.policy->slis[1] = c.policy->slis[0];
	c.policy->slis[1].sign = SLI_CPI;
	c.policy->slis[1].level = LEVEL_NONE;
	assert_false(sli_is_about(c.policy, SLI_CPI, &c.f.plan, c.web));
	c.policy->n_slis = 2;
	assert_true(sli_is_about(c.policy, SLI_CPI, &c.f.plan, c.web));
	assert_false(sli_is_about(c.policy, SLI_CPI, &c.f.plan, c.hog));
	assert_false(sli_is_about(c.policy, SLI_SCORE, &c.f.plan, c.web));
	fake_waiting(&c.f, c.web);
	assert_false(sli_is_about(c.policy, SLI_CPI, &c.f.plan, c.web));
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
