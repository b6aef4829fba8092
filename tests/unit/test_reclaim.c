// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/reclaim.h"
#include "tests/lib/test.h"

#include <errno.h>

#define MIB ((uint64_t)1 << 20)
#define PAGE 4096u
#define NOW ((int64_t)100 * 1000000)
#define NO_LIMIT UINT64_MAX

/* What 6.1 and later show of a pod, and more that is of no interest. */
static const char text[] = "anon 83886080\nfile 167772160\nshmem 0\nfile_mapped 4096\n"
			   "file_dirty 1048576\nfile_writeback 65536\ninactive_anon 81788928\n"
			   "active_anon 2097152\ninactive_file 125829120\nactive_file 41943040\n"
			   "workingset_refault_anon 1\npgfault 21034\n";

TEST(memory_stat_is_read_by_its_keys)
{
	struct reclaim_stat s;

	assert_int_equal(reclaim_stat_parse(text, 0, &s), 0);
	assert_int_equal(s.anon_bytes, 83886080);
	assert_int_equal(s.inactive_anon_bytes, 81788928);
	assert_int_equal(s.inactive_file_bytes, 125829120);
	assert_int_equal(s.active_file_bytes, 41943040);
	assert_int_equal(s.dirty_bytes, 1048576);
	assert_int_equal(s.writeback_bytes, 65536);
}

TEST(a_memory_stat_without_one_of_them_says_nothing)
{
	static const char *const keys[] = {"anon ",	     "file_dirty ",    "file_writeback ",
					   "inactive_anon ", "inactive_file ", "\nactive_file "};
	struct reclaim_stat s = {.anon_bytes = 1};
	char cut[sizeof(text)];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		memcpy(cut, text, sizeof(text));
		strstr(cut, keys[i])[keys[i][0] == '\n'] = 'x';
		assert_int_equal(reclaim_stat_parse(cut, 0, &s), -ENOENT);
	}
	assert_int_equal(reclaim_stat_parse("", 0, &s), -ENOENT);
	memcpy(cut, text, sizeof(text));
	strstr(cut, "1048576")[0] = '-';
	assert_int_equal(reclaim_stat_parse(cut, 0, &s), -EINVAL);
	assert_int_equal(s.anon_bytes, 1);
}

TEST(what_a_pod_has_to_give)
{
	/* In MiB: inactive and active file, anon, inactive anon, dirty, writeback. */
	static const struct {
		uint64_t in_file, file, anon, in_anon, dirty, writeback, swap;
		bool mglru;
		uint64_t give;
	} rows[] = {
		{100, 0, 0, 0, 0, 0, 0, false, 100},
		{100, 60, 0, 0, 0, 0, 0, false, 130},
		/* Those that have to be written first do not count. */
		{100, 60, 0, 0, 30, 0, 0, false, 100},
		{100, 60, 0, 0, 30, 20, 0, false, 80},
		{100, 0, 0, 0, 90, 90, 0, false, 0},
		/* Without swap an anonymous page stays. */
		{0, 0, 500, 400, 0, 0, 0, false, 0},
		{0, 0, 500, 400, 0, 0, 0, true, 0},
		{100, 0, 500, 400, 0, 0, 0, true, 100},
		/* With swap: as much as is idle ... */
		{0, 0, 500, 400, 0, 0, 1000, false, 400},
		{0, 0, 500, 0, 0, 0, 1000, false, 0},
		/* ... or half of all, where the kernel does not say: a fresh hog. */
		{0, 0, 500, 0, 0, 0, 1000, true, 250},
		{0, 0, 500, 400, 0, 0, 1000, true, 250},
		/* ... and as the swap takes. */
		{0, 0, 500, 400, 0, 0, 70, false, 70},
		{0, 0, 500, 400, 0, 0, 70, true, 70},
		{100, 60, 500, 400, 30, 20, 70, false, 150},
		{0, 0, 500, 400, 100, 0, 70, false, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct reclaim_stat s = {
			.inactive_file_bytes = rows[i].in_file * MIB,
			.active_file_bytes = rows[i].file * MIB,
			.anon_bytes = rows[i].anon * MIB,
			.inactive_anon_bytes = rows[i].in_anon * MIB,
			.dirty_bytes = rows[i].dirty * MIB,
			.writeback_bytes = rows[i].writeback * MIB,
		};

		if (reclaim_give(&s, rows[i].swap * MIB, rows[i].mglru) != rows[i].give * MIB)
			fail_msg("row %zu", i);
	}
}

TEST(absurd_numbers_do_not_wrap_around)
{
	const struct reclaim_stat all = {UINT64_MAX, UINT64_MAX, UINT64_MAX,
					 UINT64_MAX, UINT64_MAX, UINT64_MAX};
	const struct reclaim_stat file = {.inactive_file_bytes = UINT64_MAX,
					  .active_file_bytes = UINT64_MAX,
					  .anon_bytes = UINT64_MAX,
					  .inactive_anon_bytes = UINT64_MAX};

	assert_int_equal(reclaim_give(&all, UINT64_MAX, true), 0);
	assert_int_equal(reclaim_give(&file, UINT64_MAX, false), UINT64_MAX);
}

static uint64_t slice(const struct reclaim_pace *pace, uint64_t give, uint64_t wanted)
{
	uint64_t bytes = 0;

	assert_int_equal(reclaim_next(pace, give, wanted, PAGE, NOW, &bytes), RECLAIM_SLICE);
	return bytes;
}

TEST(a_slice_is_asked_for_only_where_there_is_enough)
{
	const struct reclaim_pace pace = {0};
	uint64_t bytes = 4711;

	assert_int_equal(reclaim_next(&pace, 32 * MIB, NO_LIMIT, PAGE, NOW, &bytes),
			 RECLAIM_NOTHING);
	assert_int_equal(reclaim_next(&pace, 0, NO_LIMIT, PAGE, NOW, &bytes), RECLAIM_NOTHING);
	assert_int_equal(reclaim_next(&pace, NO_LIMIT, 16 * MIB - 1, PAGE, NOW, &bytes),
			 RECLAIM_ENOUGH);
	assert_int_equal(reclaim_next(&pace, 0, 0, PAGE, NOW, &bytes), RECLAIM_ENOUGH);
	assert_int_equal(bytes, 4711);
	assert_int_equal(slice(&pace, 32 * MIB + 1, NO_LIMIT), 16 * MIB);
	assert_int_equal(slice(&pace, NO_LIMIT, 16 * MIB), 16 * MIB);
}

TEST(a_slice_is_whole_pages_and_no_more_than_either)
{
	const struct reclaim_pace fast = {.slice_bytes = 64 * MIB};
	uint64_t bytes;

	assert_int_equal(slice(&fast, NO_LIMIT, NO_LIMIT), 64 * MIB);
	assert_int_equal(slice(&fast, 40 * MIB, NO_LIMIT), 40 * MIB);
	assert_int_equal(slice(&fast, NO_LIMIT, 20 * MIB), 20 * MIB);
	assert_int_equal(slice(&fast, NO_LIMIT, 20 * MIB + 5000), 20 * MIB + 4096);
	assert_int_equal(reclaim_next(&fast, NO_LIMIT, 17 * MIB - 1, 65536, NOW, &bytes),
			 RECLAIM_SLICE);
	assert_int_equal(bytes, 17 * MIB - 65536);
	/* A page size that nobody knows. */
	assert_int_equal(reclaim_next(&fast, NO_LIMIT, 17 * MIB, 0, NOW, &bytes), RECLAIM_SLICE);
	assert_int_equal(bytes, 17 * MIB);
}

TEST(slices_grow_while_the_kernel_keeps_up)
{
	struct reclaim_pace pace = {0};
	static const uint64_t grows[] = {16, 32, 64, 64, 64};

	for (size_t i = 0; i < sizeof(grows) / sizeof(grows[0]); i++) {
		assert_int_equal(slice(&pace, NO_LIMIT, NO_LIMIT), grows[i] * MIB);
		reclaim_ended(&pace, RECLAIM_END_ALL, grows[i] * MIB, grows[i] * MIB, NOW);
	}
	reclaim_ended(&pace, RECLAIM_END_TIME, 64 * MIB, 40 * MIB, NOW);
	assert_int_equal(slice(&pace, NO_LIMIT, NO_LIMIT), 16 * MIB);
}

TEST(two_poor_slices_in_a_row_are_a_rest)
{
	static const enum reclaim_end ends[] = {RECLAIM_END_SHORT, RECLAIM_END_TIME};
	const uint64_t asked = 64 * MIB, poor = 16 * MIB - 1;

	for (size_t i = 0; i < 2; i++) {
		struct reclaim_pace pace = {0};

		reclaim_ended(&pace, ends[i], asked, poor, NOW);
		assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW), RECLAIM_SLICE);
		reclaim_ended(&pace, ends[1 - i], asked, poor, NOW);
		assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW), RECLAIM_RESTS);
		assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW + 9999999), RECLAIM_RESTS);
		assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW + 10000000), RECLAIM_SLICE);
		/* It begins anew. */
		reclaim_ended(&pace, ends[i], asked, 0, NOW + 11000000);
		assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW + 11000000), RECLAIM_SLICE);
	}
}

TEST(a_slice_that_gave_a_quarter_breaks_the_row)
{
	static const struct {
		enum reclaim_end end;
		uint64_t got;
	} breaks[] = {{RECLAIM_END_SHORT, 16 * MIB}, {RECLAIM_END_ALL, 64 * MIB}};

	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		struct reclaim_pace pace = {0};

		for (int n = 0; n < 3; n++) {
			reclaim_ended(&pace, RECLAIM_END_SHORT, 64 * MIB, 0, NOW);
			reclaim_ended(&pace, breaks[i].end, 64 * MIB, breaks[i].got, NOW);
		}
		assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW), RECLAIM_SLICE);
	}
}

TEST(a_slice_that_was_taken_back_says_nothing)
{
	struct reclaim_pace pace = {.slice_bytes = 32 * MIB};

	for (int n = 0; n < 5; n++)
		reclaim_ended(&pace, RECLAIM_END_STOPPED, 64 * MIB, 0, NOW);
	assert_int_equal(slice(&pace, NO_LIMIT, NO_LIMIT), 32 * MIB);
	/* Neither does it break a row. */
	reclaim_ended(&pace, RECLAIM_END_SHORT, 64 * MIB, 0, NOW);
	reclaim_ended(&pace, RECLAIM_END_STOPPED, 64 * MIB, 60 * MIB, NOW);
	reclaim_ended(&pace, RECLAIM_END_SHORT, 64 * MIB, 0, NOW);
	assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW), RECLAIM_RESTS);
}

TEST(one_refusal_is_a_rest)
{
	struct reclaim_pace pace = {0};

	reclaim_ended(&pace, RECLAIM_END_REFUSED, 64 * MIB, 0, NOW);
	assert_int_equal(reclaim_ready(&pace, NO_LIMIT, NOW + 9999999), RECLAIM_RESTS);
	assert_int_equal(reclaim_ready(&pace, 0, NOW), RECLAIM_ENOUGH);
}

TEST(every_answer_and_every_end_has_its_own_words)
{
	for (int i = 0; i < RECLAIM_ANSWER_COUNT; i++)
		for (int j = 0; j <= i; j++)
			assert_int_equal(strcmp(reclaim_answer_text((enum reclaim_answer)i),
						reclaim_answer_text((enum reclaim_answer)j)) == 0,
					 i == j);
	for (int i = 0; i < RECLAIM_END_COUNT; i++)
		for (int j = 0; j <= i; j++)
			assert_int_equal(strcmp(reclaim_end_text((enum reclaim_end)i),
						reclaim_end_text((enum reclaim_end)j)) == 0,
					 i == j);
	assert_string_equal(reclaim_answer_text(RECLAIM_ANSWER_COUNT), "?");
	assert_string_equal(reclaim_end_text(RECLAIM_END_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_stat_is_read_by_its_keys),
		cmocka_unit_test(a_memory_stat_without_one_of_them_says_nothing),
		cmocka_unit_test(what_a_pod_has_to_give),
		cmocka_unit_test(absurd_numbers_do_not_wrap_around),
		cmocka_unit_test(a_slice_is_asked_for_only_where_there_is_enough),
		cmocka_unit_test(a_slice_is_whole_pages_and_no_more_than_either),
		cmocka_unit_test(slices_grow_while_the_kernel_keeps_up),
		cmocka_unit_test(two_poor_slices_in_a_row_are_a_rest),
		cmocka_unit_test(a_slice_that_gave_a_quarter_breaks_the_row),
		cmocka_unit_test(a_slice_that_was_taken_back_says_nothing),
		cmocka_unit_test(one_refusal_is_a_rest),
		cmocka_unit_test(every_answer_and_every_end_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
