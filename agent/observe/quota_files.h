// SPDX-License-Identifier: LGPL-2.1-or-later
// The quotas that a pod's containers have of their own. A container that is throttled waits, and so its pod
// does as far as cpu.pressure tells, but the pod's cpu.stat knows nothing of it (tried on 6.1, 6.12, 7.3).
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/model.h"

/* Containers with a quota of one pod that are kept open. More than that is said to be unseen. */
#define QUOTA_FILES_MAX 8

struct quota_file {
	int fd;
	uint64_t inode;
	uint64_t periods;
	uint64_t throttled;
};

struct quota_files {
	struct quota_file list[QUOTA_FILES_MAX];
	unsigned n;
	bool unseen; /* some container could not be looked at */
	int64_t look_us;
	uint64_t generation; /* of the model that was looked at */
	uint64_t periods;    /* since the pod was first seen, as in struct pod_sample */
	uint64_t throttled;
};

void quota_files_init(struct quota_files *files);
void quota_files_close(struct quota_files *files);

/* Keeps cpu.stat open of each container that has ever been under a quota; looks where the model has changed,
 * and every ten seconds. */
void quota_files_look(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		      const struct pod *pod, uint64_t generation, int64_t now_us);

/* One read of each into *sample. A container that is gone is no error. */
void quota_files_read(struct quota_files *files, struct kept_reader *reader, const struct pod *pod,
		      struct pod_sample *sample);
