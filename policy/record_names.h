// SPDX-License-Identifier: LGPL-2.1-or-later
// Pseudonyms: a record from a production node can be shared without the names on it. One name has
// one pseudonym all through a record; the key that makes them is never written. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/reason.h"
#include "policy/record_text.h"

struct record_names {
	uint64_t key[2]; /* random bytes: from a pseudonym nobody finds the name by trying */
};

/* Room for the pseudonym of one part of a name. */
#define RECORD_NAMES_PART_SIZE 64

/* Whether a part stays as it is: what every cluster and every systemd has, and what says nothing. */
bool record_names_is_common(const char *text, size_t len);

/* The pseudonym of a part (no slash): what the layout of a cgroup's name says stays. Returns its
 * length. */
size_t record_names_part(const struct record_names *names, const char *text, size_t len,
			 char buf[RECORD_NAMES_PART_SIZE]);

/* The same for the name of a network interface, which has room for 15 bytes: nothing of it stays. */
#define RECORD_NAMES_LINK_SIZE 16
void record_names_link(const struct record_names *names, const char *text, size_t len,
		       char buf[RECORD_NAMES_LINK_SIZE]);

/* As a word: the text itself where `names` is NULL, else each part between slashes by its
 * pseudonym. NULL stays NULL. */
void record_names_put(struct record_buf *buf, const struct record_names *names, const char *text);

/* The same for a pod's name, which reasons carry cut to REASON_WHO_SIZE: both forms get the same
 * pseudonym. */
void record_names_put_pod(struct record_buf *buf, const struct record_names *names,
			  const char *name);

/* The reason as somebody sees it who knows pseudonyms only. */
struct reason record_names_reason(const struct record_names *names, const struct reason *reason);
