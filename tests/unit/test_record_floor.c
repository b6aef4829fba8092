// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/record_floor.h"
#include "tests/lib/record_case.h"

#define SECOND 1000000ll
#define BESTEFFORT "kubepods.slice/kubepods-besteffort.slice"

static const struct floor_cpu some = {
	.branches =
		{
			{.inode = UINT64_MAX,
			 .state = FLOOR_STARVING,
			 .weight = 100,
			 .since_us = -1,
			 .since_ppm = 38461,
			 .n_pods = 2,
			 .max_serial = 77,
			 .doublings = 1,
			 .changed_us = 5,
			 .needed_us = INT64_MAX,
			 .patience_us = 20000000,
			 .reason = {.code = REASON_FLOOR_RAISED,
				    .level = LEVEL_P7,
				    .rule = 3,
				    .observed = 18000,
				    .limit = 38461,
				    .for_us = 2000000,
				    .extra = 50,
				    .who = "batch/hog 1"}},
			{.inode = 2,
			 .state = FLOOR_QUOTA,
			 .reason = {.level = LEVEL_NONE, .rule = -1}},
		},
	.n = 2,
	.raises = 9,
	.starved = 4,
};

static struct record_buf buf;

static int teardown(void **state)
{
	(void)state;
	record_buf_free(&buf);
	return 0;
}

/* The next line behind its first word; false at the end. */
static bool next(const char **at, struct record_line *ret_line)
{
	const char *end = memchr(*at, '\n', buf.n - (size_t)(*at - buf.text));
	struct record_line word;

	if (!end)
		return false;
	*ret_line = (struct record_line){*at, (size_t)(end - *at)};
	*at = end + 1;
	assert_true(record_next(ret_line, &word));
	assert_true(record_is(&word, "floor"));
	return true;
}

TEST(a_floor_goes_there_and_back)
{
	struct floor_cpu back = {.n = 5, .raises = 1};
	struct record_line line;
	const char *at;

	record_floor_put(&buf, &some, NULL);
	at = buf.text;
	while (next(&at, &line))
		assert_int_equal(record_floor_get(&line, &back), 0);
	assert_memory_equal(&back, &some, sizeof(back));
}

/* One that is cut anywhere is not taken for another one. */
TEST(a_line_that_is_cut_short_is_refused)
{
	struct record_line line;
	const char *at;

	record_floor_put(&buf, &some, NULL);
	at = buf.text;
	while (next(&at, &line)) {
		for (size_t n = 0; n + sizeof("batch/hog\\x201") < line.len; n++) {
			struct record_line cut = {line.at, n};
			struct floor_cpu back = {0};

			if (n == line.len - 1 && line.at[0] == 'c')
				continue; /* one digit less of its last number */
			assert_int_equal(record_floor_get(&cut, &back), -EBADMSG);
		}
	}
}

TEST(what_does_not_belong_is_refused)
{
	static const char *const lines[] = {
		"",
		"cpu",
		"io raises=1 starved=1",
		"cpu raises=1 starved=1 x",
		"cpu raises=1 starved=x",
	};
	struct floor_cpu back = {.n = FLOOR_BRANCHES};
	struct record_line line;
	const char *at;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		line = (struct record_line){lines[i], strlen(lines[i])};
		assert_int_equal(record_floor_get(&line, &back), -EBADMSG);
	}
	/* Nor is one branch more than there is room for. */
	record_floor_put(&buf, &some, NULL);
	at = buf.text;
	assert_true(next(&at, &line));
	assert_true(next(&at, &line));
	assert_int_equal(record_floor_get(&line, &back), -EBADMSG);
	assert_int_equal(back.n, FLOOR_BRANCHES);
}

static struct fake f;
static struct record_case c;
static struct pod *hog;

static int setup_node(void **state)
{
	(void)state;
	fake_init(&f);
	f.model.node.n_cpus = 2;
	(void)fake_pod(&f, "kubepods.slice/kubepods-burstable.slice/a.slice", QOS_BURSTABLE);
	fake_set(fake_cgroup(&f, "kubepods.slice/kubepods-burstable.slice"), KNOB_CPU_WEIGHT, 2500);
	hog = fake_pod(&f, BESTEFFORT "/b.slice", QOS_BESTEFFORT);
	record_case_open(&c, NULL);
	return 0;
}

static int teardown_node(void **state)
{
	record_case_close(&c);
	fake_free(&f);
	return teardown(state);
}

static void starve(int from_s, int to_s)
{
	for (int s = from_s; s < to_s; s++) {
		fake_sample_waiting(&f, hog, s * SECOND, (uint64_t)s * 10000, (uint64_t)s * 980000);
		record_case_pass(&c, &f, s * SECOND);
		record_case_apply(&c, &f);
	}
}

static uint64_t weight(void)
{
	return fake_cgroup(&f, BESTEFFORT)->knobs[KNOB_CPU_WEIGHT].now.value;
}

TEST(what_was_raised_is_raised_again_in_a_replay)
{
	uint64_t differs;

	starve(1, 12);
	assert_int_equal(weight(), 125);
	assert_int_equal(record_case_replay(&c.text, &differs), 11);
	assert_int_equal(differs, 0);
	/* It follows from the series. */
	assert_false(record_case_has(&c.text, "\nfloor "));
}

/* A record that begins in the middle says where the floor stands. */
TEST(a_record_that_begins_later_replays_as_well)
{
	struct floor_cpu stands;
	uint64_t differs;

	starve(1, 6);
	assert_int_equal(weight(), 100);
	stands = c.floor;
	record_case_close(&c);
	memset(&c, 0, sizeof(c));
	record_case_open(&c, NULL);
	c.floor = stands;
	starve(6, 12);
	assert_int_equal(weight(), 125);
	assert_true(record_case_has(&c.text, "\nfloor cpu raises=1 starved=1\nfloor at inode="));
	assert_int_equal(record_case_replay(&c.text, &differs), 6);
	assert_int_equal(differs, 0);
}

#define NODE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_node, teardown_node)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_floor_goes_there_and_back, teardown),
		cmocka_unit_test_teardown(a_line_that_is_cut_short_is_refused, teardown),
		cmocka_unit_test_teardown(what_does_not_belong_is_refused, teardown),
		NODE_TEST(what_was_raised_is_raised_again_in_a_replay),
		NODE_TEST(a_record_that_begins_later_replays_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
