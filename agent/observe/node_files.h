// SPDX-License-Identifier: LGPL-2.1-or-later
// The kept-open files of the node under /proc, and one sample from them.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/sample.h"

enum node_file {
	NODE_FILE_STAT,
	NODE_FILE_MEMINFO,
	NODE_FILE_PSI, /* NODE_FILE_PSI + enum resource */
	NODE_FILE_COUNT = NODE_FILE_PSI + RESOURCE_COUNT,
};

/* A file that is not open has a negative fd. */
struct node_files {
	int fds[NODE_FILE_COUNT];
};

void node_files_init(struct node_files *files);
void node_files_close(struct node_files *files);
bool node_files_all_open(const struct node_files *files, bool psi);

/* Opens what is not open yet; the pressure files only with `psi`. What is not there stays closed. */
void node_files_open(struct node_files *files, struct kept_reader *reader, int root_fd, bool psi);

/* One read of each open file into *sample; each value that was read and understood sets its bit
 * in `valid`, which the caller clears. */
void node_files_read(const struct node_files *files, struct kept_reader *reader,
		     struct node_sample *sample);
