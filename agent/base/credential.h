// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of a service account, read anew for each question, because they rotate.
#pragma once

#include <stddef.h>

/* A service account's token has some 1000 to 2000 bytes. */
#define CREDENTIAL_TOKEN_SIZE 16384

/* Reads a file into buf, NUL-terminated; follows links, as these files are, but not out of the root. 0 or
 * -errno; -EFBIG where it does not fit. */
int credential_read(int root_fd, const char *path, char *buf, size_t size, size_t *ret_len);

/* The bearer token in a file, without the white space at its end. 0, -errno, or -EBADMSG: what stands there is
 * no token, and must not go into a header line. */
int credential_token(int root_fd, const char *path, char *buf, size_t size);
