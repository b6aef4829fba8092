// SPDX-License-Identifier: LGPL-2.1-or-later
// The scene of the tests of agent/apply/originals*.c: a table of originals over a file of its own.
#pragma once

#include "agent/apply/originals.h"

struct originals_case {
	char *dir;
	int fd; /* of the directory */
	struct originals o;
	struct originals_found found;
	struct originals_line line; /* the last one that was handed over */
	int64_t since_us;	    /* of what is owned next */
};

/* For cmocka; *state is the struct originals_case, opened as of the boot "boot-1". */
int originals_case_setup(void **state);
int originals_case_teardown(void **state);

/* Reads the file, which must not be open. Fails the test where that fails. */
void originals_case_open(struct originals_case *s, const char *boot);

/* The weight of a cgroup of inode 7 becomes colod's. What originals_own() says. */
int originals_case_own(struct originals_case *s, const char *path, uint64_t original,
		       uint64_t written, bool held);

/* Its record, NULL for none. */
struct original *originals_case_find(struct originals_case *s, const char *path);
