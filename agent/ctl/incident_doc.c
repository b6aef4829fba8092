// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_doc.h.
#include "agent/ctl/incident_doc.h"

#include <errno.h>
#include <string.h>

#include "agent/base/kept_end.h"
#include "agent/ctl/doc.h"

#define SCHEMA 1

static cJSON *parse(const char *text, size_t len)
{
	cJSON *json = cJSON_ParseWithLength(text, len);

	if (cJSON_IsObject(json))
		return json;
	cJSON_Delete(json);
	return NULL;
}

/* Takes both over. */
static int join(cJSON *summary, cJSON *scene, cJSON **ret_doc)
{
	cJSON *doc = cJSON_CreateObject();

	if (!doc || !cJSON_AddNumberToObject(doc, "schema", SCHEMA) ||
	    !cJSON_AddItemToObject(doc, "summary", summary)) {
		cJSON_Delete(doc);
		cJSON_Delete(summary);
		cJSON_Delete(scene);
		return -ENOMEM;
	}
	if (!cJSON_AddItemToObject(doc, "scene", scene)) {
		cJSON_Delete(doc);
		cJSON_Delete(scene);
		return -ENOMEM;
	}
	*ret_doc = doc;
	return 0;
}

int incident_doc_parse(const char *text, size_t len, cJSON **ret_doc)
{
	int r = kept_end_take(text, &len);
	const char *newline = r == 0 ? memchr(text, '\n', len) : NULL;
	size_t first = newline ? (size_t)(newline - text) + 1 : 0;
	cJSON *summary, *scene;

	if (!newline)
		return -EBADMSG;
	summary = parse(text, first);
	scene = parse(text + first, len - first);
	if (summary && scene && doc_count(summary, "schema") == SCHEMA)
		return join(summary, scene, ret_doc);
	r = summary && scene ? -EPROTO : -EBADMSG;
	cJSON_Delete(summary);
	cJSON_Delete(scene);
	return r;
}
