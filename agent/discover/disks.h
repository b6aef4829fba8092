// SPDX-License-Identifier: LGPL-2.1-or-later
// The disks of the node, from sysfs and the cgroup root.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/disk.h"

/* Reads them all anew: a few small files for each. A disk that goes away meanwhile is left out, a file that cannot be
 * read says nothing. Without /sys/block there are none. */
void disks_read(int root_fd, int cgroup_fd, struct disks *ret_disks);

/* Whether iocost is on for any disk. */
bool disks_have_iocost(int cgroup_fd);

/* Reads them anew; true where *disks is another set now, or another of their facts. */
bool disks_follow(int root_fd, int cgroup_fd, struct disks *disks);

/* "254:0", as a file of its own or at the beginning of a line. False where it is none. */
bool disks_parse_number(const char *text, uint32_t *ret_major, uint32_t *ret_minor);
