// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod asks for and may use, in a record.
#pragma once

#include "colod/pod.h"
#include "policy/record_text.h"

/* " cpu-request=... memory-limit=...", and more where there is more to say. */
void record_resources_put(struct record_buf *buf, const struct pod_resources *resources);

/* The words that are written so. 0 or -EBADMSG. */
int record_resources_get(struct record_line *line, struct pod_resources *r);
