// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod does on each disk: its io.stat and io.max. Reading the first makes the kernel sum up the subtree, so that it is done
// only while some online pod waits for IO.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/pod.h"

struct pod_disk_files {
	int stat_fd, max_fd;
	int64_t read_us; /* 0: not yet */
	uint32_t n;
	struct {
		uint32_t major, minor;
		uint64_t bytes[DISK_DIRECTIONS];
		uint64_t requests[DISK_DIRECTIONS];
		int64_t used_us;
	} list[POD_DISKS_MAX]; /* what was read last */
};

void pod_disk_files_init(struct pod_disk_files *files);
void pod_disk_files_close(struct pod_disk_files *files);
/* Nobody wants to know: closed, and nothing is known. */
void pod_disk_files_rest(struct pod_disk_files *files, struct pod_disks *disks);

/* Once a second; *disks is untouched in between, and says that nothing was measured after the first time, after a gap of some
 * seconds, and where a file cannot be read. Of `of` alone: what maps to other disks is counted there. */
void pod_disk_files_read(struct pod_disk_files *files, struct kept_reader *reader, int cgroup_fd,
			 const struct pod *pod, const struct disks *of, int64_t now_us,
			 struct pod_disks *disks);
