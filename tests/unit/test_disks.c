// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks as sysfs shows them. The layouts are made, after what guests with kernel 6.12 show for virtio, NVMe, LVM, md,
// loop, zram, and a drive without a medium.
#include "agent/discover/disks.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define CGROUP "sys/fs/cgroup"

static char *dir;
static int root_fd, cgroup_fd;

static int setup(void **state)
{
	char path[TREE_PATH_SIZE];

	(void)state;
	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	(void)snprintf(path, sizeof(path), "%s/" CGROUP, dir);
	root_fd = tree_open(dir);
	cgroup_fd = tree_open(path);
	return root_fd < 0 || cgroup_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root_fd);
	close(cgroup_fd);
	tree_remove(dir);
	return 0;
}

static void file(const char *name, const char *file, const char *text)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "sys/block/%s/%s", name, file);
	assert_int_equal(tree_write(dir, path, text), 0);
}

static void directory(const char *name, const char *sub)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "sys/block/%s/%s", name, sub);
	assert_int_equal(tree_mkdir(dir, path), 0);
}

static void add(const char *name, const char *number, const char *scheduler)
{
	file(name, "dev", number);
	file(name, "size", "2097152\n");
	file(name, "queue/scheduler", scheduler);
	file(name, "queue/rotational", "0\n");
	directory(name, "slaves");
}

static struct disks seen(void)
{
	struct disks disks;

	disks_read(root_fd, cgroup_fd, &disks);
	return disks;
}

TEST(a_node_without_sysfs_has_none)
{
	assert_int_equal(seen().n, 0);
}

TEST(disks_come_in_the_order_of_their_numbers_with_what_is_known_of_them)
{
	struct disks d;

	add("vdb", "254:16\n", "none [mq-deadline] kyber bfq\n");
	add("sda", "8:0\n", "mq-deadline [bfq] none\n");
	file("sda", "queue/rotational", "1\n");
	add("vda", "254:0\n", "[none] mq-deadline\n");
	add("nvme0n1", "259:2\n", "none\n");
	d = seen();
	assert_int_equal(d.n, 4);
	assert_string_equal(d.list[0].name, "sda");
	assert_string_equal(d.list[0].scheduler, "bfq");
	assert_true(d.list[0].rotational && d.list[0].bfq && !d.list[0].iocost);
	assert_string_equal(d.list[1].name, "vda");
	assert_string_equal(d.list[1].scheduler, "none");
	assert_true(!d.list[1].rotational && !d.list[1].bfq);
	assert_string_equal(d.list[2].name, "vdb");
	assert_string_equal(d.list[2].scheduler, "mq-deadline");
	assert_int_equal(d.list[2].major, 254);
	assert_int_equal(d.list[2].minor, 16);
	assert_string_equal(d.list[3].scheduler, "none");
}

TEST(what_only_maps_to_others_is_none)
{
	add("vda", "254:0\n", "[none]\n");
	add("dm-0", "253:0\n", "none\n");
	directory("dm-0", "dm");
	directory("dm-0", "slaves/vda2");
	add("dm-1", "253:1\n", "none\n"); /* the target "error": nothing is below */
	directory("dm-1", "dm");
	add("md127", "9:127\n", "none\n");
	directory("md127", "md");
	add("bcache0", "252:0\n", "none\n");
	directory("bcache0", "slaves/vda3");
	add("loop0", "7:0\n", "[none] mq-deadline\n");
	add("zram0", "251:0\n", "none\n");
	add("ram0", "1:0\n", "none\n");
	add("sr0", "11:0\n", "[mq-deadline] none\n");
	file("sr0", "size", "0\n");
	directory("nvme0c0n1", "queue"); /* a path of a multipath disk has no number */
	assert_int_equal(seen().n, 1);
	assert_string_equal(seen().list[0].name, "vda");
}

TEST(iocost_is_told_of_the_disk_that_has_it)
{
	struct disks d;

	add("vda", "254:0\n", "[none]\n");
	add("vdb", "254:16\n", "[none]\n");
	add("vdc", "254:1\n", "[none]\n");
	assert_int_equal(tree_write(dir, CGROUP "/io.cost.qos",
				    "254:0 enable=0 ctrl=auto\n"
				    "254:16 enable=1 ctrl=user rpct=95.00 rlat=10000\n"
				    "garbage\n254:1x enable=1\n"),
			 0);
	d = seen();
	assert_int_equal(d.n, 3);
	assert_false(d.list[0].iocost);
	assert_false(d.list[1].iocost);
	assert_true(d.list[2].iocost);
	assert_string_equal(d.list[2].name, "vdb");
}

TEST(a_device_number_that_is_none_is_no_disk)
{
	static const char *const bad[] = {"",	  "\n",	    "254\n",   "254:\n",
					  ":1\n", "-1:2\n", "1:2:3\n", "99999999999:1\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		add("vda", bad[i], "none\n");
		assert_int_equal(seen().n, 0);
	}
}

TEST(more_than_fit_are_counted)
{
	char name[16], number[16];

	for (int i = 0; i < DISKS_MAX + 3; i++) {
		(void)snprintf(name, sizeof(name), "nvme%dn1", i);
		(void)snprintf(number, sizeof(number), "259:%d\n", i);
		add(name, number, "[none]\n");
	}
	assert_int_equal(seen().n, DISKS_MAX);
	assert_int_equal(seen().left_out, 3);
}

TEST(a_change_is_one_and_the_same_is_none)
{
	struct disks d = seen();

	assert_false(disks_follow(root_fd, cgroup_fd, &d));
	add("vda", "254:0\n", "[none] bfq\n");
	assert_true(disks_follow(root_fd, cgroup_fd, &d));
	assert_false(disks_follow(root_fd, cgroup_fd, &d));
	file("vda", "queue/scheduler", "none [bfq]\n");
	assert_true(disks_follow(root_fd, cgroup_fd, &d));
	assert_true(d.list[0].bfq);
	assert_int_equal(tree_write(dir, CGROUP "/io.cost.qos", "254:0 enable=1\n"), 0);
	assert_true(disks_follow(root_fd, cgroup_fd, &d));
	assert_true(d.list[0].iocost);
	/* The same disk under another number, as after an unplug. */
	file("vda", "dev", "254:32\n");
	assert_true(disks_follow(root_fd, cgroup_fd, &d));
	assert_int_equal(d.list[0].minor, 32);
	assert_int_equal(tree_delete(dir, "sys/block/vda"), 0);
	assert_true(disks_follow(root_fd, cgroup_fd, &d));
	assert_int_equal(d.n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_node_without_sysfs_has_none),
		CASE(disks_come_in_the_order_of_their_numbers_with_what_is_known_of_them),
		CASE(what_only_maps_to_others_is_none),
		CASE(iocost_is_told_of_the_disk_that_has_it),
		CASE(a_device_number_that_is_none_is_no_disk),
		CASE(more_than_fit_are_counted),
		CASE(a_change_is_one_and_the_same_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
