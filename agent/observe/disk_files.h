// SPDX-License-Identifier: LGPL-2.1-or-later
// The kept-open statistics of the node's disks, and a sample from each once a second.
#pragma once

#include "agent/observe/kept_file.h"
#include "colod/disk.h"
#include "colod/sample.h"

struct disk_files {
	uint32_t n;
	int64_t read_us;  /* when last; 0: never */
	int64_t retry_us; /* when those that are closed are tried again */
	struct {
		uint32_t major, minor;
		int fd; /* -EBADF: it is gone, or could not be opened */
	} list[DISKS_MAX];
};

/* Zeroed is empty. */
void disk_files_close(struct disk_files *files);

/* Opens the files of disks that are new, closes those of disks that are gone, and reads each with one read: what could
 * be read is in *ret_samples then. Sooner than a second after the last time it does nothing. */
void disk_files_read(struct disk_files *files, struct kept_reader *reader, int root_fd,
		     const struct disks *disks, int64_t now_us, struct disk_samples *ret_samples);
