// SPDX-License-Identifier: LGPL-2.1-or-later
// Where memory is swapped out to, through made layouts of sysfs. A swap file stands for all kinds of area: its file system's
// number is the test's own, which the fake sysfs is given.
#include "agent/discover/swap_disks.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/lib/tree.h"

static char *dir;
static dev_t own; /* of the file system that the swap file is on */
static int root_fd;
static struct disks disks;
static char name[TREE_PATH_SIZE];

static void put(const char *path, const char *text)
{
	char full[TREE_PATH_SIZE];

	(void)snprintf(full, sizeof(full), "sys/block/%s", path);
	assert_int_equal(tree_write(dir, full, text), 0);
}

/* As /sys/dev/block names a device. */
static void is_at(const char *number, const char *path)
{
	char target[TREE_PATH_SIZE];

	(void)snprintf(target, sizeof(target), "../../block/%s", path);
	assert_int_equal(tree_mkdir(dir, "sys/dev/block"), 0);
	(void)snprintf(name, sizeof(name), "sys/dev/block/%s", number);
	assert_int_equal(symlinkat(target, root_fd, name), 0);
}

/* The swap file is on this device. */
static void lies_on(const char *path)
{
	char number[64];

	(void)snprintf(number, sizeof(number), "%u:%u", major(own), minor(own));
	(void)snprintf(name, sizeof(name), "sys/dev/block/%s", number);
	(void)unlinkat(root_fd, name, 0);
	is_at(number, path);
}

static int setup(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	root_fd = tree_open(dir);
	assert_int_equal(tree_write(dir, "swap file", "x"), 0);
	assert_int_equal(fstatat(root_fd, "swap file", &st, 0), 0);
	own = st.st_dev;
	disks = (struct disks){.n = 2,
			       .list = {{.name = "sda", .major = 8},
					{.name = "sdb", .major = 8, .minor = 16}}};
	put("sda/dev", "8:0\n");
	put("sdb/dev", "8:16\n");
	put("sdb/sdb1/partition", "1\n");
	put("sdb/sdb1/dev", "8:17\n");
	is_at("8:17", "sdb/sdb1");
	is_at("8:16", "sdb");
	is_at("8:0", "sda");
	return root_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static const char *marked(const char *area)
{
	static char text[8];
	char swaps[512];

	(void)snprintf(swaps, sizeof(swaps), "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n%s",
		       area);
	assert_int_equal(tree_write(dir, "proc/swaps", swaps), 0);
	for (uint32_t i = 0; i < disks.n; i++)
		disks.list[i].swap = false;
	swap_disks_mark(root_fd, &disks);
	(void)snprintf(text, sizeof(text), "%d%d", disks.list[0].swap, disks.list[1].swap);
	return text;
}

#define AREA "/swap\\040file                           file\t\t524284\t\t0\t\t-2\n"

TEST(the_disk_of_a_partition_is_found)
{
	assert_string_equal(marked(""), "00");
	lies_on("sdb/sdb1");
	assert_string_equal(marked(AREA), "01");
	lies_on("sda");
	disks.list[0].major = major(own);
	disks.list[0].minor = minor(own);
	assert_string_equal(marked(AREA), "10");
}

TEST(through_mapped_devices_all_below_are)
{
	put("dm-0/uevent", "DEVNAME=dm-0\n");
	lies_on("dm-0");
	put("dm-0/slaves/sdb1/dev", "8:17\n");
	assert_string_equal(marked(AREA), "01");
	put("dm-0/slaves/sda/dev", "8:0\n");
	assert_string_equal(marked(AREA), "11");
}

TEST(where_it_cannot_be_found_out_all_may_be_it)
{
	assert_string_equal(marked(AREA), "11");
	assert_string_equal(marked("/nowhere file 1 0 -2\n"), "11");
	/* A loop device says nothing of what is below it here. */
	put("loop0/uevent", "DEVNAME=loop0\n");
	lies_on("loop0");
	assert_string_equal(marked(AREA), "11");
	/* Nor does one that lies on itself. */
	put("dm-1/slaves/dm-1/dev", "9:9\n");
	is_at("9:9", "dm-1");
	lies_on("dm-1");
	assert_string_equal(marked(AREA), "11");
}

TEST(a_list_that_cannot_be_read_may_name_any)
{
	for (uint32_t i = 0; i < disks.n; i++)
		disks.list[i].swap = false;
	swap_disks_mark(root_fd, &disks);
	assert_false(disks.list[0].swap);
	assert_int_equal(tree_write(dir, "proc/swaps/is", "a directory"), 0);
	swap_disks_mark(root_fd, &disks);
	assert_true(disks.list[0].swap);
	assert_true(disks.list[1].swap);
}

TEST(memory_is_no_disk)
{
	put("zram0/uevent", "MAJOR=254\nDEVNAME=zram0\n");
	lies_on("zram0");
	assert_string_equal(marked(AREA), "00");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_disk_of_a_partition_is_found),
		CASE(through_mapped_devices_all_below_are),
		CASE(where_it_cannot_be_found_out_all_may_be_it),
		CASE(a_list_that_cannot_be_read_may_name_any),
		CASE(memory_is_no_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
