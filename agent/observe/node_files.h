// SPDX-License-Identifier: LGPL-2.1-or-later
// The kept-open files of the node under /proc, and one sample from them.
#pragma once

#include "agent/observe/kept_set.h"

/* All that are wanted are open. */
bool node_files_all_open(const struct kept_set *files, bool psi);

/* Opens what is not open yet; the pressure files only with `psi`. What is not there stays closed. */
void node_files_open(struct kept_set *files, struct kept_reader *reader, int root_fd, bool psi);

/* One read of each open file into *sample; each value that was read and understood sets its bit
 * in `valid`, which the caller clears. */
void node_files_read(const struct kept_set *files, struct kept_reader *reader,
		     struct node_sample *sample);
