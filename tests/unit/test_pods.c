// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/discover/pods.h"
#include "policy/read.h"
#include "tests/lib/tree.h"

#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"
#define UID_B "22222222-aaaa-4bbb-8ccc-000000000002"

struct place {
	char *dir;
	int fd;
	struct cgroup_tree *t;
	struct pods pods;
};

static void open_place(struct place *p, const char *spec)
{
	int root;

	memset(p, 0, sizeof(*p));
	assert_int_equal(tree_make(spec, &p->dir), 0);
	root = tree_open(p->dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &p->fd), 0);
	(void)close(root);
	assert_int_equal(cgroup_tree_new(p->fd, NULL, &p->t), 0);
}

static void close_place(struct place *p)
{
	pods_clear(&p->pods);
	cgroup_tree_free(p->t);
	(void)close(p->fd);
	tree_remove(p->dir);
}

static int update(struct place *p, const struct policy *policy)
{
	int r;

	assert_int_equal(cgroup_tree_scan(p->t, 1), 0);
	r = pods_update(&p->pods, p->t, policy);
	cgroup_tree_bury(p->t);
	return r;
}

static struct policy *read_policy(const char *yaml)
{
	static struct diags diags;
	struct policy_source source = {"test.yaml", yaml, strlen(yaml)};
	struct policy *policy = NULL;

	memset(&diags, 0, sizeof(diags));
	if (policy_read(&source, 1, &diags, &policy) < 0)
		fail_msg("%s", diags.list[0].text);
	return policy;
}

static struct cgroup_node *find(const struct place *p, const char *path)
{
	for (size_t i = 0; i < p->t->n; i++)
		if (strcmp(p->t->list[i]->path, path) == 0)
			return cgroup_node_of(p->t->list[i]);
	return NULL;
}

TEST(pods_keep_object_slot_and_serial_while_their_cgroup_lives)
{
	struct place p;
	struct pod *a;

	open_place(&p, "@host 1\n@pod cgroupfs Guaranteed " UID_A " 39\n"
		       "@pod cgroupfs BestEffort " UID_B " 1\n");
	assert_int_equal(update(&p, NULL), 1);
	assert_int_equal(p.pods.n, 2);
	a = p.pods.list[1];
	assert_string_equal(a->uid, UID_A);
	assert_int_equal(a->driver, DRIVER_CGROUPFS);
	assert_int_equal(a->containers[0].runtime, RUNTIME_UNKNOWN);
	assert_int_equal(update(&p, NULL), 0);
	assert_ptr_equal(p.pods.list[1], a);
	close_place(&p);
}

TEST(what_holds_a_pod_is_marked_and_what_does_not_is_not)
{
	struct place p;

	open_place(&p, "@host 1\n@pod systemd Burstable " UID_A " 4\n"
		       "@cgroup kubepods.slice/kubepods-besteffort.slice\n");
	(void)update(&p, NULL);
	assert_true(p.t->root->holds_pod);
	assert_true(find(&p, "kubepods.slice/kubepods-burstable.slice")->holds_pod);
	assert_false(find(&p, "kubepods.slice/kubepods-besteffort.slice")->holds_pod);
	assert_false(find(&p, "system.slice")->holds_pod);
	assert_true(find(&p, "kubepods.slice")->holds_kubepods);
	assert_false(find(&p, "kubepods.slice/kubepods-burstable.slice")->holds_kubepods);
	close_place(&p);
}

TEST(a_rule_that_matches_everything_cannot_hide_the_kubernetes_pods)
{
	struct place p;
	struct policy *policy = read_policy("version: 1\nlevels: {P7: {role: offline}}\n"
					    "assign: [{match: {cgroup: \"*\"}, level: P7}]\n");

	open_place(&p, "@host 1\n");
	assert_int_equal(tree_pod_below(p.dir, "kubelet.slice/kubelet-kubepods.slice",
					"cri-containerd", QOS_BURSTABLE, UID_A, 4, NULL),
			 0);
	assert_int_equal(update(&p, policy), 1);
	assert_null(find(&p, "kubelet.slice")->cgroup.pod);
	assert_null(find(&p, "kubelet.slice/kubelet-kubepods.slice")->cgroup.pod);
	assert_null(find(&p, "")->cgroup.pod);
	assert_int_equal(p.pods.n, 3); /* the pod, init.scope, system.slice */
	for (size_t i = 0; i < p.pods.n; i++)
		if (p.pods.list[i]->kind == POD_KUBERNETES)
			assert_string_equal(p.pods.list[i]->uid, UID_A);
	close_place(&p);
	policy_free(policy);
}

TEST(a_kubernetes_root_that_appears_in_a_unit_pod_takes_over)
{
	struct place p;
	struct policy *policy = read_policy("version: 1\nlevels: {P7: {role: offline}}\n"
					    "assign: [{match: {cgroup: \"outer\"}, level: P7}]\n");

	open_place(&p, "@host 1\n@cgroup outer/job\n");
	assert_int_equal(update(&p, policy), 1);
	assert_int_equal(p.pods.n, 1);
	assert_ptr_equal(find(&p, "outer/job")->cgroup.pod, p.pods.list[0]);
	assert_int_equal(
		tree_pod_below(p.dir, "outer/kubepods", "", QOS_BESTEFFORT, UID_A, 1, NULL), 0);
	assert_int_equal(update(&p, policy), 1);
	assert_int_equal(p.pods.n, 1);
	assert_string_equal(p.pods.list[0]->uid, UID_A);
	assert_null(find(&p, "outer/job")->cgroup.pod);
	assert_int_equal(find(&p, "outer")->cgroup.kind, CGROUP_OTHER);
	close_place(&p);
	policy_free(policy);
}

TEST(pods_beyond_the_bound_stay_plain_cgroups)
{
	struct place p;
	char path[TREE_PATH_SIZE];

	open_place(&p, "@host 1\n");
	for (int i = 0; i < PODS_MAX + 3; i++) {
		assert_true(snprintf(path, sizeof(path),
				     "sys/fs/cgroup/kubepods/pod%08x-aaaa-4bbb-8ccc-%012x", i,
				     i) > 0);
		assert_int_equal(tree_mkdir(p.dir, path), 0);
	}
	assert_int_equal(update(&p, NULL), 1);
	assert_int_equal(p.pods.n, PODS_MAX);
	assert_int_equal(p.pods.refused, 3);
	assert_int_equal(p.pods.n_slots, PODS_MAX);
	assert_int_equal(find(&p, path + strlen("sys/fs/cgroup/"))->cgroup.kind, CGROUP_OTHER);
	/* All of them replaced at once: every slot is free again in the same update. */
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/kubepods"), 0);
	for (int i = 0; i < PODS_MAX; i++) {
		assert_true(snprintf(path, sizeof(path),
				     "sys/fs/cgroup/kubepods/pod%08x-bbbb-4bbb-8ccc-%012x", i,
				     i) > 0);
		assert_int_equal(tree_mkdir(p.dir, path), 0);
	}
	assert_int_equal(update(&p, NULL), 1);
	assert_int_equal(p.pods.n, PODS_MAX);
	assert_int_equal(p.pods.refused, 0);
	assert_int_equal(p.pods.n_slots, PODS_MAX);
	close_place(&p);
}

TEST(a_copy_of_a_living_pod_does_not_take_its_place)
{
	struct place p;
	struct pod *a;

	open_place(&p, "@host 1\n@pod systemd Burstable " UID_A " 4\n");
	assert_int_equal(update(&p, NULL), 1);
	a = p.pods.list[0];
	/* It comes first by path, and is younger. */
	assert_int_equal(tree_pod_below(p.dir, "a/kubepods", "", QOS_GUARANTEED, UID_A, 39, NULL),
			 0);
	assert_int_equal(update(&p, NULL), 0);
	assert_int_equal(p.pods.n, 1);
	assert_ptr_equal(p.pods.list[0], a);
	assert_int_equal(p.pods.refused, 1);
	assert_int_equal(find(&p, "a/kubepods/pod" UID_A)->cgroup.kind, CGROUP_OTHER);
	assert_null(find(&p, "a/kubepods/pod" UID_A)->cgroup.pod);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_keep_object_slot_and_serial_while_their_cgroup_lives),
		cmocka_unit_test(what_holds_a_pod_is_marked_and_what_does_not_is_not),
		cmocka_unit_test(a_rule_that_matches_everything_cannot_hide_the_kubernetes_pods),
		cmocka_unit_test(a_kubernetes_root_that_appears_in_a_unit_pod_takes_over),
		cmocka_unit_test(pods_beyond_the_bound_stay_plain_cgroups),
		cmocka_unit_test(a_copy_of_a_living_pod_does_not_take_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
