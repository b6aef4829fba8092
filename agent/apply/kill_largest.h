// SPDX-License-Identifier: LGPL-2.1-or-later
// The processes of a pod that have most memory of their own, held by pidfds so that no number that was given
// out again is ever meant, and what they have taken back while they die.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#define KILL_LARGEST 16
/* A fork bomb has many small ones: neither this many nor this long is worth a delay of the kill. */
#define KILL_LARGEST_LOOKS 512
#define KILL_LARGEST_US 20000

struct kill_process {
	pid_t pid;
	uint64_t pages; /* resident and not shared */
	int fd;		/* -EBADF: not held yet */
};

struct kill_largest {
	struct kill_process list[KILL_LARGEST]; /* the largest first */
	uint32_t n;
	uint32_t n_looked;
	int64_t until_us;
};

struct kill_done;

void kill_largest_begin(struct kill_largest *largest, int64_t now_us);

/* Looks at one process, below root_fd's /proc. One that cannot be looked at is passed over. */
void kill_largest_add(struct kill_largest *largest, int root_fd, pid_t pid);

/* Takes hold of those that are still below the cgroup `path`, and forgets the others. */
void kill_largest_hold(struct kill_largest *largest, int root_fd, const char *path);

/* They have been killed: gives back what they have. Fills n_large, n_released and n_exited. 0, or the first
 * -errno that says more than that one of them could not be helped: -ENOSYS, -EPERM. */
int kill_largest_release(struct kill_largest *largest, struct kill_done *done);

void kill_largest_end(struct kill_largest *largest);
