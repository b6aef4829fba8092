// SPDX-License-Identifier: LGPL-2.1-or-later
// One verb of coloctl on one committed snapshot, held against a committed expected output, all below
// tests/unit/fixtures/ctl/. Tests run from the top of the repository.
#pragma once

#include <stdbool.h>

#include "agent/ctl/ctl.h"

struct ctl_case {
	const char *snapshot; /* NAME.json */
	const char *
		expected; /* expect/NAME.txt: what is printed, then "-- stderr" and messages if any */
	int (*verb)(const struct ctl *ctl);
	const char *pod;
	bool all;
	bool colour;
	bool ascii;
	unsigned width; /* 0: no limit */
	int exit;	/* expected */
};

/* Fails the running test when output, messages or exit code differ; and when a line is wider than
 * `width`. COLOD_BLESS=1 writes the expected file instead, and fails too: read the diff. The time
 * is 2.5 s after the snapshot's last pass. */
void ctl_case(const struct ctl_case *ctl_case);

/* The parsed snapshot; the caller frees it. Fails the running test. */
cJSON *ctl_case_read(const char *snapshot);

/* What a verb prints, as ctl_case() compares it; the caller frees it. */
char *ctl_case_run(const struct ctl_case *ctl_case, const cJSON *doc, int *ret_exit);

#define CTL_CASE_PROGRAM_SIZE 4096

/* The program coloctl of the same build as the running test: $(O)/tests/unit/test_x and $(O)/coloctl.
 * Fails the running test where it is not built. */
void ctl_case_program(char path[CTL_CASE_PROGRAM_SIZE]);
