// SPDX-License-Identifier: LGPL-2.1-or-later
// A small node in a folder (an online pod, a batch pod, a stranger that no rule matches as offline and a
// hog, with their facts in a file), and an agent's state over it, for tests of whole passes.
#pragma once

#include "agent/state.h"
#include "tests/lib/tree.h"

#define TICK_ONLINE "0a0a0a0a-0000-4000-8000-000000000001"
#define TICK_BATCH "0a0a0a0a-0000-4000-8000-000000000002"
#define TICK_HOG "0a0a0a0a-0000-4000-8000-000000000003"
#define TICK_STRANGER "0a0a0a0a-0000-4000-8000-000000000004"

#define TICK_BE "kubepods.slice/kubepods-besteffort.slice"
#define TICK_BU "kubepods.slice/kubepods-burstable.slice"
#define TICK_ONLINE_POD "kubepods.slice/kubepods-pod0a0a0a0a_0000_4000_8000_000000000001.slice"
#define TICK_BATCH_POD TICK_BU "/kubepods-burstable-pod0a0a0a0a_0000_4000_8000_000000000002.slice"
#define TICK_STRANGER_POD                                                                          \
	TICK_BU "/kubepods-burstable-pod0a0a0a0a_0000_4000_8000_000000000004.slice"
#define TICK_HOG_POD TICK_BE "/kubepods-besteffort-pod0a0a0a0a_0000_4000_8000_000000000003.slice"

struct tick_case {
	char *dir; /* stands for "/" */
	struct options options;
	struct state *state; /* NULL until tick_case_start() */
};

/* Builds the folder, with the default profile in it. 0 or -1. */
int tick_case_open(struct tick_case *t);
void tick_case_close(struct tick_case *t);

/* Writes the policy with this mode; it is read by the next start or state_load_policy(). */
void tick_case_policy(struct tick_case *t, const char *mode);

/* How many records of this kind its history has; *ret_last: the newest, untouched where there is none. */
size_t tick_case_told(const struct tick_case *t, enum history_kind kind,
		      struct history_record *ret_last);

/* The state of an agent with that policy and --mode `at_most` (MODE_FULL: without). */
void tick_case_start(struct tick_case *t, const char *mode, enum mode at_most);

/* Fails the test where a knob has another text. */
void tick_case_assert_knob(const struct tick_case *t, const char *path, const char *file,
			   const char *want);
