// SPDX-License-Identifier: LGPL-2.1-or-later
// An agent over a fake tree, with the thread that looks at tasks, for the tests of agent/tasks.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/lib/tick_case.h"

#define TASKS_CASE_S_US INT64_C(1000000)

struct tasks_case {
	struct tick_case t;
	int64_t now_us;
};

/* A tree to keep records in; no agent yet. 0 or -1. */
int tasks_case_open(struct tasks_case *c);
void tasks_case_close(struct tasks_case *c);

/* An agent begins in this mode; it ends as by SIGKILL: nothing is given back. */
void tasks_case_start(struct tasks_case *c, const char *mode);
void tasks_case_end(struct tasks_case *c);

struct pod *tasks_case_pod(struct tasks_case *c, const char *path);

/* The path of the first container of this pod. */
const char *tasks_case_container(struct tasks_case *c, const char *path);

/* Somebody is in it. */
void tasks_case_populate(struct tasks_case *c, const char *path);

/* So much time in one pass, and then short ones until nothing is under way any more. */
void tasks_case_passes(struct tasks_case *c, int64_t us);

/* Whether some value of this knob is recorded. */
bool tasks_case_is_recorded(const struct tasks_case *c, const char *knob);
