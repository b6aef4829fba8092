// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that a thread opens, because opening may have to wait for a disk: for who must not wait.
#pragma once

struct file_open;

/* So many that were freed while a disk held their thread are let be: until one of them ends, no other is started. */
#define FILE_OPEN_LEFT_MAX 8

/* Starts a thread that opens `path` (at most FILE_OPEN_PATH_SIZE - 1 bytes) below dir_fd, which may be closed at once, as fs_open()
 * does. 0 or -errno, -EBUSY where FILE_OPEN_LEFT_MAX are held; *ret_open is the caller's. */
#define FILE_OPEN_PATH_SIZE 128
int file_open_start(int dir_fd, const char *path, int flags, struct file_open **ret_open);

/* Readable when it is over; borrowed. */
int file_open_fd(const struct file_open *open);

/* Waits until it is over. 0 and the fd, which is the caller's, or -errno. Once. */
int file_open_take(struct file_open *open, int *ret_fd);

/* Waits for nothing: a thread that a disk holds up looks after itself. Accepts NULL. */
void file_open_free(struct file_open *open);
