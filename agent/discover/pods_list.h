// SPDX-License-Identifier: LGPL-2.1-or-later
// The outer shape of a v1 PodList, item by item: a node's list may have 20 MB, and its whole tree
// in memory would be several times that on a node that is short of memory. Reads memory only.
#pragma once

#include <stddef.h>

#include <cjson/cJSON.h>

struct pods_list {
	/* Called with each element of "items", which lives during the call. Negative ends the scan. */
	int (*on_item)(void *context, const cJSON *item);
	void *context;
	char *more; /* metadata.continue: there are further pages; owned by the caller, NULL: none */
};

/* Scans a whole text of `len` bytes that is followed by a NUL. 0; -EBADMSG for what is not JSON, is
 * cut short or goes on after its end (*ret_at: the byte where it stopped making sense), -EINVAL for
 * JSON without a list of items ("items": null is one without any), -ENOMEM, or what on_item said.
 * on_item may have been called before an error is found. */
int pods_list_scan(const char *text, size_t len, struct pods_list *list, size_t *ret_at);
