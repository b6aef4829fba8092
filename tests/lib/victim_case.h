// SPDX-License-Identifier: LGPL-2.1-or-later
// Offline pods to choose a victim among: for the tests of victim.c.
#pragma once

#include "policy/evict_choose.h"
#include "policy/victim.h"
#include "tests/lib/decide_case.h"

#define VICTIM_CASE_NOW 100000000ll
#define VICTIM_CASE_SLOTS 32
#define MIB ((uint64_t)1 << 20)

struct victim_case {
	struct fake f;
	struct victim_memory memory[VICTIM_CASE_SLOTS];
	struct victim_state state;
	enum evict_way way;
	uint64_t nodes;
	uint64_t fall_bytes_per_s;
	struct victim_list l;
};

/* For cmocka: *state is the case. P6 is offline too; the policy has no order. */
int victim_case_setup(void **state);
int victim_case_teardown(void **state);

/* The policy's order: the first n of these keys. */
void victim_case_order(struct victim_case *c, size_t n, enum evict_key first,
		       enum evict_key second);

/* A pod with its level and so much anonymous memory, as much as it uses, measured a second ago. */
struct pod *victim_case_pod(struct victim_case *c, const char *path, enum level level,
			    uint64_t mib);

/* Now it uses so much. */
void victim_case_uses(struct victim_case *c, const struct pod *pod, uint64_t mib);

/* ... and a second later so much. */
void victim_case_grows(struct victim_case *c, const struct pod *pod, uint64_t mib);

/* And for so many seconds more so much more in each, of anonymous memory. */
void victim_case_grows_for(struct victim_case *c, const struct pod *pod, int seconds, uint64_t kib);

/* Fills c->l; the choice, or NULL. */
const struct pod *victim_case_choose(struct victim_case *c);

/* Whether one of them is to go for memory's sake, as it stands at now_us. Borrows all of it. */
struct evict_input victim_case_evict(const struct victim_case *c, const struct evict *evict,
				     const struct ladder *ladder, bool kubernetes, int64_t now_us);
