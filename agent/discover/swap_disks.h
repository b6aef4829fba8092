// SPDX-License-Identifier: LGPL-2.1-or-later
// Which disks something is swapped out to: what memory needs there must not be held up.
#pragma once

#include "colod/disk.h"

/* Sets `swap` of each. Through partitions and mapped devices down to the disk; a file counts for the disk of its file system.
 * Where that cannot be found out, any disk may be it, and all are. */
void swap_disks_mark(int root_fd, struct disks *disks);
