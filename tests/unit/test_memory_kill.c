// SPDX-License-Identifier: LGPL-2.1-or-later
// When somebody has to be killed, and when not: a burst, a node that rests, a victim whose memory is still to come.
#include "policy/memory_kill.h"

#include "policy/ring.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define MS 1000
#define SECOND 1000000
#define MIB ((uint64_t)1 << 20)

static struct fake f;
static struct memory_kill k;
static struct memory_kill_need need;
static int64_t now_us, stopped_us;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	f.policy.pressure_kill = (struct pressure_rule){.on = true, .window_us = 3 * SECOND};
	k = (struct memory_kill){0};
	now_us = 100 * (int64_t)SECOND;
	stopped_us = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

/* A pass later there is so much above the line of 82 MiB (a hundredth of 8 GiB, no kubelet). */
static bool pass(int64_t after_ms, uint64_t room_mib)
{
	now_us += after_ms * MS;
	fake_sample_node(&f, now_us, 0);
	fake_sample_node_memory(&f, room_mib * MIB + f.model.node.memory_bytes / 100,
				room_mib * MIB);
	return memory_kill_due(&k, &f.model, &f.samples, &f.policy, &f.plan, stopped_us, now_us,
			       &need);
}

/* Calm for a second and more, so that a fall is a mean over one. */
static void calm(uint64_t room_mib)
{
	for (int i = 0; i < 10; i++)
		assert_false(pass(200, room_mib));
}

/* 100 MiB a second, from 600: at 290 the mean says 2.9 s. */
static int passes_until_due(uint64_t room_mib, uint64_t falls_mib)
{
	int n = 1;

	calm(room_mib);
	while (!pass(200, room_mib - (uint64_t)n * falls_mib)) {
		n++;
		if ((uint64_t)n * falls_mib >= room_mib)
			return -1;
	}
	return n;
}

/* 260 MiB are left, and the next pass of the same fall would kill. */
static void fall_until_nearly_due(void)
{
	calm(600);
	for (uint64_t i = 1; i <= 17; i++)
		assert_false(pass(200, 600 - i * 20));
}

TEST(a_fall_that_goes_on_kills_when_the_time_is_nearly_up)
{
	int n = passes_until_due(600, 20);

	/* 600 − 20 × n < 3 × 100 at the 16th; the sign stands for 400 ms and three looks at the 18th. */
	assert_int_equal(n, 18);
	assert_int_equal(need.reason.code, REASON_MEMORY_EMPTY);
	assert_int_equal(need.reason.observed / MIB, 100);
	assert_true(need.reason.limit == 3 * SECOND);
	assert_true(need.reason.for_us < 3 * SECOND);
	assert_int_equal(need.reason.extra / MIB, 240);
	assert_true(need.bytes / MIB >= 59 && need.bytes / MIB <= 60);
}

/* 800 MiB at once, of 1000: 1.3 s are left for as long as that is in the window; nobody is killed for it. */
TEST(one_burst_kills_nobody)
{
	calm(2000);
	assert_false(pass(200, 1000));
	assert_false(pass(200, 1000));
	for (int i = 0; i < 20; i++)
		assert_false(pass(1000, 1000));
}

/* Slow passes: two looks are two, however far apart. */
TEST(three_looks_have_to_say_so)
{
	calm(1000);
	assert_false(pass(500, 600));
	assert_false(pass(500, 400));
	assert_true(pass(500, 300));
}

TEST(a_node_that_rests_below_the_line_kills_nobody)
{
	f.model.node.zones_high_bytes = 1024 * MIB;
	for (int i = 0; i < 50; i++)
		assert_false(pass(200, 100));
}

TEST(below_the_line_a_fall_kills)
{
	f.model.node.zones_high_bytes = 1024 * MIB;
	assert_true(passes_until_due(600, 2) > 0);
	assert_true(need.reason.extra == 0);
	assert_true(need.bytes > 300 * MIB);
}

TEST(the_next_one_waits_for_what_the_last_gives_back_or_for_two_seconds)
{
	const struct pod *pod = fake_pod(&f, "batch.slice", QOS_NONE);
	const struct victim victim = {.pod = pod, .estimate_bytes = 100 * MIB};

	assert_int_equal(passes_until_due(1200, 20), 48);
	memory_kill_taken(&k, &victim, now_us);
	assert_false(pass(200, 220));
	assert_false(pass(200, 200));
	memory_kill_ended(&k, pod->serial, true, 80 * MIB, now_us);
	assert_true(pass(200, 180));
	memory_kill_taken(&k, &victim, now_us);
	/* What another one, from before, gives back late is not this one's. */
	memory_kill_ended(&k, pod->serial + 1, true, 500 * MIB, now_us);
	for (int i = 1; i < 10; i++)
		assert_false(pass(200, 180 - (uint64_t)i * 15));
	assert_true(pass(200, 20));
}

/* The kill ends while a pass is under way: what was read before it says nothing of what came back. */
TEST(a_sample_from_before_the_end_of_a_kill_takes_nobody_else)
{
	const struct pod *pod = fake_pod(&f, "batch.slice", QOS_NONE);
	const struct victim victim = {.pod = pod, .estimate_bytes = 100 * MIB};

	assert_int_equal(passes_until_due(1200, 20), 48);
	memory_kill_taken(&k, &victim, now_us);
	assert_false(pass(200, 220));
	memory_kill_ended(&k, pod->serial, true, 100 * MIB, now_us);
	assert_false(memory_kill_due(&k, &f.model, &f.samples, &f.policy, &f.plan, stopped_us,
				     now_us, &need));
	now_us += 50 * MS;
	assert_false(memory_kill_due(&k, &f.model, &f.samples, &f.policy, &f.plan, stopped_us,
				     now_us, &need));
	for (int i = 0; i < 10; i++)
		assert_false(pass(200, 320));
}

/* The mode was another one for a minute: the looks from before do not count. */
TEST(looks_from_long_ago_do_not_count)
{
	fall_until_nearly_due();
	now_us += 60 * (int64_t)SECOND;
	for (int i = 0; i < 6; i++) {
		now_us += 200 * (int64_t)MS;
		fake_sample_node(&f, now_us, 0);
		fake_sample_node_memory(&f, 600 * MIB, 600 * MIB);
	}
	assert_false(pass(200, 250));
	assert_false(pass(200, 230));
	assert_true(pass(200, 210));
}

/* The mean over a second goes on falling for a while: whoever grew is frozen, or was killed. */
TEST(a_fall_that_has_stopped_kills_nobody)
{
	fall_until_nearly_due();
	for (int i = 0; i < 10; i++)
		assert_false(pass(200, 260));
	/* It runs again. */
	for (uint64_t i = 1; i <= 3; i++)
		assert_false(pass(200, 260 - i * 20));
}

/* It was frozen 0.3 s ago: what it took until then is still in the last 0.4 s. */
TEST(what_fell_before_a_freeze_kills_nobody)
{
	fall_until_nearly_due();
	stopped_us = now_us + 10 * MS;
	for (int i = 0; i < 10; i++)
		assert_false(pass(200, 236));
}

TEST(what_falls_all_the_same_after_a_freeze_kills)
{
	fall_until_nearly_due();
	stopped_us = now_us + 10 * MS;
	assert_false(pass(200, 240));
	assert_true(pass(200, 220));
}

/* What slows down for a moment does not begin anew: the sign stood on. */
TEST(a_fall_that_slows_kills_when_it_goes_on)
{
	fall_until_nearly_due();
	assert_false(pass(200, 252));
	assert_true(pass(200, 222));
}

TEST(what_fell_before_the_end_of_a_kill_takes_nobody_else)
{
	const struct pod *pod = fake_pod(&f, "batch.slice", QOS_NONE);
	const struct victim victim = {.pod = pod, .estimate_bytes = 10 * MIB};

	assert_int_equal(passes_until_due(1200, 20), 48);
	memory_kill_taken(&k, &victim, now_us);
	memory_kill_ended(&k, pod->serial, true, 10 * MIB, now_us + 50 * MS);
	for (int i = 0; i < 10; i++)
		assert_false(pass(200, 225));
}

TEST(what_falls_after_the_end_of_a_kill_does)
{
	const struct pod *pod = fake_pod(&f, "batch.slice", QOS_NONE);
	const struct victim victim = {.pod = pod, .estimate_bytes = 10 * MIB};

	assert_int_equal(passes_until_due(1200, 20), 48);
	memory_kill_taken(&k, &victim, now_us);
	memory_kill_ended(&k, pod->serial, true, 10 * MIB, now_us + 50 * MS);
	assert_false(pass(200, 230));
	assert_true(pass(200, 210));
}

TEST(without_a_rule_or_a_measurement_nobody_is_killed)
{
	f.policy.pressure_kill.on = false;
	assert_int_equal(passes_until_due(600, 20), -1);
	f.policy.pressure_kill.on = true;
	f.model.capabilities &= ~(1u << CAPABILITY_MEMORY);
	assert_false(pass(200, 5));
	f.model.capabilities |= 1u << CAPABILITY_MEMORY;
	k = (struct memory_kill){0};
	/* The same sample, looked at again and again, is one sample. */
	assert_false(pass(200, 4));
	for (int i = 0; i < 10; i++)
		assert_false(memory_kill_due(&k, &f.model, &f.samples, &f.policy, &f.plan,
					     stopped_us, now_us, &need));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_fall_that_goes_on_kills_when_the_time_is_nearly_up),
		CASE(one_burst_kills_nobody),
		CASE(three_looks_have_to_say_so),
		CASE(a_node_that_rests_below_the_line_kills_nobody),
		CASE(below_the_line_a_fall_kills),
		CASE(the_next_one_waits_for_what_the_last_gives_back_or_for_two_seconds),
		CASE(a_sample_from_before_the_end_of_a_kill_takes_nobody_else),
		CASE(looks_from_long_ago_do_not_count),
		CASE(a_fall_that_has_stopped_kills_nobody),
		CASE(what_fell_before_a_freeze_kills_nobody),
		CASE(what_falls_all_the_same_after_a_freeze_kills),
		CASE(a_fall_that_slows_kills_when_it_goes_on),
		CASE(what_fell_before_the_end_of_a_kill_takes_nobody_else),
		CASE(what_falls_after_the_end_of_a_kill_does),
		CASE(without_a_rule_or_a_measurement_nobody_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
