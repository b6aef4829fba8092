// SPDX-License-Identifier: LGPL-2.1-or-later
// What status says of the memory that is left before the kubelet or the kernel acts.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#define STATUS_ROOM_TEXT 768

/* "824.0 MiB above the line of 200.0 MiB, below which ... acts; it falls by ...". False: it was not measured. *ret_crossed: it is
 * below. */
bool status_room_text(const cJSON *room, char buf[static STATUS_ROOM_TEXT], bool *ret_crossed);
