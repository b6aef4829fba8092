// SPDX-License-Identifier: LGPL-2.1-or-later
// What subtrees hold: counted in one walk, and the same as counted by recursion.
#include "policy/decide_tree.h"

#include "policy/decide.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define KUBE "kubepods.slice"
#define BESTEFFORT KUBE "/kubepods-besteffort.slice"
#define G1 KUBE "/kubepods-podg1.slice"
#define O1 BESTEFFORT "/kubepods-besteffort-podo1.slice"
#define O2 BESTEFFORT "/kubepods-besteffort-podo2.slice"

static const struct decide_node *node(const struct fake *f, const char *path)
{
	for (size_t i = 0; i < f->plan.tree->n_nodes; i++)
		if (strcmp(f->plan.tree->nodes[i].cgroup->path, path) == 0)
			return &f->plan.tree->nodes[i];
	fail_msg("no node %s", path);
	return NULL;
}

static void build(struct fake *f)
{
	fake_init(f);
	fake_service(f, "system.slice/sshd.service");
	(void)fake_cgroup(f, "empty.slice");
	fake_level(f, fake_pod(f, G1, QOS_GUARANTEED), LEVEL_P0);
	fake_level(f, fake_pod(f, O1, QOS_BESTEFFORT), LEVEL_P7);
	fake_level(f, fake_pod(f, O2, QOS_BESTEFFORT), LEVEL_P7);
	fake_service(f, O1 "/cri-containerd-1.scope");
	assert_int_equal(decide_tree_build(&f->model, &f->policy, &f->plan), 0);
}

TEST(pods_are_counted_up_to_the_root)
{
	struct fake f;

	build(&f);
	assert_int_equal(node(&f, "")->online, 1);
	assert_int_equal(node(&f, "")->offline, 2);
	assert_int_equal(node(&f, BESTEFFORT)->offline, 2);
	assert_int_equal(node(&f, BESTEFFORT)->online, 0);
	assert_int_equal(node(&f, BESTEFFORT)->holdable, 2);
	assert_int_equal(node(&f, BESTEFFORT)->requesting, 0);
	assert_int_equal(node(&f, G1)->online, 1);
	assert_ptr_equal(node(&f, G1)->pod, fake_cgroup(&f, G1)->pod);
	assert_int_equal(node(&f, KUBE)->levels, 1 << LEVEL_P0 | 1 << LEVEL_P7);
	fake_free(&f);
}

TEST(processes_of_no_pod_are_others_a_pods_containers_are_not)
{
	struct fake f;

	build(&f);
	assert_true(node(&f, "system.slice")->others);
	assert_true(node(&f, "")->others);
	assert_false(node(&f, "empty.slice")->others);
	assert_false(node(&f, KUBE)->others);
	assert_false(node(&f, O1)->others);
	assert_true(node(&f, O1 "/cri-containerd-1.scope")->in_pod);
	assert_false(node(&f, BESTEFFORT)->in_pod);
	fake_free(&f);
}

TEST(all_offline_means_nothing_else_at_all)
{
	struct fake f;

	build(&f);
	assert_true(decide_tree_all_offline(node(&f, BESTEFFORT)));
	assert_true(decide_tree_all_offline(node(&f, O1)));
	assert_false(decide_tree_all_offline(node(&f, O1 "/cri-containerd-1.scope")));
	assert_false(decide_tree_all_offline(node(&f, KUBE)));
	assert_false(decide_tree_all_offline(node(&f, G1)));
	assert_false(decide_tree_all_offline(node(&f, "empty.slice")));
	assert_true(decide_tree_is_online(node(&f, "system.slice")));
	assert_true(decide_tree_is_online(node(&f, G1)));
	assert_false(decide_tree_is_online(node(&f, BESTEFFORT)));

	fake_service(&f, BESTEFFORT "/stray");
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	assert_false(decide_tree_all_offline(node(&f, BESTEFFORT)));
	assert_true(decide_tree_all_offline(node(&f, O1)));
	fake_free(&f);
}

/* Its name is refused, or it could not be opened: nobody knows whose it is. */
TEST(a_class_with_a_child_that_was_not_seen_is_not_all_offline)
{
	struct fake f;

	build(&f);
	fake_cgroup(&f, BESTEFFORT)->hidden = true;
	fake_cgroup(&f, O2)->hidden = true; /* a container's: the pod's own */
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	assert_false(decide_tree_all_offline(node(&f, BESTEFFORT)));
	assert_true(decide_tree_all_offline(node(&f, O1)));
	assert_true(decide_tree_all_offline(node(&f, O2)));
	assert_true(decide_subtree(&f.plan, fake_cgroup(&f, BESTEFFORT)).others);
	fake_free(&f);
}

TEST(everything_below_an_undecided_pod_is_blocked)
{
	struct fake f;

	build(&f);
	fake_waiting(&f, fake_cgroup(&f, O1)->pod);
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	assert_true(node(&f, O1)->blocked);
	assert_true(node(&f, O1 "/cri-containerd-1.scope")->blocked);
	assert_false(node(&f, O2)->blocked);
	assert_false(node(&f, BESTEFFORT)->blocked);
	assert_int_equal(node(&f, BESTEFFORT)->waiting, 1);
	assert_false(decide_tree_all_offline(node(&f, BESTEFFORT)));
	fake_free(&f);
}

TEST(a_class_is_kept_only_while_colod_owns_its_share_and_all_open_pods_wait)
{
	struct fake f;
	struct cgroup *class;

	build(&f);
	class = fake_cgroup(&f, BESTEFFORT);
	fake_waiting(&f, fake_cgroup(&f, O1)->pod);
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	assert_false(decide_tree_kept(node(&f, BESTEFFORT)));
	fake_own(class, KNOB_CPU_WEIGHT, 1, 50);
	assert_true(decide_tree_kept(node(&f, BESTEFFORT)));
	/* a third pod that no rule matches: nothing is expected any more */
	(void)fake_pod(&f, BESTEFFORT "/kubepods-besteffort-podx.slice", QOS_BESTEFFORT);
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	assert_false(decide_tree_kept(node(&f, BESTEFFORT)));
	fake_level(&f, fake_cgroup(&f, O2)->pod, LEVEL_P0);
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	assert_false(decide_tree_kept(node(&f, BESTEFFORT)));
	fake_free(&f);
}

TEST(the_base_of_a_knob_is_what_it_would_be_without_colod)
{
	struct cgroup cg = {0};

	fake_set(&cg, KNOB_CPU_WEIGHT, 7);
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->value, 7);
	fake_own(&cg, KNOB_CPU_WEIGHT, 1, 50);
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->value, 1);
	/* somebody wrote over colod's value since: theirs counts */
	cg.knobs[KNOB_CPU_WEIGHT].now.value = 12;
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->value, 12);
}

TEST(the_base_of_an_idle_groups_weight_is_the_one_from_before)
{
	struct cgroup cg = {0};

	fake_set(&cg, KNOB_CPU_WEIGHT, 1);
	fake_set(&cg, KNOB_CPU_IDLE, 1); /* by somebody else: what is read is all there is */
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->value, 1);
	fake_own(&cg, KNOB_CPU_IDLE, 0, 1);
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->value, 100);
	fake_own(&cg, KNOB_CPU_WEIGHT, 39, 100);
	cg.knobs[KNOB_CPU_WEIGHT].now.value = 1;
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->value, 39);
	fake_missing(&cg, KNOB_CPU_WEIGHT);
	assert_int_equal(decide_tree_base(&cg, KNOB_CPU_WEIGHT)->state, KNOB_MISSING);
}

TEST(the_recursive_count_agrees)
{
	struct fake f;

	build(&f);
	fake_waiting(&f, fake_cgroup(&f, O2)->pod);
	assert_int_equal(decide_tree_build(&f.model, &f.policy, &f.plan), 0);
	for (size_t i = 0; i < f.plan.tree->n_nodes; i++) {
		const struct decide_node *n = &f.plan.tree->nodes[i];
		struct decide_subtree s = decide_subtree(&f.plan, n->cgroup);

		assert_int_equal(s.online, n->online);
		assert_int_equal(s.offline, n->offline);
		assert_int_equal(s.undecided, n->waiting + n->unmatched);
		assert_int_equal(s.others, n->others);
	}
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_are_counted_up_to_the_root),
		cmocka_unit_test(processes_of_no_pod_are_others_a_pods_containers_are_not),
		cmocka_unit_test(all_offline_means_nothing_else_at_all),
		cmocka_unit_test(a_class_with_a_child_that_was_not_seen_is_not_all_offline),
		cmocka_unit_test(everything_below_an_undecided_pod_is_blocked),
		cmocka_unit_test(
			a_class_is_kept_only_while_colod_owns_its_share_and_all_open_pods_wait),
		cmocka_unit_test(the_base_of_a_knob_is_what_it_would_be_without_colod),
		cmocka_unit_test(the_base_of_an_idle_groups_weight_is_the_one_from_before),
		cmocka_unit_test(the_recursive_count_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
