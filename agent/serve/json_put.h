// SPDX-License-Identifier: LGPL-2.1-or-later
// Adding to a JSON tree without an error check at every line: the first failure sticks, and the
// one who started the tree looks at it once.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct json_put {
	bool failed; /* out of memory */
};

/* Each adds `key` to `object` (NULL after a failure: then they do nothing). A NULL text is null;
 * bytes that are not UTF-8 become '?'. */
void json_put_text(struct json_put *put, cJSON *object, const char *key, const char *text);
void json_put_u64(struct json_put *put, cJSON *object, const char *key, uint64_t value);
void json_put_i64(struct json_put *put, cJSON *object, const char *key, int64_t value);
void json_put_bool(struct json_put *put, cJSON *object, const char *key, bool value);
void json_put_null(struct json_put *put, cJSON *object, const char *key);

/* New empty containers, owned by the tree; NULL after a failure. With a NULL key: appended to the
 * array `parent`. */
cJSON *json_put_object(struct json_put *put, cJSON *parent, const char *key);
cJSON *json_put_array(struct json_put *put, cJSON *parent, const char *key);

/* Appends a text to an array. */
void json_put_element(struct json_put *put, cJSON *array, const char *text);
