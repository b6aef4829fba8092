// SPDX-License-Identifier: LGPL-2.1-or-later
// From the rung to the question, the answers and what outlives the agent: over a fake tree and an API server that is a few
// lines of this file. The real one is test_kube_api, a real eviction is tests/vm/tests/52-evict.sh.
#include "tests/lib/evictor_case.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/lanes.h"
#include "agent/control.h"
#include "agent/evictor_state.h"
#include "agent/kill_record.h"
#include "agent/killer.h"
#include "agent/tick.h"

TEST(one_pod_is_asked_with_its_uid_after_it_was_written_down)
{
	struct history_record r;

	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_string_equal(evictor_case_api.calls[0].namespace, "jobs");
	assert_string_equal(evictor_case_api.calls[0].name, "hog");
	assert_string_equal(evictor_case_api.calls[0].uid, TICK_HOG);
	assert_int_equal(evictor_case_api.calls[0].grace_s, 5);
	assert_non_null(strstr(evictor_case_api.saved, "pending asked "));
	assert_non_null(strstr(evictor_case_api.saved, TICK_HOG_POD "\n"));
	evictor_case_passes(1);
	assert_int_equal(evictor_case_told(&r), 1);
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_string_equal(r.pod, "jobs/hog");
	assert_string_equal(r.knob, "evict");
	assert_string_equal(r.to, "accepted: the pod is being deleted");
	assert_non_null(strstr(r.why, "700 MiB are expected back through Kubernetes"));
	assert_non_null(strstr(r.numbers, "expected_bytes=734003200,candidates=2"));
	assert_int_equal(evictor_case.state->status.evict.evictions, 1);
	assert_int_equal(evictor_case.state->status.evict.pending, 1);
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
	/* Nobody else meanwhile. */
	evictor_case_passes(10);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

TEST(what_came_back_is_told_when_the_pod_is_gone)
{
	struct history_record r;

	evictor_case_passes(2);
	evictor_case_remove_hog();
	evictor_case_passes(3);
	assert_int_equal(evictor_case_told(&r), 2);
	assert_non_null(strstr(r.to, "gone, "));
	assert_int_equal(evictor_case.state->status.evict.pending, 0);
	assert_string_equal(evictor_case.state->status.evict.why,
			    "the last one was less than evict.cooldown ago");
	assert_true(evictor_case.state->status.evict.until_us > evictor_case_now_us);
	evictor_case_passes(15);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_string_equal(evictor_case_api.calls[1].name, "batch");
}

static void hog_is_read(bool is)
{
	char path[512], away[512];

	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/" TICK_HOG_POD "/memory.stat",
		       evictor_case.dir);
	(void)snprintf(away, sizeof(away), "%s/memory.stat", evictor_case.dir);
	assert_int_equal(is ? rename(away, path) : rename(path, away), 0);
}

/* What one has that cannot be read for a moment is not known, and no reason for another one to go. */
TEST(who_cannot_be_read_for_a_moment_is_waited_for)
{
	hog_is_read(false);
	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_string_equal(evictor_case.state->status.evict.why, "memory was not measured lately");
	hog_is_read(true);
	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_string_equal(evictor_case_api.calls[0].name, "hog");
}

TEST(who_can_never_be_read_is_left_out)
{
	hog_is_read(false);
	evictor_case_passes(2);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_string_equal(evictor_case_api.calls[0].name, "batch");
}

TEST(on_a_lower_rung_or_in_a_lower_mode_nobody_is_asked)
{
	struct history_record r;

	evictor_case_pass_on(RUNG_FREEZE, 5);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_int_equal(evictor_case_told(&r), 0);
	(void)control_set_mode(evictor_case.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	evictor_case_passes(30);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_int_equal(evictor_case_told(&r), 1);
	assert_true(r.would);
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_int_equal(evictor_case_api.n_taints, 0);
}

TEST(a_budget_makes_it_another_one_at_once)
{
	struct history_record r;

	evictor_case_api.answer = EVICT_ANSWER_BUDGET;
	evictor_case_passes(1);
	evictor_case_api.answer = EVICT_ANSWER_ACCEPTED;
	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_string_equal(evictor_case_api.calls[0].name, "hog");
	assert_string_equal(evictor_case_api.calls[1].name, "batch");
	assert_int_equal(evictor_case_told(&r), 1);
	assert_string_equal(r.to, "its PodDisruptionBudget keeps it");
	assert_string_equal(r.why, "says the server");
	assert_true(evictor_budget_keeps(evictor_case.state, evictor_case_api.calls[0].token));
	assert_false(evictor_budget_keeps(evictor_case.state, evictor_case_api.calls[1].token));
}

/* Memory goes to empty while every budget refuses: the emergency takes one, and says that it had been asked for politely. */
TEST(the_emergency_kills_whom_a_budget_keeps_and_says_so)
{
	struct history_record r;
	struct victim victim = {.pod = discover_model(evictor_case.state->discover)->pods[0]};
	struct victim_list list = {.list = {victim}, .n = 1};
	struct memory_kill_need need = {.bytes = 1, .reason = {.code = REASON_MEMORY_EMPTY}};

	evictor_case_api.answer = EVICT_ANSWER_BUDGET;
	evictor_case_passes(4);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_string_equal(evictor_case.state->status.evict.why, "no pod may be evicted");
	for (size_t i = 0; i < discover_model(evictor_case.state->discover)->n_pods; i++) {
		struct pod *pod = discover_model(evictor_case.state->discover)->pods[i];
		bool asked = strcmp(pod->uid, TICK_HOG) == 0 || strcmp(pod->uid, TICK_BATCH) == 0;

		list.list[0].pod = pod;
		kill_record_begin(evictor_case.state, &list, &need, &r);
		assert_true(asked == (strstr(r.why, "PodDisruptionBudget had refused") != NULL));
		assert_true(asked == (strstr(r.numbers, "budget_refused=1") != NULL));
	}
}

/* Its own stop logic is what was promised: no kill in its stead. */
TEST(a_unit_waits_until_systemd_can_be_asked)
{
	struct evictor *e = evictor_case.state->evictor;
	struct cgroup cgroup;
	struct pod pod;

	evictor_case_passes(1);
	pod = *discover_model(evictor_case.state->discover)->pods[0];
	cgroup = *pod.cgroup;
	cgroup.path = (char *)"batch.slice/job.service";
	pod.cgroup = &cgroup;
	pod.kind = POD_UNIT;
	evictor_use_bus(evictor_case.state, NULL);
	e->n_done = 0;
	evictor_ask(evictor_case.state, &pod);
	assert_int_equal(e->n_done, 1);
	assert_int_equal(e->done[0].answer, EVICT_ANSWER_BUSY);
	assert_non_null(strstr(e->done[0].why, "the bus is away"));
	e->n_done = 0;
}

TEST(what_cannot_be_written_down_is_not_done)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/run/colod/evictions.new/x", evictor_case.dir);
	assert_int_equal(tree_write(evictor_case.dir, "run/colod/evictions.new/x", ""), 0);
	evictor_case_passes(3);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_int_equal(evictor_case.state->status.evict.pending, 0);
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

/* Asked, and the agent died: the next one asks for the same pod again, and for no other. */
TEST(who_was_asked_by_a_dead_agent_is_asked_again)
{
	evictor_case_api.answer = EVICT_ANSWER_NONE;
	evictor_case_passes(2);
	evictor_case_die_and_start();
	evictor_case_api.answer = EVICT_ANSWER_ACCEPTED;
	evictor_case_passes(3);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_string_equal(evictor_case_api.calls[1].uid, evictor_case_api.calls[0].uid);
	evictor_case_passes(5);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
}

/* Asked, and the agent died before the answer; the pod is gone by the next start: as far as anybody knows it went for
 * that. */
TEST(who_is_gone_after_a_dead_agent_had_asked_counts_as_evicted)
{
	struct history_record r;

	evictor_case_api.answer = EVICT_ANSWER_NONE;
	evictor_case_passes(2);
	assert_int_equal(evictor_case_api.n_calls, 1);
	evictor_case_remove_hog();
	evictor_case_die_and_start();
	evictor_case_api.answer = EVICT_ANSWER_ACCEPTED;
	evictor_case_passes(5);
	assert_int_equal(evictor_case_told(&r), 1);
	assert_non_null(strstr(r.to, "gone"));
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
	assert_true(evictor_case_api.tainted);
	/* Nobody else goes before the rest between two is over. */
	assert_int_equal(evictor_case_api.n_calls, 1);
	evictor_case_passes(15);
	assert_int_equal(evictor_case_api.n_calls, 2);
}

/* The same, and it goes a moment after the next start, which may not ask it again yet. */
TEST(who_goes_while_the_next_agent_may_not_ask_again_counts_as_evicted)
{
	evictor_case_api.answer = EVICT_ANSWER_NONE;
	evictor_case_passes(2);
	assert_int_equal(evictor_case_api.n_calls, 1);
	evictor_case_die_and_start();
	evictor_case_pass_on(RUNG_RECLAIM, 2);
	evictor_case_remove_hog();
	evictor_case_pass_on(RUNG_RECLAIM, 1);
	assert_int_equal(evictor_case.state->status.evict.pending, 0);
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
	assert_true(evictor_case_api.tainted);
	evictor_case_passes(8);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

/* Accepted, and the agent died: nobody is asked again, the limits stand, the taint ends when it should. */
TEST(who_is_dying_is_awaited_by_the_next_agent_and_the_taint_ends)
{
	struct history_record r;

	evictor_case_passes(3);
	assert_true(evictor_case_api.tainted);
	assert_non_null(strstr(evictor_case_api.saved, " 1\n"));
	evictor_case_die_and_start();
	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_int_equal(evictor_case.state->status.evict.pending, 1);
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
	assert_true(evictor_case_api.tainted);
	evictor_case_remove_hog();
	evictor_case_passes(1);
	assert_int_equal(evictor_case_told(&r), 1);
	assert_non_null(strstr(r.to, "gone"));
	assert_non_null(strstr(r.why, "a colod that ended meanwhile"));
	evictor_case_pass_on(RUNG_CALM, 320);
	assert_false(evictor_case_api.tainted);
	assert_false(evictor_case.state->status.evict.taint_up);
}

/* Nobody wants it any more, and only the file knows of it. */
TEST(a_taint_that_a_dead_agent_left_is_taken_off)
{
	evictor_case_passes(3);
	assert_true(evictor_case_api.tainted);
	evictor_case_die_and_start();
	evictor_case.state->policy->evict.taint = false;
	evictor_case_pass_on(RUNG_CALM, 2);
	assert_false(evictor_case_api.tainted);
	evictor_case_die_and_start();
	evictor_case_pass_on(RUNG_CALM, 2);
	assert_int_equal(evictor_case_api.n_untaints, 1);
}

TEST(the_taint_is_asked_for_again_while_the_cool_down_is_on_and_goes_at_the_stop)
{
	evictor_case_passes(2);
	assert_int_equal(evictor_case_api.n_taints, 1);
	evictor_case_pass_on(RUNG_CALM, 65);
	assert_int_equal(evictor_case_api.n_taints, 3);
	assert_int_equal(evictor_case_api.n_untaints, 0);
	evictor_stop(evictor_case.state);
	assert_int_equal(evictor_case_api.n_untaints, 1);
	evictor_case_end(false);
	assert_false(evictor_case_api.tainted);
	assert_int_equal(evictor_case_api.n_untaints, 1);
	assert_int_equal(lanes_new(&evictor_case.state->lanes), 0);
	assert_int_equal(killer_new(evictor_case.state), 0);
	assert_int_equal(evictor_new(evictor_case.state), 0);
}

TEST(a_taint_that_could_not_be_taken_off_is_tried_again)
{
	evictor_case_passes(2);
	evictor_case_api.taint_fails = true;
	evictor_case.state->policy->evict.taint = false;
	evictor_case_pass_on(RUNG_CALM, 40);
	assert_true(evictor_case_api.n_untaints >= 2);
	assert_true(evictor_case.state->status.evict.taint_up);
	evictor_case_api.taint_fails = false;
	evictor_case_pass_on(RUNG_CALM, 31);
	assert_false(evictor_case.state->status.evict.taint_up);
}

/* Three that stay where they are. */
TEST(doubt_only_protects_until_a_person_trusts_it_again)
{
	for (int i = 0; i < 3; i++) {
		evictor_case.state->evictor->evict.poor[RESOURCE_MEMORY]++;
		assert_false(i < 2 && evictor_doubts(evictor_case.state, RESOURCE_MEMORY));
	}
	evictor_case_passes(2);
	assert_int_equal(evictor_case.state->status.modes.by[RESOURCE_MEMORY], MODE_PROTECT);
	assert_int_equal(evictor_case.state->status.modes.by[RESOURCE_CPU], MODE_FULL);
	assert_int_equal(evictor_case.state->status.modes.by_from[RESOURCE_MEMORY],
			 MODE_SOURCE_DOUBT);
	assert_int_equal(evictor_case.state->kill_mode, MODE_FULL);
	assert_int_equal(evictor_case_api.n_calls, 0);
	(void)control_set_mode(evictor_case.state, RESOURCE_MEMORY, MODE_OBSERVE,
			       &(struct history_caller){0});
	assert_true(evictor_doubts(evictor_case.state, RESOURCE_MEMORY));
	(void)control_set_mode(evictor_case.state, RESOURCE_MEMORY, MODE_FULL,
			       &(struct history_caller){0});
	assert_false(evictor_doubts(evictor_case.state, RESOURCE_MEMORY));
	evictor_case_passes(1);
	assert_int_equal(evictor_case.state->status.modes.by[RESOURCE_MEMORY], MODE_FULL);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

TEST(doubt_is_of_the_resource_that_the_evictions_were_for)
{
	evictor_case.state->evictor->evict.poor[RESOURCE_CPU] = EVICT_POOR_MOST;
	evictor_case_pass_on(RUNG_CALM, 2);
	assert_int_equal(evictor_case.state->status.modes.by[RESOURCE_CPU], MODE_PROTECT);
	assert_int_equal(evictor_case.state->status.modes.by[RESOURCE_MEMORY], MODE_FULL);
	assert_true(evictor_case.state->status.evict.doubt);
	(void)control_set_mode(evictor_case.state, RESOURCE_MEMORY, MODE_FULL,
			       &(struct history_caller){0});
	assert_true(evictor_doubts(evictor_case.state, RESOURCE_CPU));
	(void)control_set_mode(evictor_case.state, RESOURCE_INVALID, MODE_FULL,
			       &(struct history_caller){0});
	assert_false(evictor_doubts(evictor_case.state, RESOURCE_CPU));
}

TEST(without_an_api_server_no_kubernetes_pod_goes)
{
	evictor_use_api(evictor_case.state, NULL);
	evictor_case_passes(3);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_string_equal(evictor_case.state->status.evict.why, "no pod may be evicted");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, evictor_case_setup, evictor_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_pod_is_asked_with_its_uid_after_it_was_written_down),
		CASE(what_came_back_is_told_when_the_pod_is_gone),
		CASE(who_cannot_be_read_for_a_moment_is_waited_for),
		CASE(who_can_never_be_read_is_left_out),
		CASE(on_a_lower_rung_or_in_a_lower_mode_nobody_is_asked),
		CASE(a_budget_makes_it_another_one_at_once),
		CASE(the_emergency_kills_whom_a_budget_keeps_and_says_so),
		CASE(a_unit_waits_until_systemd_can_be_asked),
		CASE(what_cannot_be_written_down_is_not_done),
		CASE(who_was_asked_by_a_dead_agent_is_asked_again),
		CASE(who_is_gone_after_a_dead_agent_had_asked_counts_as_evicted),
		CASE(who_goes_while_the_next_agent_may_not_ask_again_counts_as_evicted),
		CASE(who_is_dying_is_awaited_by_the_next_agent_and_the_taint_ends),
		CASE(a_taint_that_a_dead_agent_left_is_taken_off),
		CASE(the_taint_is_asked_for_again_while_the_cool_down_is_on_and_goes_at_the_stop),
		CASE(a_taint_that_could_not_be_taken_off_is_tried_again),
		CASE(doubt_only_protects_until_a_person_trusts_it_again),
		CASE(doubt_is_of_the_resource_that_the_evictions_were_for),
		CASE(without_an_api_server_no_kubernetes_pod_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
