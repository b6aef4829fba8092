// SPDX-License-Identifier: LGPL-2.1-or-later
// A few file descriptors kept back, so that what must not fail for want of one can still open files:
// ending a hold, and writing down that it ended.
#pragma once

#define FD_RESERVE_SIZE 8

struct fd_reserve {
	int fds[FD_RESERVE_SIZE]; /* -EBADF: not kept */
};

#define FD_RESERVE_NONE                                                                            \
	((struct fd_reserve){{-EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF}})

/* Keeps as many as there are to be had; they are copies of `fd`, so no file is needed. */
void fd_reserve_fill(struct fd_reserve *reserve, int fd);

/* Gives all of them to whoever opens next. */
void fd_reserve_lend(struct fd_reserve *reserve);
