// SPDX-License-Identifier: LGPL-2.1-or-later
// See json_put.h.
#include "agent/serve/json_put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

/* cJSON prints larger numbers in exponent form ("1e+15"), or not exactly. */
#define EXACT_MAX 999999999999999

static void place(struct json_put *put, cJSON *parent, const char *key, cJSON *item)
{
	cJSON_bool ok = 0;

	if (item && parent)
		ok = key ? cJSON_AddItemToObject(parent, key, item)
			 : cJSON_AddItemToArray(parent, item);
	if (ok)
		return;
	cJSON_Delete(item);
	put->failed = true;
}

static cJSON *text_item(const char *text)
{
	_cleanup_free_ char *copy = NULL;

	if (!text)
		return cJSON_CreateNull();
	if (utf8_valid(text))
		return cJSON_CreateString(text);
	copy = strdup(text);
	return copy ? cJSON_CreateString(utf8_scrub(copy)) : NULL;
}

void json_put_text(struct json_put *put, cJSON *object, const char *key, const char *text)
{
	place(put, object, key, text_item(text));
}

void json_put_element(struct json_put *put, cJSON *array, const char *text)
{
	place(put, array, NULL, text_item(text));
}

void json_put_u64(struct json_put *put, cJSON *object, const char *key, uint64_t value)
{
	char digits[24];

	if (value <= EXACT_MAX) {
		place(put, object, key, cJSON_CreateNumber((double)value));
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%" PRIu64, value);
	place(put, object, key, cJSON_CreateRaw(digits));
}

void json_put_i64(struct json_put *put, cJSON *object, const char *key, int64_t value)
{
	char digits[24];

	if (value >= 0) {
		json_put_u64(put, object, key, (uint64_t)value);
	} else if (value >= -EXACT_MAX) {
		place(put, object, key, cJSON_CreateNumber((double)value));
	} else {
		(void)snprintf(digits, sizeof(digits), "%" PRId64, value);
		place(put, object, key, cJSON_CreateRaw(digits));
	}
}

void json_put_bool(struct json_put *put, cJSON *object, const char *key, bool value)
{
	place(put, object, key, cJSON_CreateBool(value));
}

void json_put_null(struct json_put *put, cJSON *object, const char *key)
{
	place(put, object, key, cJSON_CreateNull());
}

static cJSON *container(struct json_put *put, cJSON *parent, const char *key, cJSON *item)
{
	place(put, parent, key, item);
	return put->failed ? NULL : item;
}

cJSON *json_put_object(struct json_put *put, cJSON *parent, const char *key)
{
	return container(put, parent, key, cJSON_CreateObject());
}

cJSON *json_put_array(struct json_put *put, cJSON *parent, const char *key)
{
	return container(put, parent, key, cJSON_CreateArray());
}
