// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/discover/cgroup_node.h"
#include "tests/lib/tree.h"

#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"
#define ID64 "73f189b403f7f3fbe554132104e6910b52c5357126522fc8dda18581ff88895e"

/* A chain of nodes from the root: `names` ends with NULL. The caller frees with free_chain(). */
static struct cgroup_node *chain(const char *const *names)
{
	struct cgroup_node *node = cgroup_node_new(NULL, "");

	assert_non_null(node);
	node->by_name = CGROUP_ROOT;
	for (; *names; names++) {
		struct cgroup_node *child = cgroup_node_new(node, *names);

		assert_non_null(child);
		cgroup_node_classify(child, node);
		node = child;
	}
	return node;
}

static void free_chain(struct cgroup_node *node)
{
	while (node) {
		struct cgroup *parent = node->cgroup.parent;

		cgroup_node_free(node);
		node = parent ? cgroup_node_of(parent) : NULL;
	}
}

TEST(a_path_grows_without_a_leading_slash)
{
	static const char *const names[] = {"a.slice", "a-b.slice", NULL};
	struct cgroup_node *node = chain(names);

	assert_string_equal(node->cgroup.path, "a.slice/a-b.slice");
	assert_string_equal(node->cgroup.name, "a-b.slice");
	assert_string_equal(node->cgroup.parent->path, "a.slice");
	assert_string_equal(node->cgroup.parent->parent->path, "");
	assert_int_equal(node->depth, 2);
	free_chain(node);
}

static enum cgroup_kind kind_at(const char *const *names, bool *ret_descends, bool *ret_false_pod)
{
	struct cgroup_node *node = chain(names);
	enum cgroup_kind kind = node->cgroup.kind;

	*ret_descends = cgroup_node_descends(node);
	*ret_false_pod = node->false_pod;
	free_chain(node);
	return kind;
}

TEST(kinds_follow_from_names_and_end_at_containers)
{
	static const struct {
		const char *names[6];
		enum cgroup_kind kind;
		bool descends;
	} cases[] = {
		{{"system.slice"}, CGROUP_OTHER, true},
		{{"system.slice", "a.service"}, CGROUP_OTHER, true},
		{{"kubepods"}, CGROUP_KUBEPODS, true},
		{{"kubepods", "burstable"}, CGROUP_QOS, true},
		{{"kubepods", "burstable", "pod" UID_A}, CGROUP_POD, true},
		{{"kubepods", "pod" UID_A, ID64}, CGROUP_CONTAINER, false},
		{{"kubepods", "pod" UID_A, "crio-conmon-" ID64}, CGROUP_OTHER, false},
		{{"kubepods", "other"}, CGROUP_OTHER, false},
		{{"kubepods", "burstable", "other"}, CGROUP_OTHER, false},
		{{"docker", ID64, "kubepods"}, CGROUP_KUBEPODS, true},
	};
	bool descends, false_pod;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(kind_at(cases[i].names, &descends, &false_pod), cases[i].kind);
		assert_int_equal(descends, cases[i].descends);
		assert_false(false_pod);
	}
}

TEST(a_pod_without_uid_is_marked_and_not_looked_into)
{
	static const char *const names[] = {"kubepods", "podx", NULL};
	bool descends, false_pod;

	assert_int_equal(kind_at(names, &descends, &false_pod), CGROUP_OTHER);
	assert_true(false_pod);
	assert_false(descends);
}

TEST(names_below_user_slice_mean_nothing)
{
	static const char *const names[] = {"user.slice", "kubepods", NULL};
	static const char *const deeper[] = {"a.slice", "user.slice", "kubepods", NULL};
	bool descends, false_pod;

	assert_int_equal(kind_at(names, &descends, &false_pod), CGROUP_OTHER);
	assert_true(descends);
	/* Only the one at the top is systemd's. */
	assert_int_equal(kind_at(deeper, &descends, &false_pod), CGROUP_KUBEPODS);
}

TEST(what_a_cgroup_says_of_itself_is_read_and_a_change_is_told)
{
	static const char *const names[] = {"a.slice", NULL};
	_cleanup_close_ int mount = -EBADF, dirfd = -EBADF;
	struct cgroup_node *a = chain(names);
	char *dir;
	int root;

	assert_int_equal(tree_make("@cgroup a.slice\n"
				   "sys/fs/cgroup/a.slice/cgroup.controllers = cpu memory cpus\n"
				   "sys/fs/cgroup/a.slice/cgroup.subtree_control = memory\n"
				   "sys/fs/cgroup/a.slice/cgroup.events = populated 0\\nfrozen 1\n",
				   &dir),
			 0);
	root = tree_open(dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &mount), 0);
	assert_int_equal(fs_open_dir(mount, "a.slice", &dirfd), 0);
	assert_int_equal(cgroup_node_read(a, dirfd), 1);
	assert_int_equal(a->cgroup.controllers, CONTROLLER_CPU | CONTROLLER_MEMORY);
	assert_int_equal(a->cgroup.subtree, CONTROLLER_MEMORY);
	assert_false(a->cgroup.populated);
	assert_int_equal(cgroup_node_read(a, dirfd), 0);
	assert_int_equal(tree_knob(dir, "a.slice", "cgroup.events", "populated 1"), 0);
	assert_int_equal(cgroup_node_refresh(a, mount), 1);
	assert_true(a->cgroup.populated);
	assert_int_equal(cgroup_node_refresh(a, mount), 0);
	/* Vanished: nothing runs there any more. */
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/a.slice"), 0);
	assert_int_equal(cgroup_node_refresh(a, mount), 1);
	assert_false(a->cgroup.populated);
	free_chain(a);
	(void)close(root);
	tree_remove(dir);
}

TEST(the_root_always_has_processes)
{
	static const char *const names[] = {NULL};
	_cleanup_close_ int mount = -EBADF;
	struct cgroup_node *node = chain(names);
	char *dir;
	int root;

	assert_int_equal(tree_make("sys/fs/cgroup/cgroup.controllers = cpu io\n", &dir), 0);
	root = tree_open(dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &mount), 0);
	assert_int_equal(cgroup_node_read(node, mount), 1);
	assert_true(node->cgroup.populated);
	assert_int_equal(node->cgroup.controllers, CONTROLLER_CPU | CONTROLLER_IO);
	assert_int_equal(cgroup_node_refresh(node, mount), 0);
	free_chain(node);
	(void)close(root);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_grows_without_a_leading_slash),
		cmocka_unit_test(kinds_follow_from_names_and_end_at_containers),
		cmocka_unit_test(a_pod_without_uid_is_marked_and_not_looked_into),
		cmocka_unit_test(names_below_user_slice_mean_nothing),
		cmocka_unit_test(what_a_cgroup_says_of_itself_is_read_and_a_change_is_told),
		cmocka_unit_test(the_root_always_has_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
