// SPDX-License-Identifier: LGPL-2.1-or-later
// The kept-open files of one pod's cgroup, and one sample from them.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/cgroup.h"
#include "colod/sample.h"

enum pod_file {
	POD_FILE_CPU_STAT,
	POD_FILE_MEMORY,
	POD_FILE_PSI, /* POD_FILE_PSI + enum resource */
	POD_FILE_COUNT = POD_FILE_PSI + RESOURCE_COUNT,
};

/* A file that is not open has a negative fd. */
struct pod_files {
	int fds[POD_FILE_COUNT];
};

void pod_files_init(struct pod_files *files);
void pod_files_close(struct pod_files *files);

/* How many are open. */
unsigned pod_files_n_open(const struct pod_files *files);

/* Opens the cgroup's directory. The pod may be gone and its path be another's (the inode differs,
 * where the model knows it): -ENODEV, since a sample of the wrong cgroup would be worse than none.
 * 0 or -errno; the caller closes *ret_dirfd. */
int pod_files_enter(int cgroup_fd, const struct cgroup *cgroup, int *ret_dirfd);

/* Opens what is not open yet; the pressure files only with `psi`. A file that is not there stays
 * closed. 0, or with everything closed: -EMFILE or -ENFILE without room for all, or what
 * pod_files_enter() says. */
int pod_files_open(struct pod_files *files, struct kept_reader *reader, int cgroup_fd,
		   const struct cgroup *cgroup, bool psi);

/* One read of each open file into *sample, whose at_us is set and whose `valid` is clear; each
 * value that was read and understood sets its bit. -ENODEV closes all files: the cgroup is gone,
 * or one of its controllers; what was read before stays in *sample. Else 0. */
int pod_files_read(struct pod_files *files, struct kept_reader *reader, const struct cgroup *cgroup,
		   struct pod_sample *sample);
