// SPDX-License-Identifier: LGPL-2.1-or-later
// Fetches the snapshot from the running agent over the system bus; the only file of coloctl that
// talks to anybody.
#pragma once

#include <cjson/cJSON.h>
#include <stdio.h>

/* CTL_OK and the document, which the caller frees; or another enum ctl_exit, after one sentence on
 * `err` that says what is wrong and how to mend it. */
int client_fetch(FILE *err, cJSON **ret_doc);
