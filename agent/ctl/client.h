// SPDX-License-Identifier: LGPL-2.1-or-later
// Fetches the snapshot from the running agent over the system bus; the only file of coloctl that
// talks to anybody.
#pragma once

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

/* CTL_OK and the document, which the caller frees; or another enum ctl_exit, after one sentence on
 * `err` that says what is wrong and how to mend it. */
int client_fetch(FILE *err, cJSON **ret_doc);

/* Which records of the history: as the arguments of the method History. */
struct client_filter {
	uint64_t since_us; /* CLOCK_REALTIME; 0: from the oldest on */
	const char *kinds; /* "write,rung"; "": all */
	const char *of;	   /* a pod or cgroup; "": all */
	uint32_t max;	   /* the newest so many; 0: all */
};
int client_history(FILE *err, const struct client_filter *filter, cJSON **ret_doc);
