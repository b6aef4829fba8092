// SPDX-License-Identifier: LGPL-2.1-or-later
// The signals' own content; when they are sent is test_bus.c's.
#include "tests/lib/test.h"

#include <stdio.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_rejected_policy_is_told_with_its_first_error_and_a_good_one_is_not, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_rung_is_told_with_where_it_came_from_and_why,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
