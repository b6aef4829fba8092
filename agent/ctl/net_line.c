// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_line.h.
#include "agent/ctl/net_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/ctl/doc.h"

/* The pod in the document's section of the network; NULL: it has no class there, and is among what has no mark. */
static const cJSON *listed(const struct ctl *ctl, const cJSON *pod)
{
	const char *name = doc_text(pod, "name", "");
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(doc_get(ctl->doc, "net"), "pods"))
	{
		if (strcmp(doc_text(one, "pod", ""), name) == 0)
			return doc_true(one, "marked") ? one : NULL;
	}
	return NULL;
}

/* Of a link that is shaped, and counted. */
static const cJSON *class_on(const cJSON *link, const char *name)
{
	const cJSON *c;

	if (!doc_true(link, "shaped"))
		return NULL;
	cJSON_ArrayForEach(c, doc_get(link, "classes"))
	{
		if (strcmp(doc_text(c, "class", ""), name) == 0)
			return doc_get(c, "sent_bytes") ? c : NULL;
	}
	return NULL;
}

static const char *class_of(const cJSON *listed_pod)
{
	return listed_pod ? doc_text(listed_pod, "level", "?") : "unmarked";
}

const char *net_line_text(const struct ctl *ctl, const cJSON *pod, char *buf, size_t size)
{
	const cJSON *one = listed(ctl, pod), *link;
	char bytes[DOC_TEXT_SIZE], waiting[DOC_TEXT_SIZE];
	int n = 0, at;

	if (doc_get(one, "sent_bytes"))
		at = snprintf(buf, size, "sent %s; in class %s",
			      doc_format(one, "sent_bytes", doc_bytes, bytes), class_of(one));
	else
		at = snprintf(buf, size, "what it sends is not counted for it alone; in class %s",
			      class_of(one));
	cJSON_ArrayForEach(link, doc_get(doc_get(ctl->doc, "net"), "links"))
	{
		const cJSON *c = class_on(link, class_of(one));

		if (!c || (size_t)at >= size)
			continue;
		at += snprintf(buf + at, size - (size_t)at,
			       "%s %" PRIu64 " packets dropped and %s waiting on %s",
			       n++ > 0 ? "," : "", doc_count(c, "dropped_packets"),
			       doc_format(c, "backlog_bytes", doc_bytes, waiting),
			       doc_text(link, "name", "?"));
	}
	return n > 0 ? buf : NULL;
}

static bool add_link(cJSON *array, const cJSON *link, const cJSON *c)
{
	static const char *const keys[] = {"sent_bytes", "sent_packets", "dropped_packets",
					   "backlog_bytes"};
	cJSON *object = cJSON_CreateObject();

	(void)cJSON_AddStringToObject(object, "name", doc_text(link, "name", "?"));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		(void)cJSON_AddItemToObject(object, keys[i],
					    cJSON_Duplicate(doc_get(c, keys[i]), 1));
	if (cJSON_AddItemToArray(array, object))
		return true;
	cJSON_Delete(object);
	return false;
}

cJSON *net_line_json(const struct ctl *ctl, const cJSON *pod)
{
	const cJSON *one = listed(ctl, pod), *sent = doc_get(one, "sent_bytes"), *link;
	cJSON *object = cJSON_CreateObject(), *array;

	(void)cJSON_AddStringToObject(object, "class", class_of(one));
	(void)cJSON_AddItemToObject(object, "sent_bytes",
				    sent ? cJSON_Duplicate(sent, 1) : cJSON_CreateNull());
	array = cJSON_AddArrayToObject(object, "links");
	cJSON_ArrayForEach(link, doc_get(doc_get(ctl->doc, "net"), "links"))
	{
		const cJSON *c = class_on(link, class_of(one));

		if (c && !add_link(array, link, c)) {
			cJSON_Delete(object);
			return NULL;
		}
	}
	if (cJSON_GetArraySize(array) > 0)
		return object;
	cJSON_Delete(object);
	return cJSON_CreateNull();
}
