// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole updates over fake trees: what counts as a pod, what only looks like one, and what the host
// can do.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/discover_case.h"
#include "tests/lib/tree.h"

TEST(names_that_are_tricks_cost_themselves_and_nothing_else)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(tree_cgroup(p.dir, "kubepods.slice/kubepods-pod..%2f..%2fetc.slice"), 0);
	assert_int_equal(tree_cgroup(p.dir, "kubepods.slice/kubepods-podnot_a_uid.slice/x.scope"),
			 0);
	assert_int_equal(tree_cgroup(p.dir, "bad\xff\xfe.slice/kubepods/pod" UID_A), 0);
	assert_int_equal(tree_cgroup(p.dir, "bell\a.slice"), 0);
	assert_int_equal(tree_cgroup(p.dir, "...slice"), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(p.m->skipped_names, 5);
	/* A false pod is still somebody's cgroup: it stays visible as a sibling. */
	assert_int_equal(
		discover_case_cgroup(p.m, "kubepods.slice/kubepods-podnot_a_uid.slice")->kind,
		CGROUP_OTHER);
	assert_null(
		discover_case_cgroup(p.m, "kubepods.slice/kubepods-podnot_a_uid.slice/x.scope"));
	for (size_t i = 0; i < p.m->n_cgroups; i++)
		for (const char *c = p.m->cgroups[i]->path; *c; c++)
			assert_in_range(*c, 0x20, 0x7e);
	assert_int_equal(discover_update(p.d, 31 * S), 0);
	assert_int_equal(p.m->skipped_names, 5);
	discover_case_close(&p);
}

TEST(a_kubepods_that_a_user_made_is_not_believed)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(tree_pod_below(p.dir,
					"user.slice/user-1000.slice/user@1000.service/kubepods", "",
					QOS_GUARANTEED, UID_STATIC, 39, NULL),
			 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_null(discover_case_pod(p.m, UID_STATIC));
	discover_case_close(&p);
}

TEST(a_second_cgroup_with_the_uid_of_a_pod_is_not_that_pod)
{
	struct discover_case p;
	struct cgroup *copy;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(
		tree_pod_below(p.dir, "copy/kubepods", "", QOS_GUARANTEED, UID_C, 39, NULL), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(p.m->skipped_names, 1);
	copy = discover_case_cgroup(p.m, "copy/kubepods/pod" UID_C);
	assert_non_null(copy);
	/* By path, "copy" comes first and is the one that is believed. */
	assert_ptr_equal(discover_case_pod(p.m, UID_C)->cgroup, copy);
	discover_case_close(&p);
}

TEST(a_unit_that_the_policy_names_is_a_pod_and_one_inside_it_is_not)
{
	struct discover_case p;
	struct cgroup *inner;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(tree_cgroup(p.dir, "batch-a.slice/batch-a-b.slice/job.service"), 0);
	assert_int_equal(tree_cgroup(p.dir, "user.slice/kubepods/podx"), 0);
	discover_case_policy(&p, "version: 1\nlevels: {P7: {role: offline}}\n"
				 "assign: [{match: {unit: \"batch-*.slice\"}, level: P7}]\n");
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 4);
	inner = discover_case_cgroup(p.m, "batch-a.slice/batch-a-b.slice");
	assert_int_equal(discover_case_cgroup(p.m, "batch-a.slice")->kind, CGROUP_POD);
	assert_int_equal(discover_case_cgroup(p.m, "batch-a.slice")->pod->kind, POD_UNIT);
	assert_string_equal(discover_case_cgroup(p.m, "batch-a.slice")->pod->name, "batch-a.slice");
	assert_int_equal(discover_case_cgroup(p.m, "batch-a.slice")->pod->facts_state, FACT_ABSENT);
	assert_int_equal(inner->kind, CGROUP_OTHER);
	assert_ptr_equal(inner->pod, discover_case_cgroup(p.m, "batch-a.slice")->pod);
	/* A policy that no longer names it takes it back. */
	discover_case_policy(&p, "version: 1\n");
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(discover_case_cgroup(p.m, "batch-a.slice")->kind, CGROUP_OTHER);
	assert_null(discover_case_cgroup(p.m, "batch-a.slice")->pod);
	discover_case_close(&p);
}

TEST(pods_of_a_kind_node_below_a_scope_are_noticed_at_once)
{
	static const char root[] = "system.slice/docker-0123456789ab.scope/kubelet.slice/"
				   "kubelet-kubepods.slice";
	struct discover_case p;

	discover_case_open(&p, "@host 2\n", 0);
	assert_int_equal(
		tree_pod_below(p.dir, root, "cri-containerd", QOS_BURSTABLE, UID_A, 4, NULL), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(discover_case_pod(p.m, UID_A)->qos, QOS_BURSTABLE);
	assert_int_equal(
		tree_pod_below(p.dir, root, "cri-containerd", QOS_GUARANTEED, UID_B, 39, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(discover_case_pod(p.m, UID_B)->qos, QOS_GUARANTEED);
	discover_case_close(&p);
}

TEST(capabilities_that_first_show_with_a_pod_are_learned)
{
	struct discover_case p;

	discover_case_open(&p, "@host 2\n", 0);
	discover_free(p.d);
	/* A fresh Debian: systemd has enabled no cpu controller for anybody yet. */
	for (int i = 0; i < 2; i++) {
		static const char *const units[] = {"init.scope", "system.slice"};
		static const char *const files[] = {"cpu.idle", "cpu.max", "io.weight"};

		for (int k = 0; k < 3; k++) {
			char path[TREE_PATH_SIZE];

			assert_true(snprintf(path, sizeof(path), "sys/fs/cgroup/%s/%s", units[i],
					     files[k]) > 0);
			assert_int_equal(tree_delete(p.dir, path), 0);
		}
	}
	{
		const char *why;

		assert_int_equal(discover_new(p.root_fd, 1u << CAPABILITY_IO_WEIGHT, &p.d, &why),
				 0);
	}
	p.m = discover_model(p.d);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_false(model_can(p.m, CAPABILITY_CPU_IDLE));
	assert_false(model_can(p.m, CAPABILITY_CPU_MAX));
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BESTEFFORT, UID_A, 1, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_true(model_can(p.m, CAPABILITY_CPU_IDLE));
	assert_true(model_can(p.m, CAPABILITY_CPU_MAX));
	assert_false(model_can(p.m, CAPABILITY_IO_WEIGHT)); /* switched off stays off */
	discover_case_close(&p);
}

TEST(a_v1_host_is_refused_with_what_to_do)
{
	char *dir;
	int fd;
	struct discover *d = NULL;
	const char *why;

	assert_int_equal(
		tree_make("@host 1\nproc/self/mountinfo = 30 1 0:26 / /sys/fs/cgroup rw - "
			  "tmpfs tmpfs rw\\n31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup "
			  "cgroup rw,memory\n",
			  &dir),
		0);
	fd = tree_open(dir);
	assert_int_equal(discover_new(fd, 0, &d, &why), -EPROTONOSUPPORT);
	assert_non_null(strstr(why, "systemd.unified_cgroup_hierarchy=1"));
	assert_null(d);
	(void)close(fd);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_are_tricks_cost_themselves_and_nothing_else),
		cmocka_unit_test(a_kubepods_that_a_user_made_is_not_believed),
		cmocka_unit_test(a_second_cgroup_with_the_uid_of_a_pod_is_not_that_pod),
		cmocka_unit_test(a_unit_that_the_policy_names_is_a_pod_and_one_inside_it_is_not),
		cmocka_unit_test(pods_of_a_kind_node_below_a_scope_are_noticed_at_once),
		cmocka_unit_test(capabilities_that_first_show_with_a_pod_are_learned),
		cmocka_unit_test(a_v1_host_is_refused_with_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
