// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/discover/mount.h"
#include "tests/lib/tree.h"

/* What mount_open() says of a tree; the fd is closed after `marker` was looked for in it. */
static int look(const char *spec, const char *marker, bool *ret_recursive, const char **ret_why)
{
	char *dir;
	int root, fd = -EBADF, r;

	assert_int_equal(tree_make(spec, &dir), 0);
	root = tree_open(dir);
	r = mount_open(root, &fd, ret_recursive, ret_why);
	if (r == 0) {
		assert_int_equal(fs_exists(fd, marker), 1);
		(void)close(fd);
	} else {
		assert_int_equal(fd, -EBADF);
	}
	(void)close(root);
	tree_remove(dir);
	return r;
}

TEST(a_plain_v2_host)
{
	bool recursive = false;
	const char *why;

	assert_int_equal(look("@host 1\n", "cgroup.controllers", &recursive, &why), 0);
	assert_true(recursive);
}

TEST(without_recursive_protection_it_is_not_claimed)
{
	bool recursive = true;
	const char *why;

	assert_int_equal(look("@host 1\nproc/self/mountinfo = 30 1 0:26 / /sys/fs/cgroup rw - "
			      "cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprotx\n",
			      "cgroup.controllers", &recursive, &why),
			 0);
	assert_false(recursive);
}

TEST(another_mount_point_is_followed_escapes_and_all)
{
	bool recursive;
	const char *why;

	assert_int_equal(look("mnt/my cgroup/marker = x\n"
			      "proc/self/mountinfo = 30 1 0:26 / /mnt/my\\040cgroup rw shared:1 "
			      "master:2 - cgroup2 none rw\n",
			      "marker", &recursive, &why),
			 0);
}

TEST(the_usual_place_wins_over_a_second_mount)
{
	bool recursive;
	const char *why;

	assert_int_equal(
		look("sys/fs/cgroup/marker = x\nmnt/c/other = x\n"
		     "proc/self/mountinfo = 30 1 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\\n"
		     "31 1 0:26 / /mnt/c rw - cgroup2 c rw\n",
		     "marker", &recursive, &why),
		0);
}

TEST(a_recorded_tree_without_a_mount_table)
{
	bool recursive = true;
	const char *why;

	assert_int_equal(look("sys/fs/cgroup/cgroup.controllers = cpu\n", "cgroup.controllers",
			      &recursive, &why),
			 0);
	assert_false(recursive);
}

TEST(v1_and_hybrid_hosts_are_told_what_to_do)
{
	static const char *const hosts[] = {
		/* v1 */
		"proc/self/mountinfo = 31 1 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\\n"
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
		/* hybrid: cgroup2 is there, the controllers are not */
		"proc/self/mountinfo = 31 1 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\\n"
		"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\\n"
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	};

	for (size_t i = 0; i < 2; i++) {
		bool recursive;
		const char *why = "";

		assert_int_equal(look(hosts[i], "", &recursive, &why), -EPROTONOSUPPORT);
		assert_non_null(strstr(why, "systemd.unified_cgroup_hierarchy=1"));
	}
}

TEST(a_v1_mount_of_something_else_does_no_harm)
{
	bool recursive;
	const char *why;

	assert_int_equal(
		look("sys/fs/cgroup/marker = x\n"
		     "proc/self/mountinfo = 30 1 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\\n"
		     "31 1 0:27 / /run/net_cls rw - cgroup cgroup rw,net_cls\n",
		     "marker", &recursive, &why),
		0);
}

TEST(no_cgroup2_at_all_is_said)
{
	static const char *const hosts[] = {
		"etc/\n",
		"proc/self/mountinfo = 22 1 0:21 / /proc rw - proc proc rw\n",
		"proc/self/mountinfo = cgroup2 - - - - -\\n30 1 0:26 / /x rw - cgroup2\n",
	};

	for (size_t i = 0; i < 3; i++) {
		bool recursive;
		const char *why = "";

		assert_int_equal(look(hosts[i], "", &recursive, &why), -ENOENT);
		assert_non_null(strstr(why, "cgroup2"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_v2_host),
		cmocka_unit_test(without_recursive_protection_it_is_not_claimed),
		cmocka_unit_test(another_mount_point_is_followed_escapes_and_all),
		cmocka_unit_test(the_usual_place_wins_over_a_second_mount),
		cmocka_unit_test(a_recorded_tree_without_a_mount_table),
		cmocka_unit_test(v1_and_hybrid_hosts_are_told_what_to_do),
		cmocka_unit_test(a_v1_mount_of_something_else_does_no_harm),
		cmocka_unit_test(no_cgroup2_at_all_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
