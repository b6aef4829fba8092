// SPDX-License-Identifier: LGPL-2.1-or-later
// The signals' own content; when they are sent is test_bus.c's.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/base/history.h"
#include "agent/serve/bus_signal.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static char seen[1024];

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	size_t len = strlen(seen);
	const char *text;

	(void)userdata, (void)error;
	len += (size_t)snprintf(seen + len, sizeof(seen) - len, "%s", sd_bus_message_get_member(m));
	while (sd_bus_message_read(m, "s", &text) > 0 && len < sizeof(seen))
		len += (size_t)snprintf(seen + len, sizeof(seen) - len, "|%s", text);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	seen[0] = '\0';
	if (bus_case_start(NULL) < 0 || bus_case_open(NULL) < 0)
		return -1;
	return sd_bus_match_signal(b->client, NULL, NULL, NULL, BUS_CASE_MANAGER, NULL, on_signal,
				   NULL) < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	bus_case_close();
	return bus_case_stop(state);
}

TEST(a_rejected_policy_is_told_with_its_first_error_and_a_good_one_is_not)
{
	static struct diags diags = {
		.list = {{.severity = DIAG_WARNING, .file = "a.yaml", .text = "odd"},
			 {.severity = DIAG_ERROR,
			  .file = "b.yaml",
			  .line = 2,
			  .col = 7,
			  .text = "not a mode"}},
		.n = 2,
		.n_errors = 1,
	};

	b->serve.snapshot.diags = &diags;
	(void)snprintf(b->serve.status.policy_state, sizeof(b->serve.status.policy_state),
		       "rejected (1 error)");
	bus_signal_policy(b->server, &b->serve.snapshot);
	private_bus_settle(b->server, b->client);
	assert_string_equal(seen, "PolicyRejected|rejected (1 error)|b.yaml:2:7: not a mode");
	seen[0] = '\0';
	(void)snprintf(b->serve.status.policy_state, sizeof(b->serve.status.policy_state), "ok");
	bus_signal_policy(b->server, &b->serve.snapshot);
	private_bus_settle(b->server, b->client);
	assert_string_equal(seen, "");
}

TEST(a_rung_is_told_with_where_it_came_from_and_why)
{
	b->serve.f.ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
	b->serve.f.ladders.of[RESOURCE_CPU].reason =
		(struct reason){.code = REASON_RELEASED, .rule = -1, .for_us = 10000000};
	bus_signal_rung(b->server, &b->serve.snapshot, RESOURCE_CPU, RUNG_SQUEEZE);
	private_bus_settle(b->server, b->client);
	assert_int_equal(strncmp(seen, "RungChanged|cpu|squeeze|calm|", 29), 0);
	assert_non_null(strstr(seen, "10 s"));
}

static int on_step(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	size_t len = strlen(seen);
	const char *kind, *what, *pod, *text, *key;
	uint64_t id;
	int64_t value;

	(void)userdata, (void)error;
	assert_true(sd_bus_message_read(m, "tssss", &id, &kind, &what, &pod, &text) > 0);
	len += (size_t)snprintf(seen + len, sizeof(seen) - len, "%u %s %s %s \"%s\"", (unsigned)id,
				kind, what, pod, text);
	assert_true(sd_bus_message_enter_container(m, 'a', "{sx}") > 0);
	while (sd_bus_message_read(m, "{sx}", &key, &value) > 0)
		len += (size_t)snprintf(seen + len, sizeof(seen) - len, " %s=%d", key, (int)value);
	(void)snprintf(seen + len, sizeof(seen) - len, "\n");
	return 0;
}

static void add(struct history *history, enum history_kind kind, const char *numbers)
{
	struct history_record r = HISTORY_RECORD(kind);

	HISTORY_SET(r.what, "memory");
	HISTORY_SET(r.pod, "p");
	HISTORY_SET(r.why, "because");
	if (kind == HISTORY_EFFECT) {
		HISTORY_SET(r.from, "calm");
		HISTORY_SET(r.to, "squeeze");
	}
	HISTORY_SET(r.numbers, "%s", numbers);
	history_add(history, &r);
}

/* What was there before is not told again, and what was not measured is no number. */
TEST(steps_are_told_with_their_numbers_once)
{
	struct history *history = NULL;
	uint64_t cursor;

	assert_int_equal(history_new(&history), 0);
	assert_true(bus_signal_from(&b->serve.snapshot) == 0);
	b->serve.snapshot.history = history;
	assert_return_code(sd_bus_match_signal(b->client, NULL, NULL, NULL, BUS_CASE_MANAGER,
					       "StepTold", on_step, NULL),
			   0);
	add(history, HISTORY_RUNG, "");
	cursor = bus_signal_from(&b->serve.snapshot);
	add(history, HISTORY_WRITE, "");
	add(history, HISTORY_KILL, "freed_bytes=-,processes=3");
	add(history, HISTORY_EFFECT, "room_after_bytes=-5");
	for (int i = 0; i < 2; i++) {
		bus_signal_steps(b->server, &b->serve.snapshot, &cursor);
		private_bus_settle(b->server, b->client);
		/* The other callback puts the name behind it. */
		assert_string_equal(seen,
				    "3 kill memory p \"memory: because\" processes=3\nStepTold"
				    "4 effect memory p \"memory: calm → squeeze: because\" "
				    "room_after_bytes=-5\nStepTold");
	}
	b->serve.snapshot.history = NULL;
	history_free(history);
}

static int on_sli(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *pod, *sli, *reason;
	uint64_t value, bound;
	int64_t since_us;

	(void)userdata, (void)error;
	assert_true(sd_bus_message_read(m, "ssttxs", &pod, &sli, &value, &bound, &since_us,
					&reason) > 0);
	(void)snprintf(seen, sizeof(seen), "%s %s %s %d %d %d %s", sd_bus_message_get_member(m),
		       pod, sli, (int)value, (int)bound, (int)since_us, reason);
	return 0;
}

TEST(a_violated_sli_is_told_and_so_is_its_end)
{
	static const char *const members[] = {"SliViolated", "SliEnded"};
	struct history *history = NULL;
	uint64_t cursor;

	assert_int_equal(history_new(&history), 0);
	b->serve.snapshot.history = history;
	for (int i = 0; i < 2; i++) {
		struct history_record r = HISTORY_RECORD(HISTORY_SLI);

		assert_return_code(sd_bus_match_signal(b->client, NULL, NULL, NULL,
						       BUS_CASE_MANAGER, members[i], on_sli, NULL),
				   0);
		cursor = bus_signal_from(&b->serve.snapshot);
		HISTORY_SET(r.pod, "shop/web");
		HISTORY_SET(r.knob, "cpu");
		HISTORY_SET(r.to, "%s", i ? "met" : "violated");
		HISTORY_SET(r.why, "because");
		HISTORY_SET(r.numbers,
			    "value_permille=60,bound_permille=50,worst_permille=90,since_us=7");
		history_add(history, &r);
		bus_signal_steps(b->server, &b->serve.snapshot, &cursor);
		private_bus_settle(b->server, b->client);
		assert_non_null(strstr(seen, i ? "SliEnded shop/web cpu 90 50 7 because"
					       : "SliViolated shop/web cpu 60 50 7 because"));
	}
	b->serve.snapshot.history = NULL;
	history_free(history);
}

static int on_evicted(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *pod, *cgroup, *result, *reason;

	(void)userdata, (void)error;
	assert_true(sd_bus_message_read(m, "ssss", &pod, &cgroup, &result, &reason) > 0);
	(void)snprintf(seen, sizeof(seen), "%s %s \"%s\" \"%s\"", pod, cgroup, result, reason);
	return 0;
}

/* Also what came of it; but not whom it would have been. */
TEST(an_eviction_is_told_and_one_that_was_not_made_is_not)
{
	struct history_record r = HISTORY_RECORD(HISTORY_EVICT);
	struct history *history = NULL;
	uint64_t cursor = 0;

	assert_int_equal(history_new(&history), 0);
	b->serve.snapshot.history = history;
	assert_return_code(sd_bus_match_signal(b->client, NULL, NULL, NULL, BUS_CASE_MANAGER,
					       "Evicted", on_evicted, NULL),
			   0);
	seen[0] = '\0';
	HISTORY_SET(r.what, "hog.slice");
	HISTORY_SET(r.pod, "jobs/hog");
	HISTORY_SET(r.to, "accepted");
	HISTORY_SET(r.why, "because");
	r.would = true;
	history_add(history, &r);
	bus_signal_steps(b->server, &b->serve.snapshot, &cursor);
	private_bus_settle(b->server, b->client);
	assert_null(strstr(seen, "jobs/hog hog.slice"));
	r.would = false;
	history_add(history, &r);
	bus_signal_steps(b->server, &b->serve.snapshot, &cursor);
	private_bus_settle(b->server, b->client);
	assert_non_null(strstr(seen, "jobs/hog hog.slice \"accepted\" \"because\""));
	b->serve.snapshot.history = NULL;
	history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_rejected_policy_is_told_with_its_first_error_and_a_good_one_is_not, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_rung_is_told_with_where_it_came_from_and_why,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_eviction_is_told_and_one_that_was_not_made_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(steps_are_told_with_their_numbers_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_violated_sli_is_told_and_so_is_its_end, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
