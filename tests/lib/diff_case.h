// SPDX-License-Identifier: LGPL-2.1-or-later
// A small node for tests of the diff, and the list of changes as text.
//
//  kubepods.slice
//  ├── a.slice          online
//  └── besteffort.slice
//      └── hog.slice    offline
#pragma once

#include "colod/modes.h"
#include "policy/diff.h"
#include "tests/lib/fake.h"

struct diff_case {
	struct fake f;
	struct changes changes;
	struct cgroup *root, *online, *class, *hog;
	char order[2048];
};

/* For cmocka: the node in *state. */
int diff_case_setup(void **state);
int diff_case_teardown(void **state);

void diff_case_plan(struct diff_case *s, struct cgroup *cg, enum knob knob, enum effect effect,
		    uint64_t value);

/* The list as text: "hog cpu.weight = 1; " for writes, "<-" for restores, "x" for forgets. In *s. */
const char *diff_case_run_modes(struct diff_case *s, const struct modes *modes, bool list_withheld);
const char *diff_case_run(struct diff_case *s, enum mode mode);
