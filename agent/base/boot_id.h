// SPDX-License-Identifier: LGPL-2.1-or-later
// Which boot this is: what is kept under /run is worth nothing to another one.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define BOOT_ID_SIZE 40
#define BOOT_ID_UNKNOWN "unknown"

/* The kernel's boot id, always of the running kernel, whatever tree stands in for "/" (--root);
 * BOOT_ID_UNKNOWN where it cannot be read. `buf` of at least BOOT_ID_SIZE bytes. */
void boot_id_read(char *buf, size_t size);

/* False only where both are known and differ: what could not be read once must not cost what was kept,
 * and /run does not outlive a boot. */
bool boot_id_is_same(const char *a, const char *b);
