// SPDX-License-Identifier: LGPL-2.1-or-later
// The lease of a running agent, /run/colod/lease: who it is and how long it may be silent. A guard
// reads it; when it runs out, nobody looks any more and holds must end.
//
//	PID START UNTIL_US      (of fixed width, so that renewing needs no room on a full /run)
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LEASE_FILE "lease"
#define LEASE_TEXT_SIZE 53 /* with its NUL */

struct lease {
	uint32_t pid;
	uint64_t start;	  /* of the process, see process.h */
	int64_t until_us; /* CLOCK_BOOTTIME; 0: given back, nothing is held */
};

/* Makes the file where it is not there and takes room for it. 0 or -errno; the caller closes. */
int lease_open(int state_fd, int *ret_fd);

/* One write over the old text. Allocates nothing. 0 or -errno. */
int lease_write(int fd, const struct lease *lease);

/* 0, -ENOENT without a file, -EBADMSG for what is no lease, or -errno. Allocates nothing. */
int lease_read(int state_fd, struct lease *ret_lease);

/* The text alone. -EBADMSG for anything that lease_format() does not write. */
void lease_format(const struct lease *lease, char buf[LEASE_TEXT_SIZE]);
int lease_parse(const char *text, size_t len, struct lease *ret_lease);
