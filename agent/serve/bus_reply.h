// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers of the manager object that are documents: JSON in a sealed memory file, because one may be
// larger than a message may be, and nobody who holds the fd can change what another reader sees.
#pragma once

#include <cjson/cJSON.h>
#include <systemd/sd-bus.h>

/* Answers `call` with the document (NULL: there was no memory for it), which it frees. What a handler
 * returns. */
int bus_reply_json(sd_bus_message *call, const char *name, cJSON *json);
