// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole updates over fake trees: who comes and goes. Time is an argument, so nothing here waits for a
// clock; inotify on the fake tree is the real one.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/discover_case.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

TEST(pods_of_all_three_classes_are_found_with_containers_and_knobs)
{
	struct discover_case p;
	struct pod *a, *b, *c;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(p.m->n_slots, 3);
	assert_int_equal(p.m->driver, DRIVER_SYSTEMD);
	assert_int_equal(p.m->skipped_names, 0);
	a = discover_case_pod(p.m, UID_A);
	b = discover_case_pod(p.m, UID_B);
	c = discover_case_pod(p.m, UID_C);
	assert_int_equal(a->qos, QOS_GUARANTEED);
	assert_int_equal(b->qos, QOS_BURSTABLE);
	assert_int_equal(c->qos, QOS_BESTEFFORT);
	assert_string_equal(a->cgroup->parent->path, "kubepods.slice");
	assert_string_equal(c->cgroup->parent->path, "kubepods.slice/kubepods-besteffort.slice");
	assert_int_equal(c->cgroup->parent->kind, CGROUP_QOS);
	assert_int_equal(b->n_containers, 2);
	assert_int_equal(b->containers[0].runtime, RUNTIME_CONTAINERD);
	assert_int_equal(strlen(b->containers[0].id), 64);
	assert_ptr_equal(b->containers[0].cgroup->pod, b);
	assert_int_equal(a->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 39);
	assert_true(a->cgroup->knobs[KNOB_MEMORY_MAX].now.value == KNOB_VALUE_MAX);
	/* Siblings are compared by weight, containers are nobody's business. */
	assert_int_equal(
		discover_case_cgroup(p.m, "system.slice")->knobs[KNOB_CPU_WEIGHT].now.state,
		KNOB_KNOWN);
	assert_int_equal(b->containers[0].cgroup->knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	/* Nobody said where facts are: absent, and requests derived. */
	assert_int_equal(a->facts_state, FACT_ABSENT);
	assert_int_equal(a->resources.cpu_request_milli.state, FACT_DERIVED);
	assert_int_equal(a->resources.cpu_request_milli.value, 1000);
	assert_int_equal(b->resources.cpu_request_milli.value, 100);
	assert_int_equal(b->resources.memory_request_bytes.state, FACT_ABSENT);
	discover_case_close(&p);
}

/* Otherwise a pod with cores of its own would lose them for half a minute. */
TEST(a_cpu_manager_that_could_not_be_read_is_looked_at_in_the_next_pass)
{
	static const char file[] = "var/lib/kubelet/cpu_manager_state";
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_policy(
		&p, "version: 1\nfacts: {from: cgroup}\n"
		    "levels: {P0: {role: online, sensitive: true, cpu: {cores: exclusive}}}\n"
		    "assign: [{match: {qos: Guaranteed}, level: P0}]\n");
	assert_int_equal(tree_write(p.dir, file, "{\"policyName\":"), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->cpu_manager, CPU_MANAGER_UNSURE);
	assert_int_equal(tree_write(p.dir, file, "{\"policyName\":\"none\"}"), 0);
	assert_true(discover_update(p.d, S) >= 0);
	assert_int_equal(p.m->cpu_manager, CPU_MANAGER_NONE);
	discover_case_close(&p);
}

TEST(cgroups_come_parents_first_and_pods_by_path)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_ptr_equal(p.m->cgroups[0], p.m->root);
	for (size_t i = 1; i < p.m->n_cgroups; i++) {
		size_t k = 0;

		while (k < i && p.m->cgroups[k] != p.m->cgroups[i]->parent)
			k++;
		assert_true(k < i);
	}
	for (size_t i = 1; i < p.m->n_pods; i++)
		assert_true(strcmp(p.m->pods[i - 1]->cgroup->path, p.m->pods[i]->cgroup->path) < 0);
	discover_case_close(&p);
}

TEST(a_steady_update_changes_and_allocates_nothing)
{
	struct discover_case p;
	unsigned long before;
	uint64_t generation;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_pods_file(&p, UID_A, "shop", "web");
	discover_case_policy(&p, DISCOVER_FACTS_IN_FILE);
	assert_int_equal(discover_update(p.d, 0), 1);
	generation = p.m->generation;
	before = alloc_count();
	for (int i = 1; i < 20; i++)
		assert_int_equal(discover_update(p.d, i * S), 0);
	assert_int_equal(alloc_count() - before, 0);
	assert_int_equal(p.m->generation, generation);
	discover_case_close(&p);
}

TEST(a_cpu_that_goes_offline_is_a_change_of_the_model)
{
	struct discover_case p;
	uint64_t generation;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	generation = p.m->generation;
	assert_int_equal(tree_write(p.dir, "sys/devices/system/cpu/online", "0,2-3\n"), 0);
	assert_int_equal(discover_update(p.d, 1 * S), 1);
	assert_int_equal(p.m->node.n_cpus, 3);
	assert_int_equal(p.m->node.cpus[1].id, 2);
	assert_true(p.m->generation > generation);
	discover_case_close(&p);
}

TEST(the_healing_rescan_of_an_unchanged_tree_allocates_nothing_but_for_the_pods_file)
{
	struct discover_case p;
	unsigned long before;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	before = alloc_count();
	assert_int_equal(discover_update(p.d, 31 * S), 0);
	assert_int_equal(alloc_count() - before, 0);
	discover_case_close(&p);
}

TEST(a_new_pod_is_noticed_at_once_and_others_stay_where_they_are)
{
	struct discover_case p;
	struct pod *a, *fresh;
	struct cgroup *class;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = discover_case_pod(p.m, UID_A);
	class = discover_case_cgroup(p.m, "kubepods.slice/kubepods-burstable.slice");
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_STATIC, 10, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	fresh = discover_case_pod(p.m, UID_STATIC);
	assert_non_null(fresh);
	assert_int_equal(fresh->n_containers, 2);
	assert_int_equal(fresh->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 10);
	assert_int_equal(fresh->slot, 3);
	assert_ptr_equal(discover_case_pod(p.m, UID_A), a);
	assert_ptr_equal(discover_case_cgroup(p.m, "kubepods.slice/kubepods-burstable.slice"),
			 class);
	discover_case_close(&p);
}

TEST(the_first_pod_ever_is_noticed_at_once)
{
	struct discover_case p;

	discover_case_open(&p, "@host 2\n", 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 0);
	assert_int_equal(p.m->driver, DRIVER_NONE);
	assert_int_equal(tree_pod_cgroupfs(p.dir, QOS_BESTEFFORT, UID_A, 1, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 1);
	assert_int_equal(p.m->driver, DRIVER_CGROUPFS);
	discover_case_close(&p);
}

TEST(a_container_that_starts_later_is_noticed_and_inherits_the_pod)
{
	struct discover_case p;
	struct pod *a;
	char path[TREE_PATH_SIZE];

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = discover_case_pod(p.m, UID_A);
	assert_true(snprintf(path, sizeof(path), "%s/cri-containerd-%064d.scope", a->cgroup->path,
			     7) < (int)sizeof(path));
	assert_int_equal(tree_cgroup(p.dir, path), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_ptr_equal(discover_case_pod(p.m, UID_A), a);
	assert_int_equal(a->n_containers, 3);
	assert_ptr_equal(discover_case_cgroup(p.m, path)->pod, a);
	discover_case_close(&p);
}

TEST(a_gone_pod_frees_its_slot_and_its_successor_has_a_new_serial)
{
	struct discover_case p;
	struct pod *b;
	uint64_t serial;
	uint32_t slot;
	char path[TREE_PATH_SIZE];

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	b = discover_case_pod(p.m, UID_B);
	serial = b->serial;
	slot = b->slot;
	assert_true(snprintf(path, sizeof(path), "sys/fs/cgroup/%s", b->cgroup->path) > 0);
	assert_int_equal(tree_delete(p.dir, path), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 2);
	assert_null(discover_case_pod(p.m, UID_B));
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_B, 4, NULL), 0);
	assert_int_equal(discover_update(p.d, 2), 1);
	b = discover_case_pod(p.m, UID_B);
	assert_int_equal(b->slot, slot);
	assert_true(b->serial > serial);
	assert_int_equal(p.m->n_slots, 3);
	discover_case_close(&p);
}

TEST(a_cgroup_made_anew_under_the_same_name_is_another_one)
{
	struct discover_case p;
	uint64_t serial, inode;
	char path[TREE_PATH_SIZE], moved[TREE_PATH_SIZE];

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	serial = discover_case_pod(p.m, UID_C)->serial;
	inode = discover_case_pod(p.m, UID_C)->cgroup->inode;
	assert_true(snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", p.dir,
			     discover_case_pod(p.m, UID_C)->cgroup->path) > 0);
	assert_true(snprintf(moved, sizeof(moved), "%s/elsewhere", p.dir) > 0);
	/* Moved away and not deleted, so that its inode cannot be reused. */
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BESTEFFORT, UID_C, 1, NULL), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_true(discover_case_pod(p.m, UID_C)->serial > serial);
	assert_true(discover_case_pod(p.m, UID_C)->cgroup->inode != inode);
	assert_int_equal(p.m->n_pods, 3);
	discover_case_close(&p);
}

TEST(without_inotify_a_new_pod_is_found_by_the_next_rescan)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 1u << CAPABILITY_INOTIFY);
	assert_int_equal(discover_inotify_fd(p.d), -EBADF);
	assert_false(model_can(p.m, CAPABILITY_INOTIFY));
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_STATIC, 10, NULL), 0);
	assert_int_equal(discover_update(p.d, 1 * S), 0);
	assert_null(discover_case_pod(p.m, UID_STATIC));
	assert_int_equal(discover_update(p.d, 2 * S), 1);
	assert_non_null(discover_case_pod(p.m, UID_STATIC));
	discover_case_close(&p);
}

TEST(a_cgroup_that_no_watch_can_see_is_found_by_the_healing_rescan)
{
	struct discover_case p;

	discover_case_open(&p, "@host 2\n@cgroup system.slice/a.service/inner\n", 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	/* Services are not watched: nothing that matters appears there. */
	assert_int_equal(tree_cgroup(p.dir, "system.slice/a.service/inner2"), 0);
	assert_int_equal(discover_update(p.d, 29 * S), 0);
	assert_int_equal(discover_update(p.d, 30 * S), 1);
	assert_non_null(discover_case_cgroup(p.m, "system.slice/a.service/inner2"));
	discover_case_close(&p);
}

TEST(a_cgroup_root_that_cannot_be_read_is_an_error_and_leaves_the_model)
{
	struct discover_case p;
	struct pod *a;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = discover_case_pod(p.m, UID_A);
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup"), 0);
	discover_rescan(p.d);
	assert_int_equal(discover_update(p.d, 1), -ENOENT);
	assert_int_equal(p.m->n_pods, 3);
	assert_ptr_equal(discover_case_pod(p.m, UID_A), a);
	assert_string_equal(a->cgroup->parent->path, "kubepods.slice");
	/* It is tried again at the next update, not in 30 s. */
	assert_int_equal(discover_update(p.d, 2), -ENOENT);
	discover_case_close(&p);
}

/* Whatever cannot be opened once, the next pass finds the new pod: not the rescan 30 s later. */
TEST(a_look_that_fails_is_repeated_in_the_next_pass)
{
	bool met = true;
	int n_late = 0;

	for (int nth = 1; met; nth++) {
		struct discover_case p;

		discover_case_open(&p, DISCOVER_THREE_PODS, 0);
		assert_int_equal(discover_update(p.d, 0), 1);
		assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_STATIC, 10, NULL), 0);
		fault_begin();
		fault_set(SYS_OPEN, (unsigned)nth, -EMFILE);
		(void)discover_update(p.d, 1 * S);
		met = fault_was_met();
		fault_end();
		n_late += discover_case_pod(p.m, UID_STATIC) == NULL;
		(void)discover_update(p.d, 2 * S);
		assert_non_null(discover_case_pod(p.m, UID_STATIC));
		for (size_t i = 0; i < p.m->n_cgroups; i++)
			assert_false(p.m->cgroups[i]->hidden);
		discover_case_close(&p);
	}
	assert_true(n_late > 0);
}

TEST(watches_that_cannot_be_added_are_given_up_and_rescans_take_over)
{
	struct discover_case p;
	_cleanup_close_ int deaf = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_true(model_can(p.m, CAPABILITY_INOTIFY));
	/* Something that takes no watch, as an inotify fd of a user without any left. */
	assert_true(dup2(deaf, discover_inotify_fd(p.d)) >= 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_false(model_can(p.m, CAPABILITY_INOTIFY));
	assert_int_equal(p.m->n_pods, 3);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_BURSTABLE, UID_STATIC, 10, NULL), 0);
	assert_int_equal(discover_update(p.d, 1 * S), 0);
	assert_int_equal(discover_update(p.d, 2 * S), 1);
	assert_non_null(discover_case_pod(p.m, UID_STATIC));
	discover_case_close(&p);
}

TEST(a_kubernetes_root_that_vanishes_and_comes_back_is_normal)
{
	struct discover_case p;
	char path[TREE_PATH_SIZE], moved[TREE_PATH_SIZE];

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_true(snprintf(path, sizeof(path), "%s/sys/fs/cgroup/kubepods.slice", p.dir) > 0);
	assert_true(snprintf(moved, sizeof(moved), "%s/moved", p.dir) > 0);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 0);
	assert_int_equal(p.m->n_slots, 0);
	assert_int_equal(rename(moved, path), 0);
	assert_int_equal(discover_update(p.d, 2), 1);
	assert_int_equal(p.m->n_pods, 3);
	discover_case_close(&p);
}

TEST(two_hundred_pods_come_and_go_and_every_slot_is_used_once)
{
	struct discover_case p;
	bool used[200] = {false};

	discover_case_open(&p, "@host 4\n", 0);
	for (int i = 0; i < 200; i++) {
		char uid[64];

		assert_true(snprintf(uid, sizeof(uid), "%08x-aaaa-4bbb-8ccc-%012x", i, i) > 0);
		assert_int_equal(tree_pod_systemd(p.dir,
						  i % 3 == 0   ? QOS_GUARANTEED
						  : i % 3 == 1 ? QOS_BURSTABLE
							       : QOS_BESTEFFORT,
						  uid, 4, NULL),
				 0);
	}
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->n_pods, 200);
	assert_int_equal(p.m->n_slots, 200);
	for (size_t i = 0; i < 200; i++) {
		assert_false(used[p.m->pods[i]->slot]);
		used[p.m->pods[i]->slot] = true;
	}
	assert_int_equal(
		tree_delete(p.dir, "sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice"), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(p.m->n_pods, 133);
	discover_case_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_of_all_three_classes_are_found_with_containers_and_knobs),
		cmocka_unit_test(cgroups_come_parents_first_and_pods_by_path),
		cmocka_unit_test(a_steady_update_changes_and_allocates_nothing),
		cmocka_unit_test(a_cpu_that_goes_offline_is_a_change_of_the_model),
		cmocka_unit_test(
			the_healing_rescan_of_an_unchanged_tree_allocates_nothing_but_for_the_pods_file),
		cmocka_unit_test(a_new_pod_is_noticed_at_once_and_others_stay_where_they_are),
		cmocka_unit_test(the_first_pod_ever_is_noticed_at_once),
		cmocka_unit_test(a_container_that_starts_later_is_noticed_and_inherits_the_pod),
		cmocka_unit_test(a_gone_pod_frees_its_slot_and_its_successor_has_a_new_serial),
		cmocka_unit_test(a_cgroup_made_anew_under_the_same_name_is_another_one),
		cmocka_unit_test(without_inotify_a_new_pod_is_found_by_the_next_rescan),
		cmocka_unit_test(a_cgroup_that_no_watch_can_see_is_found_by_the_healing_rescan),
		cmocka_unit_test(
			a_cgroup_root_that_cannot_be_read_is_an_error_and_leaves_the_model),
		cmocka_unit_test(a_look_that_fails_is_repeated_in_the_next_pass),
		cmocka_unit_test(
			a_cpu_manager_that_could_not_be_read_is_looked_at_in_the_next_pass),
		cmocka_unit_test(watches_that_cannot_be_added_are_given_up_and_rescans_take_over),
		cmocka_unit_test(a_kubernetes_root_that_vanishes_and_comes_back_is_normal),
		cmocka_unit_test(two_hundred_pods_come_and_go_and_every_slot_is_used_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
