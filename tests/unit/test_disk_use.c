// SPDX-License-Identifier: LGPL-2.1-or-later
// A made disk, second by second.
#include "policy/disk_use.h"

#include <errno.h>

#include "tests/lib/test.h"

#define S 1000000ll
#define MIB (1ull << 20)

struct scene {
	struct disks disks;
	struct disk_samples samples;
	struct disk_uses uses;
	int64_t now_us;
};

static struct scene scene;

static int setup(void **state)
{
	(void)state;
	scene = (struct scene){.now_us = S};
	scene.disks = (struct disks){.n = 1, .list = {{.major = 8}}};
	scene.samples.n = 1;
	scene.samples.list[0].major = 8;
	return 0;
}

static struct disk_use *use(void)
{
	return &scene.uses.list[0];
}

/* So long later the disk has done `n` requests of `size` bytes more, each after `waited_us`, and was busy for so much. */
static void after(int64_t us, enum disk_direction direction, uint64_t n, uint64_t size,
		  uint64_t waited_us, uint64_t busy_us)
{
	struct disk_sample *s = &scene.samples.list[0].sample;

	scene.now_us += us;
	s->at_us = scene.now_us;
	s->of[direction].requests += n;
	s->of[direction].bytes += n * size;
	s->of[direction].waited_us += n * waited_us;
	s->busy_us += busy_us;
	disk_use_look(&scene.uses, &scene.disks, &scene.samples);
}

/* A second of so much, with eight requests under way. */
static void loaded(enum disk_direction direction, uint64_t n, uint64_t size)
{
	after(S, direction, n, size, 8 * S / n, S);
}

static uint64_t can(enum disk_ability what)
{
	uint64_t per_s = 0;

	return disk_use_ability(use(), what, &per_s) == 0 ? per_s : UINT64_MAX;
}

TEST(a_second_is_told_as_it_was)
{
	after(0, DISK_READ, 0, 0, 0, 0);
	assert_int_equal(use()->window.span_us, 0);
	after(2 * S, DISK_WRITE, 100, 65536, 50000, S);
	assert_int_equal(use()->window.span_us, 2 * S);
	assert_int_equal(use()->window.bytes_per_s[DISK_WRITE], 50 * 65536);
	assert_int_equal(use()->window.requests_per_s[DISK_WRITE], 50);
	assert_int_equal(use()->window.waited_us[DISK_WRITE], 50000);
	assert_int_equal(use()->window.busy_permille, 500);
	assert_int_equal(use()->window.queue_milli, 2500);
	assert_int_equal(use()->window.waited_us[DISK_READ], 0);
	assert_false(use()->window.loaded);
}

TEST(large_requests_teach_bytes_and_small_ones_their_number)
{
	after(0, DISK_READ, 0, 0, 0, 0);
	for (int i = 0; i < DISK_USE_SECONDS_MIN; i++) {
		assert_true(can(DISK_READ_BYTES) == UINT64_MAX);
		loaded(DISK_READ, 100, MIB);
	}
	assert_int_equal(can(DISK_READ_BYTES), 100 * MIB);
	assert_true(can(DISK_READ_REQUESTS) == UINT64_MAX);
	for (int i = 0; i < DISK_USE_SECONDS_MIN; i++)
		loaded(DISK_WRITE, 900, 4096);
	assert_int_equal(can(DISK_WRITE_REQUESTS), 900);
	assert_true(can(DISK_WRITE_BYTES) == UINT64_MAX);
	/* Neither. */
	loaded(DISK_READ, 500, 32768);
	assert_int_equal(can(DISK_READ_BYTES), 100 * MIB);
	assert_true(can(DISK_READ_REQUESTS) == UINT64_MAX);
}

TEST(what_is_asked_of_a_disk_that_could_do_more_teaches_nothing)
{
	after(0, DISK_READ, 0, 0, 0, 0);
	for (int i = 0; i < 20; i++) {
		after(S, DISK_READ, 10, MIB, 900000, S / 2); /* half of the time idle */
		after(S, DISK_READ, 10, MIB, 100000, S);     /* one at a time */
	}
	assert_true(can(DISK_READ_BYTES) == UINT64_MAX);
	for (int i = 0; i < DISK_USE_SECONDS_MIN; i++)
		loaded(DISK_READ, 100, MIB);
	for (int i = 0; i < 20; i++)
		after(S, DISK_READ, 10, MIB, 100000, S);
	assert_int_equal(can(DISK_READ_BYTES), 100 * MIB);
}

TEST(a_second_of_both_directions_teaches_nothing)
{
	after(0, DISK_READ, 0, 0, 0, 0);
	for (int i = 0; i < 20; i++) {
		scene.samples.list[0].sample.of[DISK_WRITE].requests += 50;
		scene.samples.list[0].sample.of[DISK_WRITE].bytes += 50 * MIB;
		scene.samples.list[0].sample.of[DISK_WRITE].waited_us += 2 * S;
		loaded(DISK_READ, 50, MIB);
	}
	for (enum disk_ability a = 0; a < DISK_ABILITIES; a++)
		assert_true(can(a) == UINT64_MAX);
}

TEST(more_is_believed_at_once_and_less_after_ten_loaded_seconds)
{
	after(0, DISK_WRITE, 0, 0, 0, 0);
	for (int i = 0; i < 30; i++)
		loaded(DISK_WRITE, 50 + (uint64_t)(i % 5), MIB);
	assert_int_equal(can(DISK_WRITE_BYTES), 54 * MIB);
	loaded(DISK_WRITE, 80, MIB);
	assert_int_equal(can(DISK_WRITE_BYTES), 80 * MIB);
	for (int i = 0; i < DISK_USE_SECONDS - 1; i++) {
		loaded(DISK_WRITE, 20, MIB);
		assert_int_equal(can(DISK_WRITE_BYTES), 80 * MIB);
		after(S, DISK_WRITE, 0, 0, 0, 0); /* what it did not do while idle is no sign */
	}
	loaded(DISK_WRITE, 20, MIB);
	assert_int_equal(can(DISK_WRITE_BYTES), 20 * MIB);
}

TEST(a_gap_and_a_counter_that_fell_begin_anew_and_forget_nothing)
{
	after(0, DISK_READ, 0, 0, 0, 0);
	for (int i = 0; i < DISK_USE_SECONDS_MIN; i++)
		loaded(DISK_READ, 100, MIB);
	after(6 * S, DISK_READ, 60000, MIB, 100000, 6 * S);
	assert_int_equal(use()->window.span_us, 0);
	assert_int_equal(can(DISK_READ_BYTES), 100 * MIB);
	scene.samples.list[0].sample = (struct disk_sample){0};
	loaded(DISK_READ, 100, MIB);
	assert_int_equal(use()->window.span_us, 0);
	loaded(DISK_READ, 120, MIB);
	assert_int_equal(use()->window.span_us, S);
	assert_int_equal(can(DISK_READ_BYTES), 120 * MIB);
	/* Too soon: the second goes on. */
	after(S / 10, DISK_READ, 1, MIB, 0, 0);
	assert_int_equal(use()->window.span_us, S);
}

/* Its file could not be read for a moment: what it does now is not known, what it is able to do is. */
TEST(a_disk_that_could_not_be_read_keeps_what_was_learned)
{
	after(0, DISK_READ, 0, 0, 0, 0);
	for (int i = 0; i < DISK_USE_SECONDS_MIN; i++)
		loaded(DISK_READ, 100, MIB);
	scene.samples.n = 0;
	disk_use_look(&scene.uses, &scene.disks, &scene.samples);
	assert_int_equal(can(DISK_READ_BYTES), 100 * MIB);
	assert_int_equal(use()->window.span_us, 0);
	scene.samples.n = 1;
	loaded(DISK_READ, 110, MIB);
	assert_int_equal(can(DISK_READ_BYTES), 110 * MIB);
}

TEST(each_disk_is_its_own_and_one_that_went_is_forgotten)
{
	const struct disk first = {.major = 8}, second = {.major = 8, .minor = 16},
			  third = {.major = 9};

	scene.disks.n = scene.samples.n = 2;
	scene.disks.list[1] = second;
	scene.samples.list[1].major = 8;
	scene.samples.list[1].minor = 16;
	after(0, DISK_READ, 0, 0, 0, 0);
	for (int i = 0; i < DISK_USE_SECONDS_MIN; i++) {
		scene.samples.list[1].sample.at_us = scene.now_us + S;
		loaded(DISK_READ, 100, MIB);
	}
	assert_int_equal(can(DISK_READ_BYTES), 100 * MIB);
	assert_ptr_equal(disk_use_of(&scene.uses, &first), use());
	assert_false(disk_use_of(&scene.uses, &second)->window.loaded);
	assert_null(disk_use_of(&scene.uses, &third));
	/* Whatever a sample of a moment ago says. */
	scene.disks.n = 0;
	disk_use_look(&scene.uses, &scene.disks, &scene.samples);
	assert_null(disk_use_of(&scene.uses, &first));
	scene.disks.n = scene.samples.n = 1;
	after(S, DISK_READ, 0, 0, 0, 0);
	assert_true(can(DISK_READ_BYTES) == UINT64_MAX);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_second_is_told_as_it_was),
		CASE(large_requests_teach_bytes_and_small_ones_their_number),
		CASE(what_is_asked_of_a_disk_that_could_do_more_teaches_nothing),
		CASE(a_second_of_both_directions_teaches_nothing),
		CASE(more_is_believed_at_once_and_less_after_ten_loaded_seconds),
		CASE(a_gap_and_a_counter_that_fell_begin_anew_and_forget_nothing),
		CASE(a_disk_that_could_not_be_read_keeps_what_was_learned),
		CASE(each_disk_is_its_own_and_one_that_went_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
