// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/cgroup_tree.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"
#define POD_A "kubepods/pod" UID_A

struct place {
	char *dir;
	int fd; /* of the cgroup2 mount */
	struct cgroup_tree *t;
};

static void open_place(struct place *p, const char *spec)
{
	int root;

	assert_int_equal(tree_make(spec, &p->dir), 0);
	root = tree_open(p->dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &p->fd), 0);
	(void)close(root);
	assert_int_equal(cgroup_tree_new(p->fd, NULL, &p->t), 0);
}

static void close_place(struct place *p)
{
	cgroup_tree_free(p->t);
	(void)close(p->fd);
	tree_remove(p->dir);
}

static struct cgroup_node *find(const struct place *p, const char *path)
{
	for (size_t i = 0; i < p->t->n; i++)
		if (strcmp(p->t->list[i]->path, path) == 0)
			return cgroup_node_of(p->t->list[i]);
	return NULL;
}

static void scan(struct place *p, int64_t now_us)
{
	assert_int_equal(cgroup_tree_scan(p->t, now_us), 0);
	cgroup_tree_bury(p->t);
}

static void forget(struct place *p, const char *path)
{
	char full[TREE_PATH_SIZE];

	assert_true(snprintf(full, sizeof(full), "sys/fs/cgroup/%s", path) > 0);
	assert_int_equal(tree_delete(p->dir, full), 0);
}

TEST(every_cgroup_is_listed_parents_first_and_siblings_by_name)
{
	struct place p;
	static const char *const expect[] = {
		"", "a.slice", "a.slice/b.slice", "a.slice/c.slice", "init.scope", "system.slice"};

	open_place(&p, "@host 1\n@cgroup a.slice/c.slice\n@cgroup a.slice/b.slice\n");
	scan(&p, 0);
	assert_int_equal(p.t->n, 6);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(p.t->list[i]->path, expect[i]);
	assert_string_equal(find(&p, "a.slice/c.slice")->cgroup.name, "c.slice");
	assert_int_equal(find(&p, "a.slice/c.slice")->depth, 2);
	close_place(&p);
}

TEST(nothing_below_a_container_or_beside_one_is_listed)
{
	struct place p;

	open_place(&p, "@host 1\n@pod systemd Burstable " UID_A " 4\n");
	scan(&p, 0);
	for (size_t i = p.t->n; i-- > 0;) {
		char path[TREE_PATH_SIZE];

		if (p.t->list[i]->kind != CGROUP_CONTAINER)
			continue;
		assert_true(snprintf(path, sizeof(path), "%s/container", p.t->list[i]->path) > 0);
		assert_int_equal(tree_cgroup(p.dir, path), 0); /* crun makes it */
		assert_true(snprintf(path, sizeof(path), "%s/kubepods/pod" UID_A,
				     p.t->list[i]->path) > 0);
		assert_int_equal(tree_cgroup(p.dir, path), 0); /* a kind node in a pod */
	}
	assert_int_equal(tree_cgroup(p.dir, "kubepods.slice/kubepods-burstable.slice/x.slice/y"),
			 0);
	p.t->changed = false;
	{
		size_t before = p.t->n;

		scan(&p, 1);
		assert_int_equal(p.t->n, before + 1);
	}
	assert_non_null(find(&p, "kubepods.slice/kubepods-burstable.slice/x.slice"));
	close_place(&p);
}

TEST(an_unchanged_tree_is_not_a_change_and_keeps_every_object)
{
	struct place p;
	struct cgroup_node *before[16];
	size_t n;

	open_place(&p, "@host 1\n@pod cgroupfs Guaranteed " UID_A " 39\n");
	scan(&p, 0);
	n = p.t->n;
	assert_in_range(n, 5, 16);
	for (size_t i = 0; i < n; i++)
		before[i] = cgroup_node_of(p.t->list[i]);
	p.t->changed = false;
	scan(&p, 1);
	assert_false(p.t->changed);
	assert_int_equal(p.t->n, n);
	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(p.t->list[i], &before[i]->cgroup);
	close_place(&p);
}

TEST(gone_cgroups_are_kept_until_they_are_buried)
{
	struct place p;
	struct cgroup_node *pod;

	open_place(&p, "@host 1\n@pod cgroupfs Guaranteed " UID_A " 39\n");
	scan(&p, 0);
	pod = find(&p, POD_A);
	forget(&p, POD_A);
	p.t->changed = false;
	assert_int_equal(cgroup_tree_scan(p.t, 1), 0);
	assert_true(p.t->changed);
	assert_null(find(&p, POD_A));
	assert_true(pod->gone);
	assert_string_equal(pod->cgroup.path, POD_A);
	assert_non_null(find(&p, "kubepods"));
	assert_null(find(&p, "kubepods")->cgroup.first_child);
	assert_true(find(&p, "kubepods")->touched_us == 1);
	cgroup_tree_bury(p.t);
	assert_null(p.t->gone);
	close_place(&p);
}

TEST(a_dirty_scan_looks_nowhere_else)
{
	struct place p;

	open_place(&p, "@host 1\n@cgroup a.slice\n@cgroup b.slice\n");
	scan(&p, 0);
	assert_int_equal(tree_cgroup(p.dir, "a.slice/new.slice/inner.slice"), 0);
	assert_int_equal(tree_cgroup(p.dir, "b.slice/new.slice"), 0);
	find(&p, "a.slice")->dirty = true;
	assert_int_equal(cgroup_tree_scan_dirty(p.t, 5), 0);
	assert_non_null(find(&p, "a.slice/new.slice/inner.slice"));
	assert_true(find(&p, "a.slice/new.slice")->touched_us == 5);
	assert_true(find(&p, "a.slice")->touched_us == 5);
	assert_true(find(&p, "b.slice")->touched_us == CGROUP_UNTOUCHED);
	assert_null(find(&p, "b.slice/new.slice"));
	assert_false(find(&p, "a.slice")->dirty);
	close_place(&p);
}

/* systemd hands controllers down just before it makes the first child that needs them. */
TEST(a_dirty_directory_is_read_itself)
{
	struct place p;

	open_place(&p, "@host 1\n@cgroup a.slice\n");
	assert_int_equal(tree_knob(p.dir, "a.slice", "cgroup.subtree_control", ""), 0);
	scan(&p, 0);
	assert_int_equal(find(&p, "a.slice")->cgroup.subtree, 0);
	assert_int_equal(tree_knob(p.dir, "a.slice", "cgroup.subtree_control", "cpu memory"), 0);
	assert_int_equal(tree_cgroup(p.dir, "a.slice/new.slice"), 0);
	find(&p, "a.slice")->dirty = true;
	assert_int_equal(cgroup_tree_scan_dirty(p.t, 5), 0);
	assert_int_equal(find(&p, "a.slice")->cgroup.subtree, CONTROLLER_CPU | CONTROLLER_MEMORY);
	close_place(&p);
}

TEST(a_dirty_directory_that_is_gone_with_its_dirty_parent_is_harmless)
{
	struct place p;

	open_place(&p, "@host 1\n@cgroup a.slice/b.slice/c.slice\n");
	scan(&p, 0);
	find(&p, "a.slice")->dirty = true;
	find(&p, "a.slice/b.slice")->dirty = true;
	forget(&p, "a.slice/b.slice");
	/* Made anew meanwhile: the old object must not be filled with the new one's children. */
	assert_int_equal(tree_cgroup(p.dir, "a.slice/b.slice/d.slice"), 0);
	assert_int_equal(cgroup_tree_scan_dirty(p.t, 1), 0);
	cgroup_tree_bury(p.t);
	assert_null(find(&p, "a.slice/b.slice/c.slice"));
	assert_non_null(find(&p, "a.slice/b.slice/d.slice"));
	assert_int_equal(p.t->n, 6);
	close_place(&p);
}

/* The nth opening fails: whatever that is, a child without an object is not passed over. */
TEST(a_new_child_that_cannot_be_opened_leaves_its_parent_not_wholly_seen)
{
	struct place p;
	int n_missed = 0, r;
	bool met = true;

	for (int nth = 1; met; nth++) {
		open_place(&p, "@host 1\n@cgroup a.slice/b.slice\n");
		scan(&p, 0);
		assert_false(find(&p, "a.slice")->cgroup.hidden);
		assert_int_equal(tree_cgroup(p.dir, "a.slice/c.slice"), 0);
		fault_begin();
		fault_set(SYS_OPEN, (unsigned)nth, -EMFILE);
		r = cgroup_tree_scan(p.t, 1);
		met = fault_was_met();
		fault_end();
		n_missed += find(&p, "a.slice")->cgroup.hidden;
		/* and is looked at again before the whole tree is */
		if (r == 0 && !find(&p, "a.slice/c.slice")) {
			assert_true(p.t->again);
			assert_int_equal(cgroup_tree_scan_dirty(p.t, 2), 0);
		} else {
			scan(&p, 2);
		}
		assert_non_null(find(&p, "a.slice/c.slice"));
		assert_false(find(&p, "a.slice")->cgroup.hidden);
		close_place(&p);
	}
	assert_int_equal(n_missed, 1);
}

TEST(a_directory_that_cannot_be_listed_is_not_wholly_seen)
{
	struct place p;
	int n_missed = 0;
	bool met = true;

	for (int nth = 1; met; nth++) {
		open_place(&p, "@host 1\n@cgroup a.slice/b.slice\n");
		scan(&p, 0);
		fault_begin();
		fault_set(SYS_LIST, (unsigned)nth, -EIO);
		(void)cgroup_tree_scan(p.t, 1);
		met = fault_was_met();
		fault_end();
		if (find(&p, "a.slice")->cgroup.hidden) {
			n_missed++;
			assert_true(p.t->again);
			assert_int_equal(cgroup_tree_scan_dirty(p.t, 2), 0);
		} else {
			scan(&p, 2);
		}
		assert_false(find(&p, "a.slice")->cgroup.hidden);
		close_place(&p);
	}
	assert_true(n_missed >= 1);
}

/* What was dirty stays so while it cannot be opened; what cannot be listed for long is left to the scan of
 * all; and what works again begins anew. */
TEST(looks_in_vain_are_repeated_a_few_times)
{
	struct place p;
	int n = 0;

	open_place(&p, "@host 1\n@cgroup a.slice/b.slice\n");
	scan(&p, 0);
	assert_false(p.t->again);
	assert_int_equal(tree_cgroup(p.dir, "a.slice/c.slice"), 0);
	find(&p, "a.slice")->dirty = true;
	fault_begin();
	fault_set(SYS_OPEN, 1, -EMFILE);
	assert_int_equal(cgroup_tree_scan_dirty(p.t, 1), 0);
	fault_end();
	assert_null(find(&p, "a.slice/c.slice"));
	assert_true(p.t->again);
	do {
		p.t->again = false;
		fault_begin();
		fault_set(SYS_LIST, 1, -EIO);
		assert_int_equal(cgroup_tree_scan_dirty(p.t, 2), 0);
		fault_end();
		assert_true(++n < 20);
	} while (p.t->again);
	assert_in_range(n, 2, 10);
	assert_true(find(&p, "a.slice")->cgroup.hidden);
	scan(&p, 3);
	assert_non_null(find(&p, "a.slice/c.slice"));
	assert_false(find(&p, "a.slice")->cgroup.hidden);
	assert_false(p.t->again);
	find(&p, "a.slice")->dirty = true;
	fault_begin();
	fault_set(SYS_LIST, 1, -EIO);
	assert_int_equal(cgroup_tree_scan_dirty(p.t, 4), 0);
	fault_end();
	assert_true(p.t->again);
	close_place(&p);
}

/* A name that is left out is not a look in vain. */
TEST(what_is_left_out_is_not_looked_at_again)
{
	struct place p;

	open_place(&p, "@host 1\n@cgroup a.slice/bad\x01name\n");
	scan(&p, 0);
	assert_false(p.t->again);
	close_place(&p);
}

TEST(depth_is_bounded_and_the_rest_counted)
{
	struct place p;
	char path[TREE_PATH_SIZE] = "d1";

	open_place(&p, "@host 1\n");
	for (int i = 2; i <= 20; i++) {
		size_t len = strlen(path);

		assert_true(snprintf(path + len, sizeof(path) - len, "/d%d", i) > 0);
	}
	assert_int_equal(tree_cgroup(p.dir, path), 0);
	scan(&p, 0);
	assert_int_equal(cgroup_tree_skipped(p.t), 1);
	for (size_t i = 0; i < p.t->n; i++)
		assert_in_range(cgroup_node_of(p.t->list[i])->depth, 0, CGROUP_TREE_DEPTH);
	assert_int_equal(p.t->n, 3 + CGROUP_TREE_DEPTH);
	scan(&p, 1);
	assert_int_equal(cgroup_tree_skipped(p.t), 1);
	close_place(&p);
}

TEST(paths_are_bounded_and_others_unharmed)
{
	struct place p;
	char name[256], path[TREE_PATH_SIZE * 3];

	open_place(&p, "@host 1\n");
	memset(name, 'n', 250);
	name[250] = '\0';
	/* Four of these and their slashes are 1003 bytes: the fourth is left out. */
	assert_true(snprintf(path, sizeof(path), "%s/sys/fs/cgroup", p.dir) > 0);
	for (int i = 0; i < 4; i++) {
		_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		size_t len = strlen(path);

		assert_true(fd >= 0);
		assert_int_equal(mkdirat(fd, name, 0755), 0);
		assert_true(snprintf(path + len, sizeof(path) - len, "/%s", name) > 0);
	}
	scan(&p, 0);
	assert_int_equal(cgroup_tree_skipped(p.t), 1);
	assert_int_equal(p.t->n, 3 + 3);
	assert_non_null(find(&p, "system.slice"));
	close_place(&p);
}

TEST(an_unreadable_root_is_an_error_and_nothing_is_lost)
{
	struct place p;
	int good;

	open_place(&p, "@host 1\n@cgroup a.slice\n");
	scan(&p, 0);
	good = p.t->fd;
	p.t->fd = -EBADF;
	assert_true(cgroup_tree_scan(p.t, 1) < 0);
	p.t->fd = good;
	assert_non_null(find(&p, "a.slice"));
	assert_int_equal(p.t->n, 4);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cgroup_is_listed_parents_first_and_siblings_by_name),
		cmocka_unit_test(nothing_below_a_container_or_beside_one_is_listed),
		cmocka_unit_test(an_unchanged_tree_is_not_a_change_and_keeps_every_object),
		cmocka_unit_test(gone_cgroups_are_kept_until_they_are_buried),
		cmocka_unit_test(a_dirty_scan_looks_nowhere_else),
		cmocka_unit_test(a_dirty_directory_is_read_itself),
		cmocka_unit_test(a_dirty_directory_that_is_gone_with_its_dirty_parent_is_harmless),
		cmocka_unit_test(
			a_new_child_that_cannot_be_opened_leaves_its_parent_not_wholly_seen),
		cmocka_unit_test(a_directory_that_cannot_be_listed_is_not_wholly_seen),
		cmocka_unit_test(looks_in_vain_are_repeated_a_few_times),
		cmocka_unit_test(what_is_left_out_is_not_looked_at_again),
		cmocka_unit_test(depth_is_bounded_and_the_rest_counted),
		cmocka_unit_test(paths_are_bounded_and_others_unharmed),
		cmocka_unit_test(an_unreadable_root_is_an_error_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
