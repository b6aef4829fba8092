// SPDX-License-Identifier: LGPL-2.1-or-later
// Records of the history as one JSON document, written straight to a file: a tree of all of them would
// be many times as large in the agent's locked memory.
#pragma once

#include <stdio.h>

#include "colod/history.h"

#define HISTORY_JSON_SCHEMA 1

struct history_filter {
	int64_t since_us; /* CLOCK_REALTIME; 0: from the oldest on */
	uint32_t kinds;	  /* bits of enum history_kind; 0: all */
	const char *word; /* a pod or cgroup, as people name it (agent/base/pod_ref.h); "": all */
	uint32_t max;	  /* the newest so many; 0: all */
};

/* 0, or -EIO where `out` took not all of it. */
int history_json(const struct history *history, const struct history_filter *filter, FILE *out);

/* Bits for a list "write,rung"; "" is 0. -EINVAL for a name that is no kind. */
int history_json_kinds(const char *list, uint32_t *ret_kinds);
