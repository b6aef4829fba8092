// SPDX-License-Identifier: LGPL-2.1-or-later
// The two files that coloctl itself writes below /etc/colod, as root and without a daemon: the kill
// switch and the persistent mode.
#pragma once

#include <stddef.h>

#define ETC_DISABLE "etc/colod/disable"
#define ETC_MODE "etc/colod/policy.d/90-mode.yaml"

/* Below the directory that stands in for "/". Folders that are missing are made; the file is there
 * as a whole or not at all, and on the disk when this returns. 0 or -errno. */
int etc_write(const char *root, const char *path, const char *text);

/* 0, or -errno (-ENOENT where there is none). */
int etc_remove(const char *root, const char *path);

/* 0, -ENOENT, -EFBIG, or -errno. */
int etc_read(const char *root, const char *path, char *buf, size_t size);

/* "2026-11-25 16:35:02 UTC, uid 0, sudo by alice: coloctl off" into buf, which it returns. */
const char *etc_who(const char *command, char *buf, size_t size);
