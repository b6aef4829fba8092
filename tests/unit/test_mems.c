// SPDX-License-Identifier: LGPL-2.1-or-later
// Of a cgroup without the file, that of the nearest one above that has it:
//
//  /                          0-3
//  └── a.slice                0-1
//      └── b.slice            (no cpuset controller)
//          └── c.service      (the same)
#include "agent/discover/mems.h"
#include "tests/lib/test.h"

#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define FILE_NAME "cpuset.mems.effective"
#define C "a.slice/b.slice/c.service"

static char *dir;
static int root_fd = -EBADF, cgroup_fd = -EBADF;
static struct fake f;

static int setup(void **state)
{
	(void)state;
	fake_init(&f);
	if (tree_make("@host 1\n@cgroup " C "\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	return fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd);
}

static int teardown(void **state)
{
	(void)state;
	fake_free(&f);
	close(cgroup_fd);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static void put(const char *path, const char *text)
{
	assert_int_equal(tree_knob(dir, path, FILE_NAME, text), 0);
}

TEST(the_nearest_one_that_says_it_counts)
{
	struct cgroup *c = fake_cgroup(&f, C);

	put("", "0-3");
	put("a.slice", "0-1");
	assert_true(mems_read(cgroup_fd, c));
	assert_true(c->mems == 3);
	assert_false(mems_read(cgroup_fd, c));
	put(C, "1,63");
	assert_true(mems_read(cgroup_fd, c));
	assert_true(c->mems == (UINT64_C(1) << 63 | 2));
	assert_true(mems_read(cgroup_fd, fake_cgroup(&f, "system.slice")));
	assert_true(fake_cgroup(&f, "system.slice")->mems == 15);
	assert_true(mems_forget(c));
	assert_false(mems_forget(c));
}

/* A node beyond what a mask holds, no list, no file anywhere: not known, which binds nobody. */
TEST(what_cannot_be_understood_is_not_known)
{
	struct cgroup *c = fake_cgroup(&f, C);

	c->mems = 3;
	assert_true(mems_read(cgroup_fd, c));
	assert_true(c->mems == 0);
	put("", "0-3");
	put("a.slice", "0-64");
	assert_false(mems_read(cgroup_fd, c));
	put("a.slice", "all");
	assert_false(mems_read(cgroup_fd, c));
	put("a.slice", "");
	assert_false(mems_read(cgroup_fd, c));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_nearest_one_that_says_it_counts),
		CASE(what_cannot_be_understood_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
