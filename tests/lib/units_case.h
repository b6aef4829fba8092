// SPDX-License-Identifier: LGPL-2.1-or-later
// The scene of the tests of agent/apply/units*.c: that of apply_case.h, with a process that answers as
// systemd does (fake_systemd.h) for the units be.slice and hog.slice; a.slice is another systemd's.
#pragma once

#include "agent/apply/units_state.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/fake_systemd.h"

#define S 1000000ll
#define UNITS_CONTROL "run/systemd/system.control/"

struct units_case {
	struct apply_case *a;
	struct fake_systemd systemd;
	sd_bus *bus;
	int root_fd;
};

/* For cmocka; *state is the struct units_case, with a run of colod begun that has the bus. */
int units_case_setup(void **state);
int units_case_teardown(void **state);

struct units *units_case_units(struct units_case *s);

/* A pass of the agent, and all answers to it. What apply wrote. */
int units_case_pass(struct units_case *s, int64_t now_us);

/* All answers to what is under way. */
void units_case_settle(struct units_case *s);

/* A pass, up to the moment when systemd is being told of this cgroup's unit: the answer is not read. */
void units_case_pass_until_telling(struct units_case *s, int64_t now_us, const struct cgroup *cg);

/* The next run: what was told is known from the file alone. */
void units_case_again(struct units_case *s);

/* Whether "be.slice.d/50-CPUWeight.conf" is there; also for a folder. */
bool units_case_has_dropin(struct units_case *s, const char *name);
