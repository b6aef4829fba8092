// SPDX-License-Identifier: LGPL-2.1-or-later
// A document to be handed to somebody: a sealed memory file, so that nobody who holds it can change what another reader sees.
#pragma once

#include <stddef.h>

/* At its beginning; the caller closes *ret_fd. 0 or -errno. */
int sealed_new(const char *name, const char *text, size_t len, int *ret_fd);

/* One that was written already. */
int sealed_end(int fd);
