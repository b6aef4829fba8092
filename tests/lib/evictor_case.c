// SPDX-License-Identifier: LGPL-2.1-or-later
// See evictor_case.h.
#include "tests/lib/evictor_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/history.h"
#include "agent/base/lanes.h"
#include "agent/evictor_state.h"
#include "agent/killer.h"
#include "agent/tick.h"
#include "tests/lib/test.h"

#define S_US 1000000ll

struct tick_case evictor_case;
int64_t evictor_case_now_us;

struct evictor_case_api evictor_case_api;

static void read_saved(void)
{
	char path[512];
	FILE *f;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/run/colod/evictions", evictor_case.dir);
	f = fopen(path, "re");
	if (f) {
		n = fread(evictor_case_api.saved, 1, sizeof(evictor_case_api.saved) - 1, f);
		(void)fclose(f);
	}
	evictor_case_api.saved[n] = '\0';
}

static int api_evict(void *context, const struct evict_call *call)
{
	(void)context;
	assert_true(evictor_case_api.n_calls < 32);
	evictor_case_api.calls[evictor_case_api.n_calls++] = *call;
	evictor_case_api.done =
		(struct evict_done){.token = call->token, .answer = evictor_case_api.answer};
	(void)snprintf(evictor_case_api.done.why, sizeof(evictor_case_api.done.why),
		       "says the server");
	evictor_case_api.answered = evictor_case_api.answer != EVICT_ANSWER_NONE;
	read_saved();
	return 0;
}

static bool api_next(void *context, struct evict_done *ret_done)
{
	bool answered = evictor_case_api.answered;

	(void)context;
	*ret_done = evictor_case_api.done;
	evictor_case_api.answered = false;
	return answered;
}

static int api_taint(void *context, bool wanted)
{
	(void)context;
	*(wanted ? &evictor_case_api.n_taints : &evictor_case_api.n_untaints) += 1;
	if (!evictor_case_api.taint_fails)
		evictor_case_api.tainted = wanted;
	evictor_case_api.told = true;
	read_saved();
	return 0;
}

static bool api_next_tainted(void *context, struct evictor_tainted *ret_done)
{
	bool told = evictor_case_api.told;

	(void)context;
	*ret_done = (struct evictor_tainted){.wanted = evictor_case_api.tainted,
					     .done = !evictor_case_api.taint_fails};
	evictor_case_api.told = false;
	return told;
}

static int api_event(void *context, const struct kube_event *event)
{
	(void)context;
	if (evictor_case_api.n_events < 8)
		evictor_case_api.events[evictor_case_api.n_events++] = *event;
	return 0;
}

static void api_settle(void *context, uint32_t wait_ms)
{
	(void)context, (void)wait_ms;
}

const struct evictor_api evictor_case_server = {
	.evict = api_evict,
	.next = api_next,
	.taint = api_taint,
	.next_tainted = api_next_tainted,
	.event = api_event,
	.settle = api_settle,
};

void evictor_case_uses(const char *pod, unsigned anon_mib)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "anon %u\nshmem 0\n", anon_mib << 20);
	assert_int_equal(tree_knob(evictor_case.dir, pod, "memory.stat", text), 0);
	(void)snprintf(text, sizeof(text), "%u\n", anon_mib << 20);
	assert_int_equal(tree_knob(evictor_case.dir, pod, "memory.current", text), 0);
}

static void start(void)
{
	tick_case_start(&evictor_case, "full", MODE_FULL);
	assert_int_equal(lanes_new(&evictor_case.state->lanes), 0);
	assert_int_equal(killer_new(evictor_case.state), 0);
	assert_int_equal(evictor_new(evictor_case.state), 0);
	evictor_use_api(evictor_case.state, &evictor_case_server);
	evictor_case.state->policy->pressure_memory = (struct pressure_rule){
		.on = true,
		.steps = 1u << ACTION_SQUEEZE_MEMORY | 1u << ACTION_EVICT,
		.threshold_permille = 100,
		.window_us = S_US,
	};
	evictor_case.state->policy->evict.taint = true;
}

static ino_t inode_of(const char *pod)
{
	char path[512];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", evictor_case.dir, pod);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

/* A cgroup's number tells its age, and cgroupfs gives each a larger one than the last. Another file system need not: it is
 * made again until the hog, which is made last, has the larger one. */
static int open_in_order(void)
{
	struct tick_case before[32];
	int n = 0, r = tick_case_open(&evictor_case);

	while (r == 0 && inode_of(TICK_HOG_POD) < inode_of(TICK_BATCH_POD) && n < 32) {
		before[n++] = evictor_case;
		r = tick_case_open(&evictor_case);
	}
	while (n > 0)
		tick_case_close(&before[--n]);
	return r;
}

int evictor_case_setup(void **state)
{
	(void)state;
	if (open_in_order() < 0)
		return -1;
	memset(&evictor_case_api, 0, sizeof(evictor_case_api));
	evictor_case_api.answer = EVICT_ANSWER_ACCEPTED;
	assert_int_equal(tree_write(evictor_case.dir, "run/colod/here", ""), 0);
	assert_int_equal(tree_write(evictor_case.dir, "proc/meminfo",
				    "MemTotal: 8388608 kB\nMemFree: 163840 kB\n"
				    "MemAvailable: 163840 kB\nInactive(file): 0 kB\n"),
			 0);
	evictor_case_uses(TICK_HOG_POD, 700);
	evictor_case_uses(TICK_BATCH_POD, 300);
	evictor_case_uses(TICK_ONLINE_POD, 900);
	start();
	evictor_case_now_us = 100 * S_US;
	return 0;
}

void evictor_case_end(bool killed)
{
	struct evictor *e = evictor_case.state->evictor;

	if (killed) {
		victim_stats_done(&e->stats);
		free(e);
	} else {
		evictor_free(evictor_case.state, e);
	}
	evictor_case.state->evictor = NULL;
	killer_free(evictor_case.state->killer);
	evictor_case.state->killer = NULL;
	lanes_free(evictor_case.state->lanes);
	evictor_case.state->lanes = NULL;
}

int evictor_case_teardown(void **state)
{
	(void)state;
	evictor_case_end(false);
	tick_case_close(&evictor_case);
	return 0;
}

/* As after a SIGKILL. */
void evictor_case_die_and_start(void)
{
	evictor_case_end(true);
	state_free(evictor_case.state);
	evictor_case.state = NULL;
	start();
}

/* So many seconds on the last rung, for one who waits; 0: one pass. */
void evictor_case_pass_on(enum rung rung, int seconds)
{
	for (int i = 0; i < (seconds > 0 ? seconds : 1); i++) {
		evictor_case_now_us += S_US;
		evictor_case.state->ladders.of[RESOURCE_MEMORY] = (struct ladder){
			.rung = rung,
			.since_us = evictor_case_now_us - S_US,
			.pressure_us = evictor_case_now_us,
			.reason = {.code = REASON_MEMORY_WAITS, .level = LEVEL_NONE, .rule = -1},
		};
		/* It has been short for long: how long is test_evict_choose's. */
		evictor_case.state->evictor->evict.ended_us = 0;
		evictor_case.state->evictor->evict.short_since_us[RESOURCE_MEMORY] = 1;
		evictor_case.state->evictor->evict.short_us[RESOURCE_MEMORY] =
			evictor_case_now_us - 1;
		tick(evictor_case.state, evictor_case_now_us);
	}
}

void evictor_case_passes(int seconds)
{
	evictor_case_pass_on(RUNG_EVICT, seconds);
}

size_t evictor_case_told(struct history_record *ret_last)
{
	return tick_case_told(&evictor_case, HISTORY_EVICT, ret_last);
}

void evictor_case_remove_hog(void)
{
	char path[512], away[512];

	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", evictor_case.dir, TICK_HOG_POD);
	(void)snprintf(away, sizeof(away), "%s/away", evictor_case.dir);
	assert_int_equal(rename(path, away), 0);
}
