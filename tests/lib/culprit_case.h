// SPDX-License-Identifier: LGPL-2.1-or-later
// A minute of an online pod and five others, second by second, and who is named for what it waited.
#pragma once

#include "policy/culprit.h"
#include "tests/lib/fake.h"

#define PODS 6
#define WEB 0
#define HOG 1
#define OTHER 2

/* How each pod goes in one second, all in thousandths of it (memory: KiB). */
struct doing {
	uint32_t use[PODS];
	uint32_t stalled; /* web */
};

extern struct culprit_case {
	struct fake f;
	struct pod *pods[PODS]; /* the first and the last are online */
	struct pod_sample totals[PODS];
	struct pod_seconds rings[PODS];
	struct pod_seconds *kept[PODS];
	int64_t now_us;
	struct culprits found;
	enum resource resource; /* that web waits for: CPU where the test says nothing */
	uint64_t draws;
} culprit_case;

/* For cmocka_unit_test_setup_teardown(). */
int culprit_case_make(void **state);
int culprit_case_drop(void **state);

/* One second later. Not seen: those of this mask. */
void culprit_case_pass(const struct doing *doing, unsigned unseen);

/* The sample of a pod as it stands now; culprit_case_pass() does. */
void culprit_case_add(int pod);

/* Fills culprit_case.found. */
void culprit_case_rank(void);

/* NULL: the pod of that place is not named. */
const struct culprit *culprit_case_of(int pod);

/* 0 to n - 1, the same in each run. */
uint32_t culprit_case_below(uint32_t n);

/* On and off for some seconds each, at random. */
uint32_t culprit_case_burst(uint32_t *left, bool *on, uint32_t most);
