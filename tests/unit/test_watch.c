// SPDX-License-Identifier: LGPL-2.1-or-later
// The inotify of the machine that runs the test, on a temporary directory. What cgroupfs notifies
// is a VM test.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/watch.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

static void count(void *context, void *key, int what)
{
	if (context)
		*(int *)context = what;
	(*(int *)key)++;
}

struct place {
	char *dir;
	int fd;
	struct watch *w;
};

static void open_place(struct place *p)
{
	assert_int_equal(tree_make("a/\nb/\n", &p->dir), 0);
	p->fd = tree_open(p->dir);
	assert_int_equal(watch_new(&p->w), 0);
}

static void close_place(struct place *p)
{
	watch_free(p->w);
	(void)close(p->fd);
	tree_remove(p->dir);
}

static int add(struct place *p, const char *path, int *key)
{
	_cleanup_close_ int fd = -EBADF;
	int wd = 0;

	assert_int_equal(fs_open_dir(p->fd, path, &fd), 0);
	assert_int_equal(watch_add(p->w, fd, key, &wd), 0);
	assert_true(wd > 0);
	return wd;
}

TEST(only_the_directory_that_changed_is_named)
{
	struct place p;
	int a = 0, b = 0;

	open_place(&p);
	(void)add(&p, "a", &a);
	(void)add(&p, "b", &b);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(a + b, 0);
	assert_int_equal(tree_mkdir(p.dir, "a/new"), 0);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, 0);
	assert_int_equal(tree_delete(p.dir, "a/new"), 0);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(a, 2);
	assert_int_equal(b, 0);
	close_place(&p);
}

TEST(files_are_nobodys_business)
{
	struct place p;
	int a = 0;

	open_place(&p);
	(void)add(&p, "a", &a);
	assert_int_equal(tree_write(p.dir, "a/file", "x"), 0);
	assert_int_equal(tree_delete(p.dir, "a/file"), 0);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(a, 0);
	close_place(&p);
}

TEST(a_written_file_is_named_and_its_neighbours_are_not)
{
	struct place p;
	int a = 0, b = 0, what = -2, wd = 0;
	_cleanup_close_ int fd = -EBADF;

	open_place(&p);
	assert_int_equal(tree_write(p.dir, "a/cpu.weight", "100"), 0);
	assert_int_equal(tree_write(p.dir, "a/cpu.max", "max"), 0);
	assert_int_equal(tree_write(p.dir, "b/cpu.weight", "100"), 0);
	assert_int_equal(fs_open_dir(p.fd, "a", &fd), 0);
	assert_int_equal(watch_add_file(p.w, fd, "gone", &a, 7, &wd), -ENOENT);
	assert_int_equal(watch_add_file(p.w, fd, "cpu.weight", &a, 7, &wd), 0);
	assert_true(wd > 0);
	(void)add(&p, "b", &b);
	assert_int_equal(fs_write(fd, "cpu.max", "1000 20000"), 0);
	assert_int_equal(tree_write(p.dir, "b/cpu.weight", "1"), 0);
	assert_int_equal(watch_drain(p.w, count, &what), 0);
	assert_int_equal(a + b, 0);
	assert_int_equal(fs_write(fd, "cpu.weight", "1"), 0);
	assert_int_equal(watch_drain(p.w, count, &what), 0);
	assert_true(a > 0);
	assert_int_equal(what, 7);
	assert_int_equal(b, 0);
	/* Reading is no change. */
	a = 0;
	assert_int_equal(tree_read(p.dir, "a/cpu.weight", (char[16]){0}, 15), 0);
	assert_int_equal(watch_drain(p.w, count, &what), 0);
	assert_int_equal(a, 0);
	watch_remove(p.w, wd);
	assert_int_equal(fs_write(fd, "cpu.weight", "2"), 0);
	assert_int_equal(watch_drain(p.w, count, &what), 0);
	assert_int_equal(a, 0);
	close_place(&p);
}

TEST(a_removed_watch_names_nobody)
{
	struct place p;
	int a = 0, b = 0, wd;

	open_place(&p);
	wd = add(&p, "a", &a);
	(void)add(&p, "b", &b);
	assert_int_equal(tree_mkdir(p.dir, "a/new"), 0);
	watch_remove(p.w, wd);
	assert_int_equal(tree_mkdir(p.dir, "b/new"), 0);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(a, 0);
	assert_int_equal(b, 1);
	watch_remove(p.w, wd);
	close_place(&p);
}

TEST(a_directory_that_goes_takes_its_watch_along)
{
	struct place p;
	int a = 0, again = 0;

	open_place(&p);
	(void)add(&p, "a", &a);
	assert_int_equal(tree_delete(p.dir, "a"), 0);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(tree_mkdir(p.dir, "a"), 0);
	(void)add(&p, "a", &again);
	assert_int_equal(tree_mkdir(p.dir, "a/new"), 0);
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(a, 0);
	assert_int_equal(again, 1);
	close_place(&p);
}

TEST(many_watches_are_told_apart)
{
	enum { N = 150 };
	struct place p;
	int keys[N] = {0}, wds[N];
	char path[32];

	open_place(&p);
	for (int i = 0; i < N; i++) {
		assert_true(snprintf(path, sizeof(path), "a/%d", i) > 0);
		assert_int_equal(tree_mkdir(p.dir, path), 0);
		wds[i] = add(&p, path, &keys[i]);
	}
	for (int i = 0; i < N; i += 2)
		watch_remove(p.w, wds[i]);
	for (int i = 0; i < N; i++) {
		assert_true(snprintf(path, sizeof(path), "a/%d/x", i) > 0);
		assert_int_equal(tree_mkdir(p.dir, path), 0);
	}
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(keys[i], i % 2);
	close_place(&p);
}

TEST(more_events_than_are_worth_reading_ask_for_a_rescan)
{
	_cleanup_close_ int fd = -EBADF;
	struct place p;
	int a = 0;

	open_place(&p);
	(void)add(&p, "a", &a);
	assert_int_equal(fs_open_dir(p.fd, "a", &fd), 0);
	/* The kernel's queue holds 16384 by default; where it holds more, the reader gives up. */
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(mkdirat(fd, "a-name-that-fills-the-buffer-soon", 0755), 0);
		assert_int_equal(unlinkat(fd, "a-name-that-fills-the-buffer-soon", AT_REMOVEDIR),
				 0);
	}
	assert_int_equal(watch_drain(p.w, count, NULL), 1);
	assert_true(a > 0);
	close_place(&p);
}

TEST(draining_allocates_nothing)
{
	struct place p;
	unsigned long before;
	int a = 0;

	open_place(&p);
	(void)add(&p, "a", &a);
	assert_int_equal(tree_mkdir(p.dir, "a/new"), 0);
	before = alloc_count();
	assert_int_equal(watch_drain(p.w, count, NULL), 0);
	assert_int_equal(alloc_count() - before, 0);
	assert_int_equal(a, 1);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_directory_that_changed_is_named),
		cmocka_unit_test(files_are_nobodys_business),
		cmocka_unit_test(a_written_file_is_named_and_its_neighbours_are_not),
		cmocka_unit_test(a_removed_watch_names_nobody),
		cmocka_unit_test(a_directory_that_goes_takes_its_watch_along),
		cmocka_unit_test(many_watches_are_told_apart),
		cmocka_unit_test(more_events_than_are_worth_reading_ask_for_a_rescan),
		cmocka_unit_test(draining_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
