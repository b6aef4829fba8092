// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_json.h.
#include "agent/discover/node_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/base/cleanup.h"

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

static void free_labels(struct node_labels **labels)
{
	node_labels_free(*labels);
}

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Another kind of answer, a Status or a list, has no such name. */
static bool is_called(const cJSON *metadata, const char *name)
{
	const cJSON *said = get(metadata, "name");

	return cJSON_IsString(said) && strcmp(said->valuestring, name) == 0;
}

int node_json_parse(const char *text, size_t len, const char *name, struct node_labels **ret_labels)
{
	_cleanup_(delete_json) cJSON *json = cJSON_ParseWithLength(text, len);
	_cleanup_(free_labels) struct node_labels *labels = calloc(1, sizeof(*labels));
	const cJSON *metadata = get(json, "metadata"), *map = get(metadata, "labels"), *item;

	if (!labels)
		return -ENOMEM;
	if (!json)
		return -EBADMSG;
	if (!is_called(metadata, name) || (map && !cJSON_IsObject(map)))
		return -EINVAL;
	cJSON_ArrayForEach(item, map)
	{
		int r = cJSON_IsString(item)
				? node_labels_add(labels, item->string, item->valuestring)
				: -EINVAL;

		if (r < 0)
			return r == -EEXIST ? -EINVAL : r;
	}
	*ret_labels = TAKE_PTR(labels);
	return 0;
}
