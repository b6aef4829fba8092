// SPDX-License-Identifier: LGPL-2.1-or-later
// What one agent writes of its evictions the next one reads, and nothing else passes for it.
#include "agent/evict_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"

#define BOOT "0f0f0f0f-0000-4000-8000-000000000001"

static struct evict_file full(void)
{
	struct evict_file f = {.n_pending = 1, .n_times = 2, .n_returns = 1};

	f.times_us[0] = 5;
	f.times_us[1] = 7;
	f.taint_until_us = 300;
	f.taint_up = true;
	f.pending[0].pending = (struct evict_pending){
		.stage = EVICT_STAGE_DYING,
		.asked_us = 1,
		.until_us = 2,
		.tries = 3,
		.counted = true,
		.estimate_bytes = 4,
		.before_bytes = 5,
		.back = {.namespace = "jobs", .owner_kind = "Job", .stem = "hog"},
	};
	f.pending[0].pending.ordered = true;
	f.pending[0].pending.returned = true;
	f.pending[0].caller =
		(struct history_caller){.known = true, .uid = 1000, .pid = 4711, .comm = "coloctl"};
	f.pending[0].inode = 99;
	(void)snprintf(f.pending[0].path, sizeof(f.pending[0].path), "a slice/with blanks");
	f.returns[0] = (struct evict_return){.until_us = 8, .namespace = "jobs", .stem = "hog"};
	return f;
}

static char text[EVICT_FILE_SIZE];

TEST(what_is_written_is_read)
{
	struct evict_file f = full(), back;

	size_t len = evict_file_format(&f, BOOT, text);

	assert_int_equal(len, strlen(text));
	assert_int_equal(evict_file_parse(text, BOOT, &back), 0);
	assert_memory_equal(&f, &back, sizeof(f));
}

TEST(of_another_boot_only_the_taint_counts)
{
	struct evict_file f = full(), back;

	(void)evict_file_format(&f, BOOT, text);
	assert_int_equal(evict_file_parse(text, "1f0f0f0f-0000-4000-8000-000000000001", &back),
			 -ESTALE);
	assert_int_equal(back.n_pending + back.n_times + back.n_returns, 0);
	assert_true(back.taint_up);
	assert_true(back.taint_until_us == 0);
}

/* Every text that is cut anywhere. */
TEST(half_a_file_is_none)
{
	struct evict_file f = full(), back;
	size_t len = evict_file_format(&f, BOOT, text);
	static char cut[EVICT_FILE_SIZE];

	for (size_t i = 0; i < len; i++) {
		memcpy(cut, text, i);
		cut[i] = '\0';
		assert_int_equal(evict_file_parse(cut, BOOT, &back), -EBADMSG);
	}
}

TEST(nothing_else_passes_for_it)
{
	static const char *const lines[] = {
		"time -1\n",
		"time 1 2\n",
		"time\n",
		"taint 1 2\n",
		"what 1\n",
		"\n",
		"pending none 1 2 3 1 4 5 6 a b c d\n",
		"pending dying 1 2 99 1 4 5 6 a b c d\n",
		"pending dying 1 2 3 1 4 5 6 a b c \n",
		"return 1 a b\n",
		"ordered 1 0 1 x\n",
		"back\n",
		"pending dying 1 2 3 1 4 5 6 a b c d\nback 1\n",
		"pending dying 1 2 3 1 4 5 6 a b c d\nback\nback\n",
		"pending dying 1 2 3 1 4 5 6 a b c d\nordered 2 0 1 x\n",
		"pending dying 1 2 3 1 4 5 6 a b c d\nordered 1 0 1 x y\n",
		"pending dying 1 2 3 1 4 5 6 a b c d\nordered 1 0 1 x\nordered 1 0 1 x\n",
	};
	struct evict_file back;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		(void)snprintf(text, sizeof(text), "colod-evictions 1 " BOOT "\n%send\n", lines[i]);
		assert_int_equal(evict_file_parse(text, BOOT, &back), -EBADMSG);
	}
}

TEST(names_that_no_cluster_gives_forge_no_line)
{
	struct evict_file f = full(), back;

	(void)snprintf(f.returns[0].stem, sizeof(f.returns[0].stem), "x\ntime 9");
	(void)snprintf(f.pending[0].path, sizeof(f.pending[0].path), "x\ntime 9");
	(void)evict_file_format(&f, BOOT, text);
	assert_int_equal(evict_file_parse(text, BOOT, &back), 0);
	assert_int_equal(back.n_times, 2);
	assert_int_equal(back.n_pending, 0);
	assert_string_equal(back.returns[0].stem, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(of_another_boot_only_the_taint_counts),
		cmocka_unit_test(half_a_file_is_none),
		cmocka_unit_test(nothing_else_passes_for_it),
		cmocka_unit_test(names_that_no_cluster_gives_forge_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
