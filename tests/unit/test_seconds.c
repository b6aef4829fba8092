// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/seconds.h"

#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define S 1000000

static struct fake f;
static struct pod *web;
static struct seconds seconds;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
	seconds = (struct seconds){0};
	return 0;
}

static int drop(void **state)
{
	(void)state;
	seconds_free(&seconds);
	fake_free(&f);
	return 0;
}

static void pass(int64_t at_us)
{
	fake_sample(&f, web, at_us, (uint64_t)at_us / 2, (uint64_t)at_us / 10);
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, at_us), 0);
}

static const struct pod_seconds *of(const struct pod *pod)
{
	return seconds_of(&seconds, pod->slot, pod->serial);
}

TEST(however_fast_the_samples_come_a_minute_is_kept)
{
	for (int i = 1; i <= 1200; i++)
		pass(i * (int64_t)S / 10);
	assert_int_equal(of(web)->count, SECONDS_RING);
	assert_true(seconds_at(of(web), 0)->at_us > 119 * (int64_t)S);
	assert_true(seconds_at(of(web), 0)->at_us - seconds_at(of(web), SECONDS_RING - 1)->at_us >
		    56 * (int64_t)S);
	assert_null(seconds_at(of(web), SECONDS_RING));
	assert_int_equal(seconds_at(of(web), 0)->cpu_us, seconds_at(of(web), 0)->at_us / 2);
	assert_int_equal(seconds_at(of(web), 0)->stalled_us[RESOURCE_CPU],
			 seconds_at(of(web), 0)->at_us / 10);
}

TEST(a_pass_that_comes_early_has_its_second)
{
	pass(1 * S);
	pass(1 * S + 950000);
	pass(1 * S + 960000);
	assert_int_equal(of(web)->count, 2);
}

TEST(a_steady_pass_allocates_nothing)
{
	unsigned long before;

	pass(1 * S);
	before = alloc_count();
	for (int i = 2; i < 200; i++) {
		/* fake_sample() may allocate, but not for a pod that it knows */
		pass(i * (int64_t)S);
	}
	assert_true(alloc_count() == before);
}

TEST(a_pod_in_the_slot_of_another_starts_anew)
{
	pass(1 * S);
	pass(2 * S);
	web->serial++;
	assert_null(of(web));
	f.samples.pods[web->slot]->serial++;
	pass(3 * S);
	assert_int_equal(of(web)->count, 1);
}

TEST(what_was_not_measured_again_is_not_kept_twice)
{
	pass(1 * S);
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, 2 * S), 0);
	assert_int_equal(of(web)->count, 1);
}

/* A pass in which this is what was last measured of the pod. */
static uint32_t sent_by(int64_t at_us, struct net_sent sent, size_t n)
{
	struct net_sent list[8] = {0};
	const struct net_shown net = {.sent = list, .n_sent = n};

	list[web->slot] = sent;
	fake_sample(&f, web, at_us, (uint64_t)at_us / 2, 0);
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, &net, at_us), 0);
	return seconds_at(of(web), 0)->net_kib_s;
}

TEST(what_a_pod_sends_is_kept_as_it_was_last_measured)
{
	const struct net_sent sent = {
		.serial = web->serial, .rated = true, .at_us = 100 * S, .bytes_per_s = 3 << 20};

	assert_int_equal(sent_by(101 * S, sent, 8), 3072);
	assert_int_equal(sent_by(112 * S, sent, 8), 3072);
	/* and not for longer */
	assert_int_equal(sent_by(113 * S, sent, 8), SECOND_UNKNOWN);
}

TEST(what_was_not_measured_of_what_a_pod_sends_is_not_nothing)
{
	struct net_sent sent = {.serial = web->serial, .rated = true, .at_us = 100 * S};

	pass(100 * S);
	assert_int_equal(seconds_at(of(web), 0)->net_kib_s, SECOND_UNKNOWN);
	assert_int_equal(sent_by(101 * S, sent, 8), 0);
	assert_int_equal(sent_by(102 * S, sent, web->slot), SECOND_UNKNOWN);
	sent.rated = false;
	assert_int_equal(sent_by(103 * S, sent, 8), SECOND_UNKNOWN);
	sent.rated = true;
	sent.serial++;
	assert_int_equal(sent_by(104 * S, sent, 8), SECOND_UNKNOWN);
	sent.serial--;
	sent.bytes_per_s = UINT64_MAX;
	assert_int_equal(sent_by(105 * S, sent, 8), SECOND_UNKNOWN - 1);
}

static const struct second *with_memory(int64_t at_us, struct pod_memory memory)
{
	fake_sample(&f, web, at_us, 1, 1);
	f.samples.pods[web->slot]->memory = memory;
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, at_us), 0);
	return seconds_at(of(web), 0);
}

TEST(what_was_measured_of_its_memory_is_kept_and_what_was_not_is_unknown)
{
	struct pod_memory memory = {.at_us = 9 * S,
				    .anon_bytes = 3 << 20,
				    .file_bytes = UINT64_MAX,
				    .refaults_per_s = 7,
				    .direct_per_s = POD_MEMORY_UNKNOWN};
	const struct second *s = with_memory(10 * S, memory);

	assert_int_equal(s->anon_kib, 3072);
	assert_int_equal(s->file_kib, SECOND_UNKNOWN - 1);
	assert_int_equal(s->refaults_per_s, 7);
	assert_int_equal(s->direct_per_s, SECOND_UNKNOWN);
	/* No longer than it may be between two readings. */
	s = with_memory(11 * S, memory);
	assert_int_equal(s->anon_kib, SECOND_UNKNOWN);
	assert_int_equal(s->refaults_per_s, SECOND_UNKNOWN);
	memory.at_us = 12 * S;
	memory.direct_per_s = UINT64_MAX - 1;
	s = with_memory(12 * S, memory);
	assert_int_equal(s->direct_per_s, SECOND_UNKNOWN - 1);
	memory.at_us = 0;
	assert_int_equal(with_memory(13 * S, memory)->anon_kib, SECOND_UNKNOWN);
	pass(14 * S);
	assert_int_equal(seconds_at(of(web), 0)->file_kib, SECOND_UNKNOWN);
}

static struct pod_sample *newest(void)
{
	struct pod_history *h = f.samples.pods[web->slot];

	return &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
}

TEST(all_of_it_waiting_and_being_throttled_are_counters)
{
	const struct second *s;

	fake_sample(&f, web, 1 * S, 1, 1);
	newest()->psi[RESOURCE_MEMORY].full_us = (UINT64_C(3) << 32) + 5;
	newest()->psi[RESOURCE_IO].full_us = 6;
	newest()->throttled_us = 7;
	assert_int_equal(seconds_feed(&seconds, &f.model, &f.samples, NULL, 1 * S), 0);
	s = seconds_at(of(web), 0);
	assert_int_equal(s->memory_full_us, 5);
	assert_int_equal(s->io_full_us, 6);
	assert_int_equal(s->throttled_us, 7);
}

TEST(a_quota_that_was_not_seen_between_two_seconds_is_not_known)
{
	pass(1 * S);
	fake_sample(&f, web, 1 * S + 400000, 1, 1);
	newest()->valid |= SAMPLE_QUOTA_UNSEEN;
	fake_sample(&f, web, 1 * S + 700000, 1, 1);
	pass(2 * S);
	assert_true(seconds_at(of(web), 0)->valid & SAMPLE_QUOTA_UNSEEN);
	pass(3 * S);
	assert_false(seconds_at(of(web), 0)->valid & SAMPLE_QUOTA_UNSEEN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(however_fast_the_samples_come_a_minute_is_kept),
		T(a_pass_that_comes_early_has_its_second),
		T(a_steady_pass_allocates_nothing),
		T(a_pod_in_the_slot_of_another_starts_anew),
		T(what_was_not_measured_again_is_not_kept_twice),
		T(what_a_pod_sends_is_kept_as_it_was_last_measured),
		T(what_was_not_measured_of_what_a_pod_sends_is_not_nothing),
		T(what_was_measured_of_its_memory_is_kept_and_what_was_not_is_unknown),
		T(all_of_it_waiting_and_being_throttled_are_counters),
		T(a_quota_that_was_not_seen_between_two_seconds_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
