// SPDX-License-Identifier: LGPL-2.1-or-later
// What is said of a pod's service level indicators.
#pragma once

#include <cjson/cJSON.h>
#include <stddef.h>

#include "agent/ctl/ctl.h"

#define SLI_LINES_TEXT 320

/* "shop-cpu: violated for 12 s: p99 of cpu.some over 60 s is 12.4 %, more than 5.0 %": ends buf with a NUL, returns it. */
const char *sli_lines_text(const struct ctl *ctl, const cJSON *sli, char *buf, size_t size);

/* How many are violated on the node, and, of the first, the pod and that text. 0: none, and buf is "". */
size_t sli_lines_violated(const struct ctl *ctl, const cJSON *doc, char *buf, size_t size);
