// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may be killed for memory, who never is, and when the next one may follow.
#include "policy/victim.h"
#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#include <stdio.h>

#define SECOND 1000000ll

/* Nobody is a candidate, and this is why. */
static void left_out(struct victim_case *c, enum victim_out why)
{
	(void)victim_case_choose(c);
	assert_int_equal(c->l.n, 0);
	assert_int_equal(c->l.n_candidates, 0);
	assert_int_equal(c->l.by, VICTIM_BY_NONE);
	for (int i = 0; i < VICTIM_OUT_COUNT; i++)
		assert_int_equal(c->l.n_out[i], i == (int)why);
}

TEST(the_only_offline_pod_is_the_choice_and_online_ones_never_are)
{
	struct victim_case *c = *state;
	const struct pod *o = victim_case_pod(c, O1, LEVEL_P7, 100);

	victim_case_pod(c, G1, LEVEL_P0, 4000);
	victim_case_pod(c, B1, LEVEL_P4, 3000);
	assert_ptr_equal(victim_case_choose(c), o);
	assert_int_equal(c->l.n_candidates, 1);
	assert_int_equal(c->l.by, VICTIM_BY_ALONE);
	assert_int_equal(c->l.list[0].level, LEVEL_P7);
	assert_int_equal(c->l.list[0].estimate_bytes, 100 * MIB);
	assert_int_equal(c->l.list[0].usage_bytes, 100 * MIB);
	assert_int_equal(c->l.n_out[VICTIM_ONLINE], 2);
	assert_int_equal(c->l.n_left, 0);
}

/* The larger one has next to nothing where it is short. */
TEST(who_has_its_memory_on_other_nodes_is_never_taken_for_these)
{
	struct victim_case *c = *state;
	const struct pod *here = victim_case_pod(c, O1, LEVEL_P7, 100);
	const struct pod *away = victim_case_pod(c, O2, LEVEL_P7, 7);

	c->nodes = 1;
	c->memory[here->slot].there_bytes = 120 * MIB;
	c->memory[here->slot].elsewhere_bytes = 500 * MIB;
	c->memory[away->slot].there_bytes = 9 * MIB;
	c->memory[away->slot].elsewhere_bytes = 4000 * MIB;
	victim_case_uses(c, away, 4000);
	assert_ptr_equal(victim_case_choose(c), here);
	assert_int_equal(c->l.by, VICTIM_BY_ALONE);
	assert_int_equal(c->l.list[0].usage_bytes, 120 * MIB);
	assert_int_equal(c->l.n_left, 1);
	assert_int_equal(c->l.left[0].why, VICTIM_ELSEWHERE);
	assert_int_equal(c->l.left[0].usage_bytes, 4000 * MIB);
	assert_int_equal(c->l.n_out[VICTIM_ELSEWHERE], 1);
	/* It has no more anywhere. */
	c->memory[away->slot].elsewhere_bytes = 7 * MIB;
	(void)victim_case_choose(c);
	assert_int_equal(c->l.n_out[VICTIM_FREES_NOTHING], 1);
}

/* Of the lot only what lies there counts for the order, as for what it gives back. */
TEST(the_order_goes_by_what_lies_there)
{
	struct victim_case *c = *state;
	const struct pod *more = victim_case_pod(c, O1, LEVEL_P7, 100);
	const struct pod *less = victim_case_pod(c, O2, LEVEL_P7, 50);

	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_USAGE);
	c->memory[more->slot].there_bytes = 100 * MIB;
	c->memory[less->slot].there_bytes = 60 * MIB;
	victim_case_uses(c, less, 4000);
	assert_ptr_equal(victim_case_choose(c), less);
	c->nodes = 2;
	assert_ptr_equal(victim_case_choose(c), more);
}

TEST(without_offline_work_there_is_nobody)
{
	struct victim_case *c = *state;

	victim_case_pod(c, G1, LEVEL_P0, 4000);
	left_out(c, VICTIM_ONLINE);
}

TEST(no_rule_no_kill)
{
	struct victim_case *c = *state;
	const struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	c->f.plan.assignments[p->slot].state = ASSIGNMENT_NONE;
	left_out(c, VICTIM_NO_RULE);
	/* Nor for a pod that came after the plan was made. */
	c->f.plan.assignments[p->slot].state = ASSIGNMENT_LEVEL;
	c->f.plan.n_assignments = 0;
	left_out(c, VICTIM_NO_RULE);
}

TEST(facts_that_are_not_known_keep_a_pod_alive)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	fake_waiting(&c->f, p);
	left_out(c, VICTIM_NO_FACTS);
	fake_level(&c->f, p, LEVEL_P7);
	c->f.plan.assignments[p->slot].may_hold = false;
	left_out(c, VICTIM_NO_FACTS);
	/* Whatever the assignment says, which may be of a pass before. */
	fake_level(&c->f, p, LEVEL_P7);
	p->facts_state = FACT_UNKNOWN;
	left_out(c, VICTIM_NO_FACTS);
	p->facts_state = FACT_ABSENT;
	left_out(c, VICTIM_NO_FACTS);
	p->facts_state = FACT_KNOWN;
	assert_ptr_equal(victim_case_choose(c), p);
}

TEST(static_pods_are_never_taken_by_their_facts_or_their_uid)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	p->facts->is_static = true;
	left_out(c, VICTIM_STATIC);
	assert_int_equal(c->l.n_left, 1);
	assert_ptr_equal(c->l.left[0].pod, p);
	assert_int_equal(c->l.left[0].why, VICTIM_STATIC);
	assert_int_equal(c->l.left[0].usage_bytes, 100 * MIB);
	p->facts->is_static = false;
	(void)snprintf(p->uid, sizeof(p->uid), "0123456789abcdef0123456789abcdef");
	left_out(c, VICTIM_STATIC);
}

TEST(critical_pods_and_what_is_kept_online_are_protected)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	p->facts->priority_class = "system-node-critical";
	left_out(c, VICTIM_PROTECTED);
	p->facts->priority_class = "xsystem-node-critical";
	assert_ptr_equal(victim_case_choose(c), p);
	c->f.plan.assignments[p->slot].kept_online = true;
	left_out(c, VICTIM_PROTECTED);
}

TEST(what_the_system_runs_in_is_protected_even_where_a_rule_says_offline)
{
	static const char *const paths[] = {
		"system.slice",
		"system.slice/colod.service",
		"system.slice/kubelet.service",
		"system.slice/containerd.service",
		"system.slice/systemd-journald.service",
		"system.slice/dbus.service",
		"init.scope",
		"user.slice",
		"machine.slice",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		void *own = NULL;
		struct victim_case *c;

		(void)victim_case_setup(&own);
		c = own;
		victim_case_pod(c, paths[i], LEVEL_P7, 100);
		left_out(c, VICTIM_PROTECTED);
		(void)victim_case_teardown(&own);
	}
}

TEST(a_unit_around_the_system_or_the_pods_is_protected)
{
	struct victim_case *c = *state;
	const struct pod *p = victim_case_pod(c, "outer.slice", LEVEL_P7, 100);

	assert_ptr_equal(victim_case_choose(c), p);
	fake_service(&c->f, "outer.slice/inner.slice/kubelet.service");
	left_out(c, VICTIM_PROTECTED);
}

TEST(a_unit_around_another_pod_or_something_unseen_is_left_alone)
{
	struct victim_case *c = *state;
	const struct pod *outer = victim_case_pod(c, "batch.slice", LEVEL_P7, 100), *inner;
	struct cgroup *cg = fake_service(&c->f, "batch.slice/a.service");

	assert_ptr_equal(victim_case_choose(c), outer);
	cg->hidden = true;
	left_out(c, VICTIM_HOLDS_OTHERS);
	cg->hidden = false;
	inner = victim_case_pod(c, "batch.slice/b.service", LEVEL_P6, 50);
	assert_ptr_equal(victim_case_choose(c), inner);
	assert_int_equal(c->l.n_candidates, 1);
	assert_int_equal(c->l.n_out[VICTIM_HOLDS_OTHERS], 1);
}

TEST(a_pod_that_is_being_deleted_is_expected_release_and_no_victim)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);

	p->facts->deleting = true;
	left_out(c, VICTIM_DELETING);
	assert_int_equal(c->l.pending_bytes, 100 * MIB);
	c->memory[p->slot].at_us = 0;
	left_out(c, VICTIM_DELETING);
	assert_int_equal(c->l.pending_bytes, 0);
}

TEST(what_frees_nothing_or_was_not_measured_lately_is_spared)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 100);
	struct victim_memory *m = &c->memory[p->slot];

	m->anon_bytes = VICTIM_LEAST_BYTES - 1;
	left_out(c, VICTIM_FREES_NOTHING);
	m->anon_bytes = VICTIM_LEAST_BYTES;
	assert_ptr_equal(victim_case_choose(c), p);
	m->at_us = VICTIM_CASE_NOW - VICTIM_STALE_US - 1;
	left_out(c, VICTIM_NOT_MEASURED);
	m->at_us = VICTIM_CASE_NOW + 1;
	left_out(c, VICTIM_NOT_MEASURED);
	m->at_us = 0;
	left_out(c, VICTIM_NOT_MEASURED);
	m->at_us = VICTIM_CASE_NOW;
	assert_ptr_equal(victim_case_choose(c), p);
	/* The numbers of the pod that had the slot before. */
	m->serial++;
	left_out(c, VICTIM_NOT_MEASURED);
}

TEST(shared_memory_comes_back_by_an_eviction_alone)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 1),
		   *u = victim_case_pod(c, "batch.service", LEVEL_P6, 1);

	c->memory[p->slot].shmem_bytes = 500 * MIB;
	c->memory[u->slot].shmem_bytes = 500 * MIB;
	(void)victim_case_choose(c);
	assert_int_equal(c->l.n_out[VICTIM_FREES_NOTHING], 2);
	c->way = EVICT_KUBERNETES;
	assert_ptr_equal(victim_case_choose(c), p);
	assert_int_equal(c->l.list[0].estimate_bytes, 501 * MIB);
	assert_int_equal(c->l.n_candidates, 1);
	c->memory[p->slot].shmem_bytes = UINT64_MAX;
	(void)victim_case_choose(c);
	assert_int_equal(c->l.n_out[VICTIM_NOT_MEASURED], 1);
}

TEST(a_victim_rests_while_it_dies_and_where_that_came_to_nothing)
{
	struct victim_case *c = *state;
	const struct pod *a = victim_case_pod(c, O1, LEVEL_P7, 200),
			 *b = victim_case_pod(c, O2, LEVEL_P7, 100);

	victim_case_order(c, 1, EVICT_BY_USAGE, EVICT_BY_USAGE);
	assert_ptr_equal(victim_case_choose(c), a);
	victim_taken(&c->state, &c->l.list[0], VICTIM_CASE_NOW);
	assert_ptr_equal(victim_case_choose(c), b);
	assert_int_equal(c->l.n_out[VICTIM_RESTS], 1);
	victim_ended(&c->state, a->serial, false, VICTIM_CASE_NOW);
	assert_ptr_equal(victim_case_choose(c), b);
	victim_ended(&c->state, a->serial, true, VICTIM_CASE_NOW);
	assert_ptr_equal(victim_case_choose(c), a);
	victim_ended(&c->state, a->serial, false, VICTIM_CASE_NOW - VICTIM_REST_US);
	assert_ptr_equal(victim_case_choose(c), a);
	victim_ended(&c->state, a->serial, false, VICTIM_CASE_NOW - VICTIM_REST_US + 1);
	assert_ptr_equal(victim_case_choose(c), b);
}

TEST(more_victims_than_places_forget_the_oldest)
{
	struct victim_case *c = *state;
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 200);
	struct pod others[VICTIM_RESTING];
	struct victim v = {.pod = p};

	victim_taken(&c->state, &v, VICTIM_CASE_NOW);
	for (int i = 0; i < VICTIM_RESTING - 1; i++) {
		others[i] = (struct pod){.serial = 1000 + (uint64_t)i};
		v.pod = &others[i];
		victim_taken(&c->state, &v, VICTIM_CASE_NOW + 1);
	}
	left_out(c, VICTIM_RESTS);
	v.pod = &(struct pod){.serial = 2000};
	victim_taken(&c->state, &v, VICTIM_CASE_NOW + 1);
	assert_ptr_equal(victim_case_choose(c), p);
	/* The end of one that was forgotten takes nothing from another. */
	victim_ended(&c->state, p->serial, true, VICTIM_CASE_NOW + 2);
	for (int i = 0; i < VICTIM_RESTING; i++)
		assert_true(c->state.resting[i].serial >= 1000);
}

TEST(the_next_one_waits_for_80_percent_or_two_seconds)
{
	struct victim_state s = {0};
	const struct victim v = {.pod = &(struct pod){.serial = 1}, .estimate_bytes = 100 * MIB};

	assert_int_equal(victim_may_go_on(&s, VICTIM_CASE_NOW, 0), VICTIM_FIRST);
	victim_taken(&s, &v, VICTIM_CASE_NOW);
	assert_int_equal(victim_may_go_on(&s, VICTIM_CASE_NOW, 0), VICTIM_WAIT);
	assert_int_equal(victim_may_go_on(&s, VICTIM_CASE_NOW + 2 * SECOND - 1, 80 * MIB - 1),
			 VICTIM_WAIT);
	assert_int_equal(victim_may_go_on(&s, VICTIM_CASE_NOW + 1, 80 * MIB), VICTIM_FREED);
	assert_int_equal(victim_may_go_on(&s, VICTIM_CASE_NOW + 2 * SECOND, 0), VICTIM_OVERDUE);
	assert_int_equal(victim_may_go_on(&s, VICTIM_CASE_NOW - SECOND, 0), VICTIM_WAIT);
}

TEST(names_of_the_system_and_of_classes_are_known_and_those_of_pods_are_not)
{
	static const char *const system[] = {"",
					     "-.slice",
					     "init.scope",
					     "system.slice",
					     "kubepods.slice",
					     "kubepods-burstable.slice",
					     "kubepods-besteffort.slice",
					     "kubelet-kubepods-besteffort.slice",
					     "kubepods",
					     "burstable",
					     "besteffort",
					     "colod.service",
					     "kubelet.service",
					     "crio.service",
					     "docker.service",
					     "systemd-udevd.service",
					     "dbus-broker.service"};
	static const char *const pods[] = {"batch.slice",
					   "batch-night.slice",
					   "backup.service",
					   "kubepods-besteffort-pod0a_1.slice",
					   "kubelet-kubepods-besteffort-pod0a_1.slice",
					   "pod0a",
					   "libpod-12.scope"};

	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++)
		assert_true(victim_is_system_name(system[i]));
	for (size_t i = 0; i < sizeof(pods) / sizeof(pods[0]); i++)
		assert_false(victim_is_system_name(pods[i]));
}

TEST(each_reason_has_its_own_words)
{
	for (int i = 0; i < VICTIM_OUT_COUNT; i++) {
		assert_non_null(victim_out_text((enum victim_out)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(victim_out_text((enum victim_out)i),
						victim_out_text((enum victim_out)j));
	}
	assert_string_equal(victim_out_text(VICTIM_OUT_COUNT), "?");
}

#define VICTIM_TEST(name)                                                                          \
	cmocka_unit_test_setup_teardown(name, victim_case_setup, victim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VICTIM_TEST(the_only_offline_pod_is_the_choice_and_online_ones_never_are),
		VICTIM_TEST(without_offline_work_there_is_nobody),
		VICTIM_TEST(who_has_its_memory_on_other_nodes_is_never_taken_for_these),
		VICTIM_TEST(the_order_goes_by_what_lies_there),
		VICTIM_TEST(no_rule_no_kill),
		VICTIM_TEST(facts_that_are_not_known_keep_a_pod_alive),
		VICTIM_TEST(static_pods_are_never_taken_by_their_facts_or_their_uid),
		VICTIM_TEST(critical_pods_and_what_is_kept_online_are_protected),
		cmocka_unit_test(
			what_the_system_runs_in_is_protected_even_where_a_rule_says_offline),
		VICTIM_TEST(a_unit_around_the_system_or_the_pods_is_protected),
		VICTIM_TEST(a_unit_around_another_pod_or_something_unseen_is_left_alone),
		VICTIM_TEST(a_pod_that_is_being_deleted_is_expected_release_and_no_victim),
		VICTIM_TEST(what_frees_nothing_or_was_not_measured_lately_is_spared),
		VICTIM_TEST(shared_memory_comes_back_by_an_eviction_alone),
		VICTIM_TEST(a_victim_rests_while_it_dies_and_where_that_came_to_nothing),
		VICTIM_TEST(more_victims_than_places_forget_the_oldest),
		cmocka_unit_test(the_next_one_waits_for_80_percent_or_two_seconds),
		cmocka_unit_test(
			names_of_the_system_and_of_classes_are_known_and_those_of_pods_are_not),
		cmocka_unit_test(each_reason_has_its_own_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
