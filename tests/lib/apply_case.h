// SPDX-License-Identifier: LGPL-2.1-or-later
// The scene of the tests of agent/apply, over a fake kernel (tests/lib/fake_kernel.h):
//
//  kubepods.slice
//  ├── a.slice          online
//  └── be.slice
//      └── hog.slice    offline
#pragma once

#include "tests/lib/fake_kernel.h"

#define APPLY_ONLINE "kubepods.slice/a.slice"
#define APPLY_CLASS "kubepods.slice/be.slice"
#define APPLY_HOG "kubepods.slice/be.slice/hog.slice"

struct apply_case {
	struct fake_kernel k;
	struct cgroup *online, *class, *hog;
};

/* For cmocka; *state is the struct apply_case, with a run of colod begun. */
int apply_case_setup(void **state);
int apply_case_teardown(void **state);

/* The kernel's value; fails the test when there is none. */
uint64_t apply_case_value(struct apply_case *s, const char *path, enum knob knob);

/* Somebody else writes; fails the test when the kernel refuses. The model does not know of it. */
void apply_case_foreign(struct apply_case *s, const char *path, enum knob knob, uint64_t value);

/* The record of a knob, NULL for none. */
const struct original *apply_case_record(struct apply_case *s, const struct cgroup *cg,
					 enum knob knob);

/* apply_restore() of everything. */
struct apply_restored apply_case_restore(struct apply_case *s);
