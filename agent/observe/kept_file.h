// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading a kernel file that stays open, with one system call: kernfs and seq_file work the whole
// content out anew for each read at an offset, so the read that only meets the end would double
// the cost of a sample.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/sample.h"

#define KEPT_FILE_SIZE 8192

/* Shared by all files of one observer. Starts zeroed but for ticks_per_s. */
struct kept_reader {
	uint64_t ticks_per_s; /* of /proc/stat: sysconf(_SC_CLK_TCK) */
	uint64_t n_reads;
	bool said; /* that some file could not be used, for a reason that is not normal */
	char text[KEPT_FILE_SIZE];
};

/* Opens `name` below dirfd for reading into *fd unless it is open already. 0 or -errno; *fd is
 * untouched on failure. */
int kept_file_open(int dirfd, const char *name, int *fd);

/* The whole file into reader->text, NUL-terminated. 0 or -errno; -EFBIG when it does not fit, -EBADMSG when its last line has no
 * end, as the kernel's have: a number that was cut short is another number. */
int kept_file_read(struct kept_reader *reader, int fd);

/* As many whole lines from the start as fit; -EFBIG when not even one does, -EBADMSG when there is none. */
int kept_file_read_head(struct kept_reader *reader, int fd);

/* Whether `error` (-errno) says no more than that the file is not there: the cgroup is gone, its
 * controller is off, or the kernel was built or booted without it. */
bool kept_file_is_absent(int error);

/* Says once per reader that `what` of `where` cannot be used, unless the error is a normal one. */
void kept_file_say(struct kept_reader *reader, const char *where, const char *what, int error);

/* What a file's text could not be read as, as an error of the file: a missing line must not look
 * like a missing file. -EBADMSG for every error of a parser, 0 stays 0. */
int kept_file_parsed(int parsed);

/* Reads and parses a pressure file. 0 or -errno. */
int kept_file_psi(struct kept_reader *reader, int fd, struct psi_total *ret_psi);
