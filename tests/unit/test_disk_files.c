// SPDX-License-Identifier: LGPL-2.1-or-later
// Kept files of disks over a fake sysfs. Reads are counted.
#include "agent/observe/disk_files.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define S 1000000ll

static char *dir;
static int root_fd;
static struct disk_files files;
static struct kept_reader reader;
static struct disks disks;
static struct disk_samples samples;

static int setup(void **state)
{
	(void)state;
	files = (struct disk_files){0};
	reader = (struct kept_reader){0};
	samples = (struct disk_samples){0};
	disks = (struct disks){
		.n = 2, .list = {{.major = 8, .name = "sda"}, {.major = 254, .name = "vda"}}};
	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	root_fd = tree_open(dir);
	return root_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	disk_files_close(&files);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static void put(const char *name, const char *text)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "sys/block/%s/stat", name);
	assert_int_equal(tree_write(dir, path, text), 0);
}

static void pass(int64_t now_us)
{
	disk_files_read(&files, &reader, root_fd, &disks, now_us, &samples);
}

TEST(each_disk_costs_one_read_a_second)
{
	put("sda",
	    "     10      1     80       4       20        2      160       9        0       7       13\n");
	put("vda", "1 0 8 1 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
	pass(S);
	assert_int_equal(reader.n_reads, 2);
	assert_int_equal(samples.n, 2);
	assert_int_equal(samples.list[0].major, 8);
	assert_int_equal(samples.list[0].sample.at_us, S);
	assert_int_equal(samples.list[0].sample.of[DISK_READ].requests, 10);
	assert_int_equal(samples.list[0].sample.of[DISK_READ].bytes, 80 * 512);
	assert_int_equal(samples.list[0].sample.of[DISK_READ].waited_us, 4000);
	assert_int_equal(samples.list[0].sample.of[DISK_WRITE].requests, 20);
	assert_int_equal(samples.list[0].sample.of[DISK_WRITE].bytes, 160 * 512);
	assert_int_equal(samples.list[0].sample.of[DISK_WRITE].waited_us, 9000);
	assert_int_equal(samples.list[0].sample.busy_us, 7000);
	for (int64_t ms = 100; ms < 900; ms += 100)
		pass(S + ms * 1000);
	assert_int_equal(reader.n_reads, 2);
	pass(2 * S - 20000);
	assert_int_equal(reader.n_reads, 4);
	assert_int_equal(samples.list[1].sample.at_us, 2 * S - 20000);
}

TEST(what_cannot_be_read_is_no_sample_and_tried_again_after_ten_seconds)
{
	put("sda", "garbage\n");
	pass(S);
	assert_int_equal(samples.n, 0);
	put("sda", "1 0 8 1 0 0 0 0 0 1 1\n");
	put("vda", "1 0 8 1 0 0 0 0 0 1 1\n");
	pass(2 * S);
	assert_int_equal(samples.n, 1);
	assert_int_equal(samples.list[0].major, 8);
	pass(10 * S);
	assert_int_equal(samples.n, 1);
	pass(11 * S);
	assert_int_equal(samples.n, 2);
	assert_int_equal(samples.list[1].major, 254);
}

TEST(disks_that_come_and_go_take_their_files_along)
{
	int fd;

	put("sda", "1 0 8 1 0 0 0 0 0 1 1\n");
	put("vda", "2 0 8 1 0 0 0 0 0 1 1\n");
	pass(S);
	fd = files.list[1].fd;
	assert_true(fd >= 0);
	disks.n = 1;
	pass(2 * S);
	assert_int_equal(samples.n, 1);
	assert_int_equal(files.n, 1);
	disks.list[0] = (struct disk){.major = 254, .minor = 16, .name = "vda"};
	pass(3 * S);
	assert_int_equal(samples.n, 1);
	assert_int_equal(samples.list[0].minor, 16);
	assert_int_equal(samples.list[0].sample.of[DISK_READ].requests, 2);
	disks.n = 0;
	pass(4 * S);
	assert_int_equal(samples.n, 0);
	assert_int_equal(dup(fd), -1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_disk_costs_one_read_a_second),
		CASE(what_cannot_be_read_is_no_sample_and_tried_again_after_ten_seconds),
		CASE(disks_that_come_and_go_take_their_files_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
