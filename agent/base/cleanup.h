// SPDX-License-Identifier: LGPL-2.1-or-later
// Cleanup attributes: a reader sees in one function that nothing leaks. Those for memory are in
// colod/cleanup.h, which the pure code shares.
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "colod/cleanup.h"

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int take_ = (fd);                                                                  \
		(fd) = -EBADF;                                                                     \
		take_;                                                                             \
	})

static inline int cleanup_close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
	return -EBADF;
}

static inline void cleanup_close(int *fd)
{
	*fd = cleanup_close_fd(*fd);
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)
