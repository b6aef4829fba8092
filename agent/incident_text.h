// SPDX-License-Identifier: LGPL-2.1-or-later
// An incident as text: a line of JSON that sums it up, and one with its scene. What is kept on disk, told over D-Bus and
// shown by coloctl is this; a last line with a checksum is put behind it (agent/base/kept_end.h). Touches no file.
#pragma once

#include "colod/incident.h"
#include "policy/record_text.h"

#define INCIDENT_SCHEMA 1
/* Names and texts are bounded, and every byte of them may take six. */
#define INCIDENT_SUMMARY_MAX 8192
#define INCIDENT_TEXT_MAX (1u << 20)

/* Both lines, without the last one. */
void incident_text_put(struct record_buf *to, const struct incident *incident);

/* The first one alone, without its newline. */
void incident_text_summary(struct record_buf *to, const struct incident *incident);
