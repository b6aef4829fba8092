// SPDX-License-Identifier: LGPL-2.1-or-later
// What a kernel does with knobs and a directory of files does not, for tests of agent/apply: it
// hangs in the hook between the steps of apply, makes a weight be forgotten by cpu.idle, rounds
// memory to pages, keeps the other lines of io.max, refuses, lets somebody else write in between, and ends the program at a step.
//
//	struct fake_kernel k;
//	fake_kernel_open(&k, "@host 2\n@cgroup kubepods.slice\n");
//	struct cgroup *cg = fake_kernel_cgroup(&k, "kubepods.slice");
//	fake_kernel_start(&k);                    // a run of colod: k.apply, its records adopted
//	...
//	fake_kernel_end(&k); fake_kernel_start(&k);   // the next run
//	fake_kernel_close(&k);
#pragma once

#include <stdbool.h>

#include "agent/apply/apply_state.h"
#include "tests/lib/fake.h"

#define FAKE_KERNEL_IO_SIZE 1024

struct fake_kernel {
	char *dir;     /* stands for "/" */
	int cgroup_fd; /* the mount */
	int state_fd;  /* run/colod */
	struct fake f; /* model and plan */
	struct changes changes;
	struct apply *apply;	    /* NULL between two runs */
	unsigned weight_while_idle; /* what cpu.weight reads: 1, or 0 as on 6.1 */

	unsigned steps;	    /* seen since start */
	unsigned stop_step; /* the process ends before this step, the first is 1; 0: never */
	unsigned n_writes;  /* of knobs by apply, since start */
	enum apply_step fail_step;
	enum knob fail_knob; /* KNOB_COUNT: none, the default */
	int fail_error;
	/* Somebody else writes this text after apply wrote that knob, once; NULL: nobody. */
	const char *race_text;
	enum knob race_knob;
	bool was_idle;
	char io_was[FAKE_KERNEL_IO_SIZE];    /* io.max, before it is written */
	const struct cgroup *record_checked; /* fails the test when a write comes before its record */
};

/* Builds the tree (tests/lib/tree.h). Aborts where that fails, as everything here. */
void fake_kernel_open(struct fake_kernel *k, const char *spec);
void fake_kernel_close(struct fake_kernel *k);

/* The cgroup with this path, made where it is not there, in the tree and in the model. */
struct cgroup *fake_kernel_cgroup(struct fake_kernel *k, const char *path);
/* Deletes it from the tree; the model still has it. */
void fake_kernel_remove(struct fake_kernel *k, const char *path);

/* A run of colod begins: a model without knob states, originals read and adopted. */
void fake_kernel_start(struct fake_kernel *k);
/* ... and ends without a word, as by SIGKILL. */
void fake_kernel_end(struct fake_kernel *k);

/* Reads all knobs into the model, as the healing rescan does. */
void fake_kernel_read(struct fake_kernel *k);

/* BFQ's module comes or goes, for this cgroup: its weight is there, with the default, or not. The model is as it was. */
void fake_kernel_bfq(struct fake_kernel *k, const char *path, bool loaded);

/* Adds a plan entry; for cpu.max the period is 20000. */
void fake_kernel_plan(struct fake_kernel *k, struct cgroup *cg, enum knob knob, enum effect effect,
		      uint64_t value);

/* diff and apply_changes in mode full. What apply_changes() returned. */
int fake_kernel_pass(struct fake_kernel *k);

/* Somebody else writes a value into the kernel, with what the kernel makes of it; false where it
 * refuses (a weight of an idle group). */
bool fake_kernel_write(struct fake_kernel *k, const char *path, enum knob knob,
		       const struct knob_value *value);
/* Which disk the knobs of io.max are about: 8:0, 8:16, 8:32 and 8:48. Nothing is said of it. */
struct knob_value fake_kernel_io(enum knob knob);
/* The kernel's own value. */
struct knob_value fake_kernel_value(struct fake_kernel *k, const char *path, enum knob knob);
