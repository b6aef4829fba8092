// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/steps.h"
#include "tests/lib/record_case.h"

#define WEB "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podweb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"
#define SECOND 1000000ll

static struct fake f;
static struct record_case c;
static struct steps *steps;
static struct record_buf out;
static uint32_t ids[32];
static struct pod *web;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, WEB, QOS_BURSTABLE);
	fake_limit(fake_pod(&f, HOG, QOS_BESTEFFORT), KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	fake_request(web, 1000, 1 << 28);
	record_case_open(&c, NULL);
	steps = steps_new();
	for (uint32_t i = 0; i < 32; i++)
		ids[i] = i;
	return steps ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	steps_free(steps);
	record_buf_free(&out);
	record_case_close(&c);
	fake_free(&f);
	return 0;
}

/* What is told of the pass as it is. */
static const char *told(int64_t second)
{
	const struct record_pass pass = {
		.now_us = second * SECOND,
		.modes = &c.modes,
		.model = &f.model,
		.samples = &f.samples,
		.policy = c.policy,
		.ladders_after = &c.ladders,
		.plan = &c.plan,
		.scores = &c.scores,
		.changes = &c.changes,
	};

	out.n = 0;
	assert_int_equal(steps_tell(steps, &pass, ids, NULL, "| ", &out), 0);
	record_put_bytes(&out, "", 1);
	return out.text;
}

/* What one more pass tells. */
static const char *tell(int64_t second)
{
	record_case_pass(&c, &f, second * SECOND);
	return told(second);
}

TEST(the_first_pass_tells_everything)
{
	const char *text = tell(1);

	assert_memory_equal(text, "| modes all=squeeze cpu=squeeze", 31);
	assert_non_null(strstr(text, "\n| assign default/kubepods-burstable-podweb.slice slot=0 "
				     "level=P4 role=online rule="));
	assert_non_null(strstr(text, "(qos: Burstable)\n"));
	assert_non_null(strstr(text, "\n| plan " HOG " memory.high "));
	assert_non_null(strstr(text, " limit code=memory-of-node level=P7 rule="));
	assert_non_null(strstr(text, ": 80 % of the "));
	assert_non_null(strstr(text, "\n| write " HOG " memory.high max "));
	assert_null(strstr(text, "ladder"));
}

TEST(a_pass_that_decides_the_same_tells_nothing)
{
	(void)tell(1);
	record_case_apply(&c, &f);
	assert_string_equal(tell(2), "");
}

TEST(what_is_planned_no_more_is_told)
{
	(void)tell(1);
	f.model.capabilities &= ~(1u << CAPABILITY_MEMORY);
	assert_non_null(strstr(tell(2), "| unplan " HOG " memory.high\n"));
}

TEST(a_reason_alone_is_a_step)
{
	(void)tell(1);
	record_case_apply(&c, &f);
	fake_request(web, 999, 1 << 28); /* the same weight, for another request */
	assert_non_null(strstr(tell(2), "| plan " WEB " cpu.weight 39 share code=weight-request "
					"level=P4 rule="));
	assert_null(strstr(out.text, "| write"));
}

TEST(modes_that_withhold_are_told)
{
	(void)tell(1);
	c.modes.by[RESOURCE_MEMORY] = MODE_OBSERVE;
	assert_non_null(strstr(tell(2), "| modes all=squeeze cpu=squeeze memory=observe "));
	assert_non_null(strstr(out.text, "| withheld "));
}

TEST(another_cgroup_under_the_same_number_is_told_anew)
{
	(void)tell(1);
	record_case_apply(&c, &f);
	for (size_t i = 0; i < f.model.n_cgroups; i++)
		f.model.cgroups[i]->inode += 100;
	assert_non_null(strstr(tell(2), "| plan " HOG " memory.high "));
	assert_null(strstr(out.text, "unplan"));
}

TEST(a_name_cannot_forge_a_line)
{
	strcpy(web->name, "x\n| write / cpu.max");
	assert_non_null(strstr(tell(1), "assign x\\x0a|\\x20write\\x20/\\x20cpu.max slot=0"));
}

/* Whether the scores are told when the online pod has this one. */
static bool tells_score(const struct score_value *value)
{
	c.scores.pods[web->slot].by[RESOURCE_MEMORY] = *value;
	return strstr(told(2), "| scores ") != NULL;
}

TEST(of_a_score_what_was_measured_is_told_and_not_what_it_is_held_against)
{
	struct score_value v = {
		.state = SCORE_LEARNING, .stalled_permille = 124, .window_us = 10 * SECOND};
	const struct score_value was = v;

	(void)tell(1);
	assert_true(tells_score(&v));
	v.state = SCORE_BASELINE;
	v.excess_permille = 100;
	v.baseline.median_permille = 24;
	assert_false(tells_score(&v));
	v.state = SCORE_OWN_LIMIT;
	v.own_permille = 124;
	v.stalled_permille = 0;
	assert_false(tells_score(&v));
	v.own_permille = 125;
	assert_true(tells_score(&v));
	assert_true(tells_score(&was));
	v = was;
	v.window_us++;
	assert_true(tells_score(&v));
	v.state = SCORE_SELF_THROTTLED;
	assert_true(tells_score(&v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_pass_tells_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pass_that_decides_the_same_tells_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_planned_no_more_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reason_alone_is_a_step, setup, teardown),
		cmocka_unit_test_setup_teardown(modes_that_withhold_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(another_cgroup_under_the_same_number_is_told_anew,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_name_cannot_forge_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(
			of_a_score_what_was_measured_is_told_and_not_what_it_is_held_against, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
