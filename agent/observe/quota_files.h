// SPDX-License-Identifier: LGPL-2.1-or-later
// The quotas that a pod's containers have of their own. A container that is throttled waits, and so its pod
// does as far as cpu.pressure tells, but the pod's cpu.stat knows nothing of it (tried on 6.1, 6.12, 7.3).
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/pod.h"

/* Containers of one pod that are kept open. More than that is said to be unseen. */
#define QUOTA_FILES_MAX 16

struct quota_counts {
	uint64_t periods;
	uint64_t throttled;
	uint64_t throttled_us;
};

struct quota_file {
	int fd;
	uint64_t inode;
	struct quota_counts counts; /* as last read */
	int64_t untold_until_us;    /* it has a quota, of which no period has ended yet */
};

struct quota_files {
	struct quota_file list[QUOTA_FILES_MAX];
	unsigned n;
	int64_t until_us; /* they are kept open and read */
	uint64_t periods; /* since the pod was first seen, as in struct pod_sample, and the next two */
	uint64_t throttled;
	uint32_t throttled_us;
	uint64_t own_us; /* of the pod's own quota, as last measured */
};

void quota_files_init(struct quota_files *files);
void quota_files_close(struct quota_files *files);

/* Reads cpu.stat of each container into *sample, whose values of the pod itself are there: while the pod
 * waits for CPU at all, against its sample before (`last`, or NULL), and for ten seconds more. A pod that
 * waits for nothing costs no read. What a container was throttled before it was looked at is not counted, but
 * makes this one sample say that it does not know; one with a quota of which no period ever ended makes all of
 * them say so, until one ends or a second is over. A container that is gone is no error. */
void quota_files_read(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		      const struct pod *pod, const struct pod_sample *last,
		      struct pod_sample *sample);
