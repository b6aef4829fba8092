// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole updates over fake trees: when knobs are read, and whose values they are.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/discover_case.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

TEST(objects_and_what_apply_knows_of_knobs_survive_a_rescan)
{
	struct discover_case p;
	struct pod *a;
	struct cgroup *class;
	struct knob_state *weight;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = discover_case_pod(p.m, UID_A);
	class = discover_case_cgroup(p.m, "kubepods.slice/kubepods-besteffort.slice");
	weight = &class->knobs[KNOB_CPU_WEIGHT];
	weight->owned = true;
	weight->original = weight->now;
	weight->written.state = KNOB_KNOWN;
	weight->written.value = 77;
	assert_int_equal(tree_knob(p.dir, class->path, "cpu.weight", "77"), 0);
	discover_rescan(p.d);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_ptr_equal(discover_case_pod(p.m, UID_A), a);
	assert_ptr_equal(discover_case_cgroup(p.m, class->path), class);
	assert_true(weight->owned);
	assert_int_equal(weight->now.value, 77);
	assert_int_equal(weight->original.value, 100);
	assert_int_equal(weight->written.value, 77);
	discover_case_close(&p);
}

static struct cgroup *container_of(const struct discover_case *p, const char *uid, size_t i)
{
	return discover_case_pod(p->m, uid)->containers[i].cgroup;
}

TEST(memory_nodes_of_pods_and_containers_are_read_where_there_are_several)
{
	struct discover_case p;
	struct cgroup *container;

	discover_case_open(&p, DISCOVER_THREE_PODS "@memory-nodes 2\n", 0);
	discover_case_policy(&p, "version: 1\n");
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->node.memory_nodes.n, 2);
	container = container_of(&p, UID_B, 1);
	assert_true(discover_case_pod(p.m, UID_A)->cgroup->mems == 3);
	assert_true(container->mems == 3);
	/* Of nobody else's: only online pods are bound, and classes have no processes. */
	assert_true(discover_case_cgroup(p.m, "system.slice")->mems == 0);
	assert_true(discover_case_cgroup(p.m, "kubepods.slice")->mems == 0);
	/* Settled: only the rescan reads it again. */
	assert_int_equal(tree_knob(p.dir, container->path, "cpuset.mems.effective", "1"), 0);
	assert_int_equal(discover_update(p.d, 20 * S), 0);
	assert_true(container->mems == 3);
	assert_int_equal(discover_update(p.d, 40 * S), 1);
	assert_true(container->mems == 2);
	discover_case_close(&p);
}

TEST(with_one_memory_node_nobody_is_asked_for_them)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_policy(&p, "version: 1\n");
	assert_int_equal(tree_knob(p.dir, "", "cpuset.mems.effective", "0"), 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(p.m->node.memory_nodes.n, 0);
	assert_true(discover_case_pod(p.m, UID_A)->cgroup->mems == 0);
	discover_case_close(&p);
}

TEST(colods_own_weight_is_not_taken_for_a_request)
{
	struct discover_case p;
	struct pod *b;
	struct knob_state *weight;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	b = discover_case_pod(p.m, UID_B);
	weight = &b->cgroup->knobs[KNOB_CPU_WEIGHT];
	assert_int_equal(tree_knob(p.dir, b->cgroup->path, "cpu.weight", "39"), 0);
	discover_rescan(p.d);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(b->resources.cpu_request_milli.value, 1000);
	/* What apply_adopt() does when it finds the record of an earlier run. */
	weight->owned = true;
	weight->written = weight->now;
	weight->original.state = KNOB_KNOWN;
	weight->original.value = 4;
	assert_true(discover_derive(p.d));
	assert_int_equal(b->resources.cpu_request_milli.value, 100);
	assert_false(discover_derive(p.d));
	discover_case_close(&p);
}

TEST(knobs_that_are_written_after_a_pod_appeared_are_read_again)
{
	struct discover_case p;
	struct pod *fresh;
	char path[TREE_PATH_SIZE];

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_pod_systemd(p.dir, QOS_GUARANTEED, UID_STATIC, 100, path), 0);
	assert_int_equal(discover_update(p.d, 1 * S), 1);
	fresh = discover_case_pod(p.m, UID_STATIC);
	/* systemd makes the directory first; its attributes come a moment later. */
	assert_int_equal(tree_knob(p.dir, path, "cpu.weight", "39"), 0);
	assert_int_equal(tree_knob(p.dir, "kubepods.slice", "cpu.weight", "157"), 0);
	assert_int_equal(discover_update(p.d, 2 * S), 1);
	assert_int_equal(fresh->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 39);
	assert_int_equal(fresh->resources.cpu_request_milli.value, 1000);
	assert_int_equal(
		discover_case_cgroup(p.m, "kubepods.slice")->knobs[KNOB_CPU_WEIGHT].now.value, 157);
	/* Settled: from here on only the healing rescan reads them. */
	assert_int_equal(tree_knob(p.dir, path, "cpu.weight", "20"), 0);
	assert_int_equal(discover_update(p.d, 12 * S), 0);
	assert_int_equal(discover_update(p.d, 32 * S), 1);
	assert_int_equal(fresh->cgroup->knobs[KNOB_CPU_WEIGHT].now.value, 20);
	discover_case_close(&p);
}

TEST(a_process_that_starts_in_a_new_cgroup_is_seen)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_cgroup(p.dir, "other.slice"), 0);
	assert_int_equal(tree_knob(p.dir, "other.slice", "cgroup.events", "populated 0"), 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_false(discover_case_cgroup(p.m, "other.slice")->populated);
	assert_int_equal(tree_knob(p.dir, "other.slice", "cgroup.events", "populated 1"), 0);
	assert_int_equal(discover_update(p.d, 2), 1);
	assert_true(discover_case_cgroup(p.m, "other.slice")->populated);
	discover_case_close(&p);
}

/* What apply leaves when it could not read back what it wrote. */
TEST(a_knob_that_could_not_be_read_is_read_again_in_the_next_pass)
{
	struct discover_case p;
	struct knob_value *now;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	now = &discover_case_pod(p.m, UID_C)->cgroup->knobs[KNOB_CPU_MAX].now;
	(void)discover_update(p.d, 15 * S);
	now->state = KNOB_UNREAD;
	assert_int_equal(discover_update(p.d, 16 * S), 1);
	assert_int_equal(now->state, KNOB_KNOWN);
	assert_int_equal(discover_update(p.d, 17 * S), 0);
	discover_case_close(&p);
}

TEST(a_knob_that_can_never_be_read_does_not_cost_a_read_in_every_pass)
{
	struct discover_case p;
	struct pod *c;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	c = discover_case_pod(p.m, UID_C);
	assert_int_equal(tree_knob(p.dir, c->cgroup->path, "cpu.max", "nonsense"), 0);
	discover_rescan(p.d);
	(void)discover_update(p.d, 11 * S);
	for (int i = 0; i < 5; i++)
		(void)discover_update(p.d, (12 + i) * S);
	fault_begin();
	for (int i = 0; i < 5; i++)
		(void)discover_update(p.d, (17 + i) * S);
	assert_int_equal(fault_count(SYS_OPEN), 0);
	fault_end();
	/* A rescan gives it another chance. */
	assert_int_equal(tree_knob(p.dir, c->cgroup->path, "cpu.max", "max 100000"), 0);
	assert_int_equal(discover_update(p.d, 42 * S), 1);
	assert_int_equal(c->cgroup->knobs[KNOB_CPU_MAX].now.state, KNOB_KNOWN);
	discover_case_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_and_what_apply_knows_of_knobs_survive_a_rescan),
		cmocka_unit_test(colods_own_weight_is_not_taken_for_a_request),
		cmocka_unit_test(
			memory_nodes_of_pods_and_containers_are_read_where_there_are_several),
		cmocka_unit_test(with_one_memory_node_nobody_is_asked_for_them),
		cmocka_unit_test(knobs_that_are_written_after_a_pod_appeared_are_read_again),
		cmocka_unit_test(a_process_that_starts_in_a_new_cgroup_is_seen),
		cmocka_unit_test(a_knob_that_could_not_be_read_is_read_again_in_the_next_pass),
		cmocka_unit_test(a_knob_that_can_never_be_read_does_not_cost_a_read_in_every_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
