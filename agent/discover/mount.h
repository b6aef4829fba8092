// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the cgroup2 mount, and refuses hosts where cgroup v1 holds the controllers.
#pragma once

#include <stdbool.h>

/* Opens the cgroup2 mount below the root fd: by <root>/proc/self/mountinfo, or, where there is
 * none (a recorded tree), <root>/sys/fs/cgroup. *ret_recursive says whether it is mounted with
 * memory_recursiveprot. 0; -EPROTONOSUPPORT for a v1 or hybrid host, -ENOENT without a cgroup2
 * mount, both with a sentence for the operator in *ret_why (static text); or -errno. */
int mount_open(int root_fd, int *ret_fd, bool *ret_recursive, const char **ret_why);
