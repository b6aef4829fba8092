// SPDX-License-Identifier: LGPL-2.1-or-later
// A run that evicts, recorded; and what is decided again from that.
#include "tests/lib/evictor_case.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/lanes.h"
#include "agent/control.h"
#include "agent/killer.h"
#include "agent/record.h"
#include "tests/lib/record_case.h"

static void start(const char *path)
{
	struct tick_case *t = &evictor_case;

	assert_int_equal(
		tree_write(t->dir, "etc/colod/policy.d/95-evict.yaml",
			   "version: 1\npressure: [{when: memory.some of online > 10% over "
			   "1s, do: [evict]}]\nevict: {order: [level], cooldown: 2s}\n"),
		0);
	tick_case_policy(t, "full");
	t->options = (struct options){
		.action = OPTIONS_ONCE,
		.root = t->dir,
		.mode = MODE_FULL,
		.record_file = path,
		.record_max_bytes = 64u << 20,
	};
	assert_int_equal(state_new(&t->options, &t->state), 0);
	assert_int_equal(lanes_new(&t->state->lanes), 0);
	assert_int_equal(killer_new(t->state), 0);
	assert_int_equal(evictor_new(t->state), 0);
	evictor_use_api(t->state, &evictor_case_server);
}

static int order(const char *uid)
{
	const struct model *m = discover_model(evictor_case.state->discover);
	const struct history_caller root = {.known = true, .pid = 7, .comm = "coloctl"};
	struct manual_answer answer;

	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->uid, uid) == 0)
			return evictor_order(evictor_case.state, m->pods[i], &root, &answer);
	return -ENOENT;
}

/* A budget keeps the first one, so that another is asked in the pass after it. */
TEST(the_choice_is_decided_again_from_the_record)
{
	struct record_buf text = {0};
	uint64_t differs = 0;
	char path[512];

	(void)evictor_case_teardown(state);
	assert_int_equal(tick_case_open(&evictor_case), 0);
	memset(&evictor_case_api, 0, sizeof(evictor_case_api));
	evictor_case_api.answer = EVICT_ANSWER_BUDGET;
	(void)snprintf(path, sizeof(path), "%s/series.record", evictor_case.dir);
	start(path);
	evictor_case_now_us = 100 * S_US;
	evictor_case_uses(TICK_HOG_POD, 700);
	evictor_case_uses(TICK_BATCH_POD, 300);
	assert_int_equal(tree_write(evictor_case.dir, "proc/meminfo",
				    "MemTotal: 8388608 kB\nMemFree: 163840 kB\n"
				    "MemAvailable: 163840 kB\nInactive(file): 0 kB\n"),
			 0);
	evictor_case_passes(8);
	assert_int_equal(evictor_case_api.n_calls, 2);
	/* Somebody orders the one that a budget keeps, and then once more, which is refused before a pass. */
	evictor_case_api.answer = EVICT_ANSWER_ACCEPTED;
	assert_int_equal(order(TICK_HOG), 0);
	evictor_case_passes(2);
	assert_int_equal(evictor_case_api.n_calls, 3);
	assert_int_equal(order(TICK_HOG), -EPERM);
	assert_int_equal(order(TICK_BATCH), 0);
	(void)control_set_mode(evictor_case.state, RESOURCE_INVALID, MODE_SQUEEZE,
			       &(struct history_caller){0});
	evictor_case_passes(1);
	record_close(evictor_case.state->record);
	evictor_case.state->record = NULL;
	text.text = calloc(1, 1u << 20);
	assert_non_null(text.text);
	assert_true(tree_read(evictor_case.dir, "series.record", text.text, (1 << 20) - 1) >= 0);
	/* Without its last line end. */
	text.n = strlen(text.text);
	text.text[text.n++] = '\n';
	assert_true(record_case_has(&text, "\nevict from kubernetes=1 short-since="));
	assert_true(record_case_has(&text, "\nevict out "));
	assert_true(record_case_has(&text, "\n> evict " TICK_HOG_POD " needed="));
	assert_true(record_case_has(&text, "\n> evict " TICK_BATCH_POD " needed="));
	assert_true(record_case_has(&text, "\n> evict-nobody needed="));
	assert_true(record_case_has(&text, " kubernetes=1 pending=0 room=1 who=uid\\x200\\x20"));
	assert_true(record_case_has(&text, "\n> evict-order " TICK_HOG_POD "\n"));
	assert_true(record_case_has(&text, "\n> evict-order-refused " TICK_BATCH_POD
					   ": only mode full lets colod evict"));
	assert_int_equal(record_case_replay(&text, &differs), 11);
	assert_int_equal(differs, 0);
	free(text.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_choice_is_decided_again_from_the_record,
						evictor_case_setup, evictor_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
