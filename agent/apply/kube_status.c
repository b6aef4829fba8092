// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_status.h. Only reasons are meant for programs; where the API server tells two refusals apart by words
// alone, its words are looked for (registry/core/pod/storage/eviction.go, registry/generic of Kubernetes).
#include "agent/apply/kube_status.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

#define RETRY_MAX_S 3600

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static double number_of(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* It goes into logs and sentences: nothing that moves a cursor or hides what stands beside it. */
static void show(char *buf, size_t size, const char *text)
{
	char *to = buf;
	uint32_t point;

	(void)snprintf(buf, size, "%s", text);
	(void)utf8_scrub(buf);
	for (const char *from = buf; *from;) {
		size_t n = utf8_decode(from, strlen(from), &point);

		if (utf8_unsafe(point)) {
			*to++ = ' ';
		} else {
			memmove(to, from, n);
			to += n;
		}
		from += n;
	}
	*to = '\0';
}

/* Whom it is about the caller knows, and room for the sentence is short. */
static const char *without_whom(const char *message)
{
	const char *at = strstr(message, "\" is forbidden: ");

	return at ? at + strlen("\" is forbidden: ") : message;
}

static const cJSON *budget_cause(const cJSON *details)
{
	const cJSON *cause;

	cJSON_ArrayForEach(cause, get(details, "causes"))
	{
		if (strcmp(text_of(cause, "reason"), "DisruptionBudget") == 0)
			return cause;
	}
	return NULL;
}

static void understand(const cJSON *json, struct kube_status *s)
{
	const cJSON *details = get(json, "details"), *cause = budget_cause(details);
	const char *message = text_of(json, "message"), *told = text_of(cause, "message");
	double code = number_of(json, "code"), retry_s = number_of(details, "retryAfterSeconds");

	s->failure = strcmp(text_of(json, "status"), "Failure") == 0;
	s->code = code >= 100 && code < 600 ? (long)code : 0;
	s->retry_after_s = retry_s > RETRY_MAX_S ? RETRY_MAX_S
			   : retry_s > 0	 ? (uint32_t)retry_s
						 : 0;
	s->budget = cause || strcasestr(message, "disruption budget") ||
		    strstr(message, "more than one PodDisruptionBudget") ||
		    strcmp(text_of(details, "kind"), "poddisruptionbudget") == 0;
	s->other_uid = strstr(message, "UID in precondition") != NULL;
	s->denied = strstr(message, "denied the request") || strstr(message, "denied request");
	show(s->reason, sizeof(s->reason), text_of(json, "reason"));
	show(s->kind, sizeof(s->kind), text_of(details, "kind"));
	show(s->message, sizeof(s->message), told[0] ? told : without_whom(message));
}

void kube_status_parse(const char *text, size_t len, struct kube_status *ret_status)
{
	_cleanup_(delete_json) cJSON *json = cJSON_ParseWithLength(text, len);

	*ret_status = (struct kube_status){.object = cJSON_IsObject(json)};
	if (ret_status->object)
		understand(json, ret_status);
}
