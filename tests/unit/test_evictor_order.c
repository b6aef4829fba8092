// SPDX-License-Identifier: LGPL-2.1-or-later
// An eviction that somebody orders, through whole passes: asked once and written down before, whatever the limits and
// the ladder say; told with its caller; and answered.
#include "tests/lib/evictor_case.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/evictor_state.h"
#include "agent/tick.h"

static const struct history_caller ann = {
	.known = true, .uid = 1000, .pid = 4711, .comm = "colo\nctl"};

static struct manual_answer answer;

static struct pod *pod(const char *uid)
{
	struct model *m = discover_model(evictor_case.state->discover);

	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->uid, uid) == 0)
			return m->pods[i];
	fail_msg("no pod %s", uid);
	return NULL;
}

/* Passes in which nothing is short. */
static void calm(int seconds)
{
	evictor_case_pass_on(RUNG_CALM, seconds);
}

static int order(const char *uid)
{
	return evictor_order(evictor_case.state, pod(uid), &ann, &answer);
}

static int outcome(uint64_t serial)
{
	return evictor_ordered(evictor_case.state, serial, &answer);
}

TEST(a_pod_is_asked_in_the_next_pass_after_it_was_written_down_with_its_caller)
{
	struct history_record r;
	uint64_t serial;

	calm(2);
	assert_int_equal(order(TICK_HOG), 0);
	serial = pod(TICK_HOG)->serial;
	assert_int_equal(evictor_case_api.n_calls, 0);
	calm(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_string_equal(evictor_case_api.calls[0].uid, TICK_HOG);
	assert_int_equal(evictor_case_api.calls[0].grace_s, 5);
	assert_non_null(strstr(evictor_case_api.saved, "pending asked "));
	assert_non_null(strstr(evictor_case_api.saved, TICK_HOG_POD "\nordered 1 1000 4711 -\n"));
	assert_int_equal(outcome(serial), -EAGAIN);
	calm(1);
	assert_int_equal(outcome(serial), 0);
	assert_string_equal(answer.text,
			    "jobs/hog was asked to go, which was accepted: it has 5 s to end");
	assert_int_equal(evictor_case_told(&r), 1);
	assert_string_equal(r.what, TICK_HOG_POD);
	assert_string_equal(r.to, "accepted: the pod is being deleted");
	assert_string_equal(r.why, "uid 1000 (colo?ctl, pid 4711) ordered it, through Kubernetes");
	assert_true(r.caller.known && r.caller.uid == 1000 && r.caller.pid == 4711);
	assert_int_equal(evictor_case_api.n_taints, 0);
	assert_int_equal(evictor_case_api.n_events, 2);
	assert_string_equal(evictor_case_api.events[1].uid, TICK_HOG);
	assert_string_equal(evictor_case_api.events[1].message,
			    "evicted jobs/hog: uid 1000 (colo?ctl, pid 4711) ordered it, through "
			    "Kubernetes");
	assert_int_equal(order(TICK_HOG), -EPERM);
	assert_non_null(strstr(answer.text, "was asked to go already"));
	evictor_case_remove_hog();
	calm(2);
	assert_int_equal(evictor_case_told(&r), 2);
	assert_non_null(strstr(r.to, "gone, "));
	assert_int_equal(r.caller.uid, 1000);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

TEST(nobody_who_is_online_or_not_known_is_asked)
{
	calm(2);
	assert_int_equal(order(TICK_ONLINE), -EPERM);
	assert_non_null(strstr(answer.text, "this pod is online"));
	assert_int_equal(order(TICK_STRANGER), -EPERM);
	assert_non_null(strstr(answer.text, "is not known"));
	calm(2);
	assert_int_equal(evictor_case_api.n_calls, 0);
}

/* It came to be online between the order and the pass. */
TEST(it_is_looked_at_once_more_by_the_pass_that_asks)
{
	uint64_t serial;

	calm(2);
	assert_int_equal(order(TICK_HOG), 0);
	serial = pod(TICK_HOG)->serial;
	(void)control_set_mode(evictor_case.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	calm(1);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_int_equal(outcome(serial), -EPERM);
	assert_non_null(strstr(answer.text, "only mode full"));
	assert_int_equal(order(TICK_HOG), -EPERM);
	assert_non_null(strstr(answer.text, "only mode full"));
}

TEST(the_limits_do_not_bind_it_and_it_counts_in_them)
{
	struct evict *e = &evictor_case.state->evictor->evict;

	calm(2);
	for (int i = 0; i < 6; i++)
		evict_count(e, evictor_case_now_us);
	assert_int_equal(order(TICK_HOG), 0);
	calm(2);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_int_equal(evictor_case.state->status.evict.in_hour, 7);
}

/* The ladder wants one in the same pass: there is one question, and it is the order's. */
TEST(nobody_else_is_asked_in_that_pass_nor_while_it_goes)
{
	tick(evictor_case.state, evictor_case_now_us);
	assert_int_equal(order(TICK_BATCH), 0);
	evictor_case_passes(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
	assert_string_equal(evictor_case_api.calls[0].name, "batch");
	evictor_case_passes(5);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

TEST(three_that_free_nothing_are_no_reason_to_doubt)
{
	struct history_record r;

	for (int i = 0; i < 4; i++) {
		calm(2);
		assert_int_equal(order(TICK_HOG), 0);
		/* Its grace, and the margin. */
		calm(20);
		(void)evictor_case_told(&r);
		assert_non_null(strstr(r.to, "still there, "));
	}
	assert_int_equal(evictor_case_api.n_calls, 4);
	assert_false(evictor_doubts(evictor_case.state, RESOURCE_MEMORY));
	assert_int_equal(evictor_case.state->evictor->evict.poor[RESOURCE_MEMORY], 0);
}

TEST(each_refusal_comes_back_with_its_reason)
{
	static const struct {
		enum evict_answer answer;
		int result;
		const char *says;
	} cases[] = {
		{EVICT_ANSWER_BUDGET, -EPERM,
		 "jobs/hog stays: its PodDisruptionBudget keeps it: says the server"},
		{EVICT_ANSWER_GONE, 0, "jobs/hog is gone"},
		{EVICT_ANSWER_BUSY, -EPERM, "there is no time for it now: says the server"},
		{EVICT_ANSWER_FORBIDDEN, -EPERM, "colod may not evict"},
		{EVICT_ANSWER_REFUSED, -EPERM, "the API server refuses it"},
		{EVICT_ANSWER_UNREACHABLE, -EPERM, "cannot be reached"},
		{EVICT_ANSWER_UNTRUSTED, -EPERM, "is not trusted"},
	};
	struct history_record r;

	calm(2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		evictor_case_api.answer = cases[i].answer;
		assert_int_equal(order(TICK_HOG), 0);
		calm(2);
		assert_int_equal(evictor_case_api.n_calls, i + 1);
		assert_int_equal(outcome(pod(TICK_HOG)->serial), cases[i].result);
		if (!strstr(answer.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", answer.text, cases[i].says);
		assert_int_equal(evictor_case_told(&r), i + 1);
		assert_string_equal(r.why,
				    "says the server; uid 1000 (colo?ctl, pid 4711) ordered it");
	}
}

/* Whether it was taken up nobody knows: it is asked again though memory is not short, and not for ever. */
TEST(without_a_whole_answer_it_is_asked_again_and_then_given_up)
{
	uint64_t serial;

	calm(2);
	evictor_case_api.answer = EVICT_ANSWER_UNKNOWN;
	assert_int_equal(order(TICK_HOG), 0);
	serial = pod(TICK_HOG)->serial;
	calm(2);
	assert_int_equal(outcome(serial), -EAGAIN);
	calm(20);
	assert_int_equal(evictor_case_api.n_calls, EVICT_TRIES);
	assert_int_equal(outcome(serial), -EPERM);
	assert_non_null(strstr(answer.text, "no whole answer came"));
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
}

TEST(in_a_lower_mode_it_is_not_asked_again)
{
	calm(2);
	evictor_case_api.answer = EVICT_ANSWER_UNKNOWN;
	assert_int_equal(order(TICK_HOG), 0);
	calm(1);
	(void)control_pause(evictor_case.state, 0, evictor_case_now_us,
			    &(struct history_caller){0});
	calm(20);
	assert_int_equal(evictor_case_api.n_calls, 1);
}

TEST(what_cannot_be_written_down_is_not_done_and_said)
{
	char path[512];

	calm(2);
	(void)snprintf(path, sizeof(path), "%s/run/colod/evictions.new/x", evictor_case.dir);
	assert_int_equal(tree_write(evictor_case.dir, "run/colod/evictions.new/x", ""), 0);
	assert_int_equal(order(TICK_HOG), 0);
	calm(1);
	assert_int_equal(evictor_case_api.n_calls, 0);
	assert_int_equal(outcome(pod(TICK_HOG)->serial), -EPERM);
	assert_non_null(strstr(answer.text, "cannot be written down"));
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

/* Asked, and the agent died: the next one asks for the same pod again, once, and knows who wanted it. */
TEST(the_next_agent_takes_it_up_and_knows_who_it_was)
{
	struct history_record r;

	calm(2);
	evictor_case_api.answer = EVICT_ANSWER_NONE;
	assert_int_equal(order(TICK_HOG), 0);
	calm(1);
	assert_int_equal(evictor_case_api.n_calls, 1);
	evictor_case_die_and_start();
	evictor_case_api.answer = EVICT_ANSWER_ACCEPTED;
	calm(3);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_string_equal(evictor_case_api.calls[1].uid, evictor_case_api.calls[0].uid);
	assert_int_equal(evictor_case_told(&r), 1);
	assert_string_equal(r.to, "accepted: the pod is being deleted");
	assert_non_null(strstr(r.why, "uid 1000 (pid 4711) ordered it; a colod that ended"));
	assert_int_equal(r.caller.uid, 1000);
	assert_int_equal(order(TICK_HOG), -EPERM);
	calm(5);
	assert_int_equal(evictor_case_api.n_calls, 2);
	assert_int_equal(evictor_case.state->status.evict.in_hour, 1);
}

TEST(without_an_api_server_it_says_what_to_do)
{
	evictor_use_api(evictor_case.state, NULL);
	calm(2);
	assert_int_equal(order(TICK_HOG), -EPERM);
	assert_non_null(strstr(answer.text, "set facts.api, or use kubectl"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, evictor_case_setup, evictor_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pod_is_asked_in_the_next_pass_after_it_was_written_down_with_its_caller),
		CASE(nobody_who_is_online_or_not_known_is_asked),
		CASE(it_is_looked_at_once_more_by_the_pass_that_asks),
		CASE(the_limits_do_not_bind_it_and_it_counts_in_them),
		CASE(nobody_else_is_asked_in_that_pass_nor_while_it_goes),
		CASE(three_that_free_nothing_are_no_reason_to_doubt),
		CASE(each_refusal_comes_back_with_its_reason),
		CASE(without_a_whole_answer_it_is_asked_again_and_then_given_up),
		CASE(in_a_lower_mode_it_is_not_asked_again),
		CASE(what_cannot_be_written_down_is_not_done_and_said),
		CASE(the_next_agent_takes_it_up_and_knows_who_it_was),
		CASE(without_an_api_server_it_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
