// SPDX-License-Identifier: LGPL-2.1-or-later
// The kept-open files of one pod's cgroup, and one sample from them.
#pragma once

#include "agent/observe/kept_set.h"
#include "colod/cgroup.h"

/* Opens the cgroup's directory. The pod may be gone and its path be another's (the inode differs,
 * where the model knows it): -ENODEV, since a sample of the wrong cgroup would be worse than none.
 * 0 or -errno; the caller closes *ret_dirfd. */
int pod_files_enter(int cgroup_fd, const struct cgroup *cgroup, int *ret_dirfd);

/* One file of it into *fd, unless it is open already. 0, or -errno as kept_file_open() and the one above; *fd is untouched then. */
int pod_files_open_one(int cgroup_fd, const struct cgroup *cgroup, const char *name, int *fd);

/* Opens what is not open yet; the pressure files only with `psi`. A file that is not there stays
 * closed. 0; 1 where one that may be there could not be opened; or with everything closed: -EMFILE or -ENFILE without room
 * for all, or what pod_files_enter() says. */
int pod_files_open(struct kept_set *files, struct kept_reader *reader, int cgroup_fd,
		   const struct cgroup *cgroup, bool psi);

/* One read of each open file into *sample, whose at_us is set and whose `valid` is clear; each
 * value that was read and understood sets its bit. -ENODEV closes all files: the cgroup is gone,
 * or one of its controllers; what was read before stays in *sample. Else 0. */
int pod_files_read(struct kept_set *files, struct kept_reader *reader, const struct cgroup *cgroup,
		   struct pod_sample *sample);
