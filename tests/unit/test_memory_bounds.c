// SPDX-License-Identifier: LGPL-2.1-or-later
// Two memory nodes of 4 GiB, an online pod in a container that is bound to node 0, one offline pod with memory on each
// node, second by second: the room that matters, and who is held, reclaimed from and killed for it.
#include "policy/memory_bounds.h"
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/growth_line.h"
#include "policy/ladder_memory.h"
#include "policy/memory_growth.h"
#include "policy/memory_kill.h"
#include "policy/room.h"
#include "tests/lib/memory_case.h"

#define MIB MEMORY_CASE_MIB
#define S MEMORY_CASE_SECOND
#define GIB ((uint64_t)1 << 30)
#define NODE0 UINT64_C(1)
#define NODE1 UINT64_C(2)

static struct memory_case c;
static struct cgroup *container;
static uint64_t free0, there_hog, there_grows;

/* Node 1 has the rest. Of the tame one nothing lies on node 0. */
static void sample_nodes(struct memory_case *mc)
{
	struct fake *f = &mc->f;

	free0 -= there_grows;
	fake_sample_memory_node(f, 0, free0);
	fake_sample_memory_node(f, 1, mc->free_bytes - free0);
	fake_there(f, mc->hog, NODE0, mc->now_us, there_hog + there_grows, there_hog);
	fake_there(f, mc->tame, NODE0, mc->now_us, 0, 0);
	there_hog += there_grows;
}

/* 6 GiB are free, 3 on each node. */
static int setup(void **state)
{
	(void)state;
	memory_case_init(&c, 6 * 1024);
	fake_memory_nodes(&c.f, 2, 4 * GIB);
	container =
		fake_cgroup(&c.f, "kubepods.slice/kubepods-podweb.slice/cri-containerd-1.scope");
	container->kind = CGROUP_CONTAINER;
	container->pod = c.web;
	container->populated = true;
	container->mems = NODE0;
	c.web->cgroup->mems = NODE0 | NODE1;
	free0 = 3 * GIB;
	there_hog = 512 * MIB;
	there_grows = 0;
	c.sampled = sample_nodes;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_case_done(&c);
	return 0;
}

/* So many seconds, in each of which the hog takes so much of node 0, held or not. */
static void run(int seconds, uint64_t hog_grows, uint64_t tame_grows)
{
	there_grows = hog_grows * MIB;
	/* The case takes it from the machine. */
	memory_case_run(&c, seconds,
			(struct memory_second){.hog_grows = (int64_t)hog_grows,
					       .tame_grows = (int64_t)tame_grows});
	there_grows = 0;
}

static struct room look(void)
{
	struct room room = {0};

	assert_true(room_look(&c.f.model, &c.f.samples, &c.f.plan, c.now_us, &room));
	return room;
}

static uint64_t is_short(void)
{
	const struct decide_input in = {
		.model = &c.f.model,
		.samples = &c.f.samples,
		.policy = &c.f.policy,
		.ladders = &c.f.ladders,
		.now_us = c.now_us,
	};

	return memory_bounds_short(&in, &c.f.plan);
}

TEST(a_container_of_an_online_pod_binds_and_nobody_else_does)
{
	struct cgroup *other;

	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, 1);
	assert_true(c.f.plan.bounds[0].nodes == NODE0);
	assert_true(c.f.plan.bounds[0].serial == c.web->serial);
	/* Offline work, and a container whose processes have ended. */
	c.tame->cgroup->mems = NODE1;
	other = fake_cgroup(&c.f, "kubepods.slice/kubepods-podweb.slice/cri-containerd-2.scope");
	other->pod = c.web;
	other->mems = NODE1;
	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, 1);
	other->populated = true;
	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, 2);
	other->mems = NODE0; /* that set is known */
	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, 1);
	/* Nodes that are not told apart are all. */
	other->mems = 4;
	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, 1);
	fake_memory_nodes(&c.f, 0, 0);
	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, 0);
}

TEST(more_sets_than_there_is_room_for_are_left_out)
{
	char path[128];

	fake_memory_nodes(&c.f, MEMORY_NODES_MAX, GIB);
	for (uint64_t i = 0; i < 2 * PLAN_BOUNDS_MAX; i++) {
		struct cgroup *cg;

		(void)snprintf(path, sizeof(path), "kubepods.slice/kubepods-podweb.slice/c%u.scope",
			       (unsigned)i);
		cg = fake_cgroup(&c.f, path);
		cg->pod = c.web;
		cg->populated = true;
		cg->mems = i + 1;
	}
	memory_bounds_look(&c.f.model, &c.f.plan);
	assert_int_equal(c.f.plan.n_bounds, PLAN_BOUNDS_MAX);
}

/* Node 0 is nearly full, the machine is not. */
TEST(a_node_that_runs_out_is_seen_though_the_machine_has_plenty)
{
	free0 = 700 * MIB;
	run(2, 0, 0);
	assert_true(look().nodes == NODE0);
	assert_int_equal(look().room_bytes / (int64_t)MIB, 700 - 64);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_true(is_short() == 0);
	run(1, 40, 0);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_SQUEEZE);
	assert_true(memory_case_ladder(&c)->reason.nodes == NODE0);
	assert_true(is_short() == NODE0);
	container->mems = NODE0 | NODE1;
	run(1, 40, 0);
	assert_true(look().nodes == 0);
	assert_true(look().room_bytes > (int64_t)(5 * GIB));
}

/* The one that grows elsewhere is no cause, however fast it does. */
TEST(who_grows_on_another_node_is_not_held)
{
	free0 = 700 * MIB;
	run(2, 0, 0);
	run(3, 40, 90);
	assert_true(memory_case_ladder(&c)->rung >= RUNG_SQUEEZE);
	assert_true(memory_case_high_mib(c.hog) != UINT64_MAX);
	assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
	assert_true(plan_find(&c.f.plan, c.hog->cgroup, KNOB_MEMORY_HIGH)->reason.nodes == NODE0);
}

/* Once the one that fills node 0 is held, the machine is what falls fastest: for that nobody else is. */
TEST(what_the_hold_slows_stays_the_room_that_matters)
{
	free0 = 700 * MIB;
	run(2, 0, 0);
	run(3, 40, 0);
	assert_true(memory_case_ladder(&c)->rung >= RUNG_SQUEEZE);
	for (int i = 0; i < 8; i++) {
		run(1, 2, 90);
		assert_true(memory_case_ladder(&c)->rung >= RUNG_SQUEEZE);
		assert_true(look().nodes == NODE0);
		assert_true(memory_case_high_mib(c.hog) != UINT64_MAX);
		assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
	}
}

/* The machine runs out, so that both are held; then node 0 does, where one of them has nothing. */
TEST(who_is_held_for_the_machine_is_not_for_a_node_where_it_has_nothing)
{
	c.free_bytes = 900 * MIB;
	free0 = 500 * MIB;
	run(2, 0, 0);
	run(3, 0, 40);
	assert_true(look().nodes == 0);
	assert_true(memory_case_high_mib(c.tame) != UINT64_MAX);
	assert_true(growth_line_takes(&c.f.plan, c.tame, c.now_us));
	run(1, 90, 40);
	assert_true(look().nodes == NODE0);
	assert_true(growth_line_takes(&c.f.plan, c.tame, c.now_us));
	assert_true(memory_case_high_mib(c.tame) == UINT64_MAX);
	assert_true(memory_case_high_mib(c.hog) != UINT64_MAX);
}

/* Who waits waits for memory of its own nodes, whatever is tighter. */
TEST(one_that_waits_is_helped_on_its_own_nodes)
{
	assert_true(memory_bounds_of(&c.f.model, c.web) == NODE0);
	assert_true(memory_bounds_of(&c.f.model, c.hog) == 0);
	run(3, 0, 0);
	memory_case_run(&c, 2, (struct memory_second){.web_waits_us = S / 2});
	assert_true(memory_case_ladder(&c)->rung != RUNG_CALM);
	assert_true(c.f.plan.room_nodes == NODE0);
	container->populated = false;
	assert_true(memory_bounds_of(&c.f.model, c.web) == 0);
}

TEST(who_has_nothing_there_is_not_reclaimed_from)
{
	free0 = 500 * MIB;
	run(2, 0, 0);
	run(2, 60, 0);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_RECLAIM);
	assert_int_equal(c.f.plan.n_acts, 1);
	assert_ptr_equal(c.f.plan.acts[0].cgroup, c.hog->cgroup);
	assert_true(c.f.plan.acts[0].nodes == NODE0);
	/* Never more than an eighth of what that node has. */
	assert_true(c.f.plan.acts[0].bytes <= 4 * GIB / 8);
}

TEST(where_it_is_not_measured_what_lies_there_nobody_is_met)
{
	free0 = 500 * MIB;
	run(2, 0, 0);
	run(1, 60, 0);
	c.f.samples.there[c.hog->slot].nodes = NODE1;
	c.f.samples.there[c.tame->slot].at_us -= 6 * (int64_t)S;
	assert_int_equal(decide_assigned(&c.f.model, &c.f.samples, &c.f.policy, c.now_us,
					 &c.f.ladders, &c.f.plan),
			 0);
	assert_int_equal(c.f.plan.n_acts, 0);
	assert_null(plan_find(&c.f.plan, c.hog->cgroup, KNOB_MEMORY_HIGH));
}

/* A mark of half the line above it: 96 MiB on node 0, where 70 are left; the machine has 6 GiB. */
TEST(a_watermark_is_held_against_each_node_too)
{
	c.f.policy.levels[LEVEL_P7].memory.watermark_permille = 500;
	free0 = 70 * MIB;
	run(2, 0, 0);
	assert_int_equal(memory_case_ladder(&c)->rung, RUNG_CALM);
	assert_true(is_short() == NODE0);
	assert_int_equal(c.f.plan.n_acts, 1);
	assert_ptr_equal(c.f.plan.acts[0].cgroup, c.hog->cgroup);
	assert_int_equal(c.f.plan.acts[0].bytes / MIB, 24); /* of 26, in permille */
	assert_int_equal(c.f.plan.acts[0].reason.code, REASON_MEMORY_MARK);
	assert_true(c.f.plan.acts[0].reason.nodes == NODE0);
}

TEST(a_kill_is_due_for_a_node_that_runs_out)
{
	struct memory_kill kill = {0};
	struct memory_kill_need need;
	bool due = false;

	c.f.policy.pressure_kill = (struct pressure_rule){.on = true, .window_us = 3 * S};
	c.f.policy.pressure_memory.on = false;
	free0 = 760 * MIB;
	run(2, 0, 0);
	for (int i = 0; i < 7 && !due; i++) {
		run(1, 100, 0);
		due = memory_kill_due(&kill, &c.f.model, &c.f.samples, &c.f.policy, &c.f.plan, 0,
				      c.now_us, &need);
	}
	assert_true(due);
	assert_true(need.reason.nodes == NODE0);
	assert_int_equal(need.bytes / MIB, 300 - (760 - 600 - 64));
}

/* --- what of a pod grows there ------------------------------------------------------------------ */

static struct memory_growth growth_on(uint64_t nodes)
{
	struct memory_growth g = {0};

	assert_true(memory_growth_on(&c.f.samples, c.hog, nodes, c.now_us, &g));
	return g;
}

TEST(growth_is_that_of_the_nodes_that_are_asked_for)
{
	struct memory_there *there;
	struct memory_growth g;

	run(2, 30, 0);
	there = &c.f.samples.there[c.hog->slot];
	assert_true(growth_on(0).bytes_per_s == 30 * MIB);
	assert_true(growth_on(0).there_bytes == c.hog_bytes);
	there->before_bytes = there->bytes - 7 * MIB;
	assert_true(growth_on(NODE0).bytes_per_s == 7 * MIB);
	assert_true(growth_on(NODE0).there_bytes == there->bytes);
	assert_true(growth_on(NODE0).now_bytes == c.hog_bytes);
	there->before_bytes = there->bytes + MIB;
	assert_true(growth_on(NODE0).bytes_per_s == 0);
	/* Measured once: all that it grew by may be there, if anything of it is. */
	there->before_us = 0;
	assert_true(growth_on(NODE0).bytes_per_s == 30 * MIB);
	there->bytes = 0;
	assert_true(growth_on(NODE0).bytes_per_s == 0);
	assert_false(memory_growth_on(&c.f.samples, c.hog, NODE1, c.now_us, &g));
	there->serial++;
	assert_false(memory_growth_on(&c.f.samples, c.hog, NODE0, c.now_us, &g));
	assert_false(memory_growth_on(&c.f.samples, c.web, NODE0, c.now_us, &g));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_container_of_an_online_pod_binds_and_nobody_else_does),
		CASE(more_sets_than_there_is_room_for_are_left_out),
		CASE(a_node_that_runs_out_is_seen_though_the_machine_has_plenty),
		CASE(who_grows_on_another_node_is_not_held),
		CASE(what_the_hold_slows_stays_the_room_that_matters),
		CASE(who_is_held_for_the_machine_is_not_for_a_node_where_it_has_nothing),
		CASE(one_that_waits_is_helped_on_its_own_nodes),
		CASE(who_has_nothing_there_is_not_reclaimed_from),
		CASE(where_it_is_not_measured_what_lies_there_nobody_is_met),
		CASE(a_watermark_is_held_against_each_node_too),
		CASE(a_kill_is_due_for_a_node_that_runs_out),
		CASE(growth_is_that_of_the_nodes_that_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
