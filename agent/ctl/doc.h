// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading the JSON snapshot without believing it: a key that is missing or of another type is "not
// there", never a crash. Also the text forms of quantities that tables show.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOC_TEXT_SIZE 32

/* A member, or NULL; `object` may be NULL. */
const cJSON *doc_get(const cJSON *object, const char *key);

/* The text of a member; `otherwise` where it is missing, null or no text. */
const char *doc_text(const cJSON *object, const char *key, const char *otherwise);

/* Whether a text is there and not empty. */
bool doc_has(const cJSON *object, const char *key);

/* A whole number from 0 up. -ENOENT where it is missing, null, negative or no number. */
int doc_u64(const cJSON *object, const char *key, uint64_t *ret_value);

/* The number, 0 where it is not there: for counters only. */
uint64_t doc_count(const cJSON *object, const char *key);

/* Numbers of a list (or NULL), whole and between -1e12 and 1e12; what is none of them, and what is not there of `max`, is `none`. How many
 * members there were of them. */
size_t doc_numbers(const cJSON *list, int64_t *to, size_t max, int64_t none);

bool doc_true(const cJSON *object, const char *key);

/* "512 B", "1.5 GiB"; returns buf (at least DOC_TEXT_SIZE). */
const char *doc_bytes(uint64_t bytes, char *buf);

/* Permille as "12.4 %". */
const char *doc_percent(uint64_t permille, char *buf);

/* Thousandths as "1.24". */
const char *doc_milli(uint64_t milli, char *buf);

/* A duration with two digits of meaning: "0.4 s", "12 s", "3 min", "5 h", "2 d". */
const char *doc_duration(uint64_t us, char *buf);

/* "NUMA node 0", "NUMA nodes 0-1", of a list as the kernel writes it; buf of DOC_NODES_SIZE bytes. */
#define DOC_NODES_SIZE 64
const char *doc_nodes(const char *list, char *buf);

/* Number members formatted by one of the above, "-" where they are not there. */
typedef const char *(*doc_format_fn)(uint64_t value, char *buf);
const char *doc_format(const cJSON *object, const char *key, doc_format_fn format, char *buf);
