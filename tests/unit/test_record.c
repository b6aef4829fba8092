// SPDX-License-Identifier: LGPL-2.1-or-later
// The record on its way to a file: a file of its own, and faults of the disk end the recording only.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/sys.h"
#include "agent/record.h"
#include "tests/lib/record_case.h"
#include "tests/lib/tree.h"

#define SECOND 1000000ll

static char *dir;
static char path[512];
static struct fake f;
static struct record_case c;
static struct options options;
static const struct policy_source source = {"etc/colod/policy.d/50-team-blue.yaml",
					    RECORD_CASE_POLICY, sizeof(RECORD_CASE_POLICY) - 1};

static int setup(void **state)
{
	(void)state;
	if (tree_make(NULL, &dir) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/bug.record", dir);
	options = (struct options){.record_file = path, .record_max_bytes = 1 << 20};
	fake_init(&f);
	(void)fake_pod(&f, "kubepods.slice/kubepods-besteffort.slice/p.slice", QOS_BESTEFFORT);
	record_case_open(&c, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sys_set_hook(NULL, NULL);
	record_case_close(&c);
	fake_free(&f);
	tree_remove(dir);
	return 0;
}

static void note(struct record *r, int64_t second)
{
	struct ladders before = c.ladders;
	struct floor_cpu floor_before = c.floor;
	const struct record_pass pass = {
		.now_us = second * SECOND,
		.modes = &c.modes,
		.model = &f.model,
		.samples = &f.samples,
		.policy = c.policy,
		.ladders_before = &before,
		.ladders_after = &c.ladders,
		.floor_before = &floor_before,
		.floor_after = &c.floor,
		.plan = &c.plan,
		.scores = &c.scores,
		.changes = &c.changes,
	};

	fake_sample_node(&f, second * SECOND, (uint64_t)second * 1000);
	record_case_pass(&c, &f, second * SECOND);
	record_pass(r, &pass);
	record_flush(r);
}

static struct record_buf read_back(void)
{
	static char text[1 << 21];
	struct record_buf buf = {.text = text};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	assert_true(n >= 0);
	close(fd);
	buf.n = (size_t)n;
	return buf;
}

/* Records `passes` passes; how many a replay then finds, all of them the same. */
static uint64_t record_and_replay(int passes)
{
	struct record *r = record_open(&options);
	struct record_buf text;
	uint64_t differs = 0, n;

	assert_non_null(r);
	record_policy(r, &source, 1);
	for (int i = 1; i <= passes; i++)
		note(r, i);
	record_close(r);
	text = read_back();
	n = record_case_replay(&text, &differs);
	assert_int_equal(differs, 0);
	return n;
}

TEST(what_was_recorded_can_be_replayed)
{
	struct stat st;

	assert_int_equal(record_and_replay(20), 20);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

TEST(without_the_option_nothing_happens)
{
	options.record_file = NULL;
	assert_null(record_open(&options));
	record_policy(NULL, &source, 1);
	note(NULL, 1);
	record_close(NULL);
	assert_int_equal(access(path, F_OK), -1);
}

TEST(a_file_that_is_there_is_left_alone)
{
	struct record_buf text;

	tree_write(dir, "bug.record", "an older record");
	assert_null(record_open(&options));
	text = read_back();
	assert_int_equal(text.n, 15);
}

TEST(no_link_is_followed)
{
	char target[600];

	(void)snprintf(target, sizeof(target), "%s/elsewhere", dir);
	assert_int_equal(symlink(target, path), 0);
	assert_null(record_open(&options));
	assert_int_equal(access(target, F_OK), -1);
}

TEST(the_bound_on_its_size_is_kept_with_whole_passes)
{
	struct stat st;
	uint64_t n;

	options.record_max_bytes = 6000;
	n = record_and_replay(500);
	assert_in_range(n, 2, 499);
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 5000, 6000);
}

static atomic_uint n_writes;

/* The third write brings half of it onto the disk, and then there is no room. */
static int full_disk(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call != SYS_WRITE)
		return 0;
	switch (atomic_fetch_add(&n_writes, 1)) {
	case 0:
	case 1:
		return 0;
	case 2:
		return (int)(point->size / 2);
	default:
		return -ENOSPC;
	}
}

TEST(a_full_disk_ends_the_recording_and_leaves_whole_passes)
{
	struct record *r = record_open(&options);
	struct record_buf text;
	struct record_reader *reader;
	struct record_replayed given;
	char error[RECORD_ERROR_SIZE];
	int n = 0;

	assert_non_null(r);
	atomic_store(&n_writes, 0);
	sys_set_hook(full_disk, NULL);
	record_policy(r, &source, 1);
	for (int i = 1; i <= 50; i++) {
		note(r, i);
		/* Each of the first three is a write of its own. */
		while (i <= 3 && atomic_load(&n_writes) < (unsigned)i) {
			(void)usleep(1000);
			record_flush(r);
		}
	}
	record_close(r);
	sys_set_hook(NULL, NULL);
	text = read_back();
	reader = record_case_read(&text);
	while (record_reader_pass(reader, error, &given) == 1)
		n++;
	assert_string_equal(error, "");
	assert_false(record_reader_is_torn(reader));
	assert_in_range(n, 1, 49);
	record_reader_free(reader);
}

static int no_thread(void *context, const struct sys_point *point)
{
	(void)context;
	return point->call == SYS_THREAD ? -EAGAIN : 0;
}

TEST(without_a_thread_nothing_is_recorded_and_no_file_left)
{
	sys_set_hook(no_thread, NULL);
	assert_null(record_open(&options));
	sys_set_hook(NULL, NULL);
	assert_int_equal(access(path, F_OK), -1);
}

TEST(pseudonyms_replay_as_well)
{
	struct record_buf text;

	options.record_pseudonyms = true;
	assert_int_equal(record_and_replay(5), 5);
	text = read_back();
	assert_true(record_case_has(&text, "\nnames pseudonyms\n"));
	assert_false(record_case_has(&text, "/p.slice"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_recorded_can_be_replayed, setup, teardown),
		cmocka_unit_test_setup_teardown(without_the_option_nothing_happens, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_is_there_is_left_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_link_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_bound_on_its_size_is_kept_with_whole_passes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_full_disk_ends_the_recording_and_leaves_whole_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			without_a_thread_nothing_is_recorded_and_no_file_left, setup, teardown),
		cmocka_unit_test_setup_teardown(pseudonyms_replay_as_well, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
