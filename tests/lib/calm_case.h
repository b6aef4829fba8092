// SPDX-License-Identifier: LGPL-2.1-or-later
// An online pod "web" (of a Deployment) and an offline one, second by second, for what is learned in calm windows.
#pragma once

#include "policy/baseline.h"
#include "tests/lib/fake.h"

struct calm_case {
	struct fake f;
	struct pod *web;
	struct pod *batch;
	struct baselines *baselines;
	int64_t now_us;
	struct pod_sample web_total;
	struct pod_sample batch_total;
	uint64_t node_memory_us;
};

/* How one second goes; all in microseconds of it. */
struct calm_second {
	uint64_t web_cpu, web_stalled;
	uint64_t batch_cpu, batch_io;
	uint64_t node_memory;
	bool throttled;
};

void calm_case_open(struct calm_case *c);
void calm_case_close(struct calm_case *c);
struct calm_look calm_case_look(const struct calm_case *c);

/* So many seconds like this one, each of them fed. */
void calm_case_run(struct calm_case *c, int seconds, const struct calm_second *second);

/* Calm until a baseline is valid: the pod is old enough, and in so many spells with load between them. */
void calm_case_learn(struct calm_case *c, int spells, uint64_t web_cpu, uint64_t web_stalled);
