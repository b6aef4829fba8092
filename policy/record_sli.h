// SPDX-License-Identifier: LGPL-2.1-or-later
// What began and ended of the service level indicators, as lines among the steps of a pass.
#pragma once

#include <stdbool.h>

#include "colod/sli.h"
#include "policy/record_text.h"

/* "sli 0 slot=2 serial=3 violated value=124 bound=50 since=81000000" for each event, after `prefix`. Those of the score and
 * of a cpi are left out: what the one is held against (steps.c), and what the other was, is in no record; and those that go by
 * names, where not `named`. */
void record_sli_tell(struct record_buf *out, const struct sli_watch *watch, bool named,
		     const char *prefix);
