// SPDX-License-Identifier: LGPL-2.1-or-later
// See kube_event.h.
#include "agent/apply/kube_event.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "agent/apply/kube_name.h"
#include "agent/apply/kube_status.h"
#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"

#define ANSWER_BYTES (64u << 10)
#define TIME_SIZE 32
/* Of a subdomain's 253 bytes, what the object's name may take beside a time and a number. */
#define NAME_PART 200
#define PRINT_SPARE 8

static bool is_about_node(const struct kube_event *event)
{
	return !event->name[0];
}

bool kube_event_is_valid(const struct kube_event *event)
{
	size_t word = strspn(event->reason, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789");

	if (word == 0 || event->reason[word])
		return false;
	if (is_about_node(event))
		return !event->namespace[0] && !event->uid[0];
	return kube_name_is_label(event->namespace) && kube_name_is_subdomain(event->name) &&
	       kube_name_is_uid(event->uid);
}

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

/* Members of a literal that ends with NULL. */
static bool add(cJSON *object, const char *const *pairs)
{
	for (; object && pairs[0]; pairs += 2)
		if (!cJSON_AddStringToObject(object, pairs[0], pairs[1]))
			return false;
	return object != NULL;
}

#define ADD(object, ...) add(object, (const char *const[]){__VA_ARGS__, NULL})

static void tell_time(int64_t wall_us, char text[TIME_SIZE])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm utc;

	text[0] = '\0';
	if (gmtime_r(&seconds, &utc))
		(void)strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Kubelets name a node's events by its name where a UID belongs, and kubectl looks for that. */
static bool fill(cJSON *json, const struct kube_event *e, uint32_t nth, const char *node)
{
	bool about_node = is_about_node(e);
	const char *about = about_node ? node : e->name;
	const char *namespace = about_node ? "default" : e->namespace;
	char name[EVICT_NAME_SIZE], at[TIME_SIZE], message[KUBE_EVENT_MESSAGE_SIZE];
	int len = (int)strnlen(about, NAME_PART);
	cJSON *object;

	while (len > 0 && strchr(".-", about[len - 1]))
		len--;
	(void)snprintf(name, sizeof(name), "%.*s.%016llx-%x", len, about,
		       (unsigned long long)e->wall_us, nth);
	(void)snprintf(message, sizeof(message), "%s", e->message);
	(void)utf8_scrub(message);
	tell_time(e->wall_us, at);
	if (!ADD(json, "apiVersion", "v1", "kind", "Event", "reason", e->reason, "message", message,
		 "type", e->warning ? "Warning" : "Normal", "firstTimestamp", at, "lastTimestamp",
		 at) ||
	    !cJSON_AddNumberToObject(json, "count", 1) ||
	    !ADD(cJSON_AddObjectToObject(json, "metadata"), "namespace", namespace, "name", name) ||
	    !ADD(cJSON_AddObjectToObject(json, "source"), "component", "colod", "host", node))
		return false;
	object = cJSON_AddObjectToObject(json, "involvedObject");
	if (!ADD(object, "apiVersion", "v1", "kind", about_node ? "Node" : "Pod", "name", about,
		 "uid", about_node ? node : e->uid))
		return false;
	return about_node || ADD(object, "namespace", namespace);
}

static bool write_body(struct kube_ask *ask, const struct kube_event *event, uint32_t nth)
{
	_cleanup_(delete_json) cJSON *json = cJSON_CreateObject();

	return json && fill(json, event, nth, kube_ask_node(ask)) &&
	       cJSON_PrintPreallocated(json, kube_ask_body(ask),
				       (int)KUBE_ASK_BODY_BYTES - PRINT_SPARE, false);
}

void kube_event(struct kube_ask *ask, const struct kube_event *event, uint32_t nth,
		char why[KUBE_ASK_WHY_SIZE])
{
	static const struct kube_question question = {
		.method = "POST",
		.type = "Content-Type: application/json",
		.right = "create on events",
		.max_bytes = ANSWER_BYTES,
	};
	struct kube_answer a;
	struct kube_status s;

	why[0] = '\0';
	if (!kube_name_is_subdomain(kube_ask_node(ask))) {
		(void)snprintf(why, KUBE_ASK_WHY_SIZE,
			       "nobody says how the cluster calls this node: write facts: "
			       "{node: NAME}");
		return;
	}
	if (!write_body(ask, event, nth)) {
		(void)snprintf(why, KUBE_ASK_WHY_SIZE, "no memory to tell the API server");
		return;
	}
	kube_ask(ask, &question, &a, "/api/v1/namespaces/%s/events",
		 is_about_node(event) ? "default" : event->namespace);
	if (a.failure == HTTPS_ANSWERED)
		return;
	kube_status_parse(a.text, a.len, &s);
	if (a.why[0])
		memcpy(why, a.why, sizeof(a.why));
	else
		(void)snprintf(why, KUBE_ASK_WHY_SIZE, "%s refuses an event (%ld)%s%.120s",
			       kube_ask_api(ask), a.status, s.message[0] ? ": " : "", s.message);
	(void)utf8_scrub(why);
}
