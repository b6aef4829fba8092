// SPDX-License-Identifier: LGPL-2.1-or-later
// Files below a directory fd: the only way the agent reads or writes the machine. One root fd
// stands in for "/", so that a whole pass runs over a recorded tree (--root).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens a directory below `dirfd` (O_PATH is not used: the fd can be read). A leading slash of
 * `path` is ignored, "" means dirfd itself. Symbolic links in the last part are refused.
 * 0 or -errno; the caller closes *ret_fd. */
int fs_open_dir(int dirfd, const char *path, int *ret_fd);

/* Opens the directory that stands in for "/", a path of the caller's own file system. */
int fs_open_root(const char *path, int *ret_fd);

/* Opens a file below `dirfd` with O_CLOEXEC | O_NOFOLLOW | flags. 0 or -errno. */
int fs_open(int dirfd, const char *path, int flags, int *ret_fd);

/* Opens a file for reading and follows symbolic links, which lead nowhere outside `dirfd`: what runs
 * in the cluster is handed its files behind links. 0 or -errno. */
int fs_open_following(int dirfd, const char *path, int *ret_fd);

/* Reads a whole small file into buf, which is NUL-terminated; *ret_len (may be NULL) is without the NUL.
 * -EFBIG when it does not fit: a cut value is never used. 0 or -errno. */
int fs_read(int dirfd, const char *path, char *buf, size_t size, size_t *ret_len);

/* The same from offset 0 of an open fd, by pread: no seek, no allocation, for kept-open fds. */
int fs_pread(int fd, char *buf, size_t size, size_t *ret_len);

/* All of it, however often it takes. 0 or -errno; -EIO where nothing is taken any more. */
int fs_write_all(int fd, const char *text, size_t len);

/* Reads a file of any length up to `max` bytes; *ret_text is NUL-terminated and owned by the
 * caller. -EFBIG beyond max. */
int fs_read_alloc(int dirfd, const char *path, size_t max, char **ret_text, size_t *ret_len);

/* The same from an open fd. */
int fs_read_alloc_fd(int fd, size_t max, char **ret_text, size_t *ret_len);

/* Writes `text` with one write(2), as cgroupfs wants it. 0 or -errno; -EIO for a short write. */
int fs_write(int dirfd, const char *path, const char *text);

/* Whether a file exists: 1, 0 or -errno. */
int fs_exists(int dirfd, const char *path);

/* Opens the directory `path` below dirfd, which has to be the one with this inode still: -ESTALE where another one has
 * the name now. 0 or -errno; the caller closes *ret_fd. */
int fs_open_dir_of(int dirfd, const char *path, uint64_t inode, int *ret_fd);

/* The inode number of the directory or file, or -errno. */
int fs_inode(int dirfd, const char *path, uint64_t *ret_inode);
