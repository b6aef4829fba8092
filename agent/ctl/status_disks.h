// SPDX-License-Identifier: LGPL-2.1-or-later
// What status says of a disk that is held.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define STATUS_DISKS_TEXT 512

/* "offline work may read 11.2 % of what sda does, 11.0 MiB a second" (or "write"). False: it is not bounded. */
bool status_disks_text(const cJSON *disk, const char *direction, char *buf, size_t size);
