// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_cluster.h. Requests are handled one at a time (fake_apiserver.c holds a lock).
#include "tests/lib/fake_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/base/cleanup.h"

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

#define _cleanup_json_ _cleanup_(delete_json)

static cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is(const cJSON *object, const char *key, const char *text)
{
	return strcmp(text_of(object, key), text) == 0;
}

char *fake_cluster_read(const char *dir, const char *name)
{
	char path[4096];
	_cleanup_fclose_ FILE *f = NULL;
	char *text = NULL;
	size_t len = 0;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return NULL;
	n = getdelim(&text, &len, '\0', f);
	if (n >= 0)
		return text;
	free(text);
	return strdup("");
}

/* Whoever reads meanwhile finds the old one or the new one. */
static void write_json(const char *dir, const char *name, const cJSON *json)
{
	char path[4096], to[4096];
	_cleanup_free_ char *text = cJSON_PrintUnformatted(json);
	FILE *f;

	(void)snprintf(to, sizeof(to), "%s/%s", dir, name);
	(void)snprintf(path, sizeof(path), "%s/%s.new", dir, name);
	f = fopen(path, "we");
	if (!f || !text || fputs(text, f) < 0 || fclose(f) != 0 || rename(path, to) != 0)
		abort();
}

static cJSON *read_json(const char *dir, const char *name)
{
	_cleanup_free_ char *text = fake_cluster_read(dir, name);

	return text ? cJSON_Parse(text) : NULL;
}

struct fake_answer fake_cluster_refuse(unsigned code, const char *reason, const char *message,
				       const char *details)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "kind", "Status");
	cJSON_AddStringToObject(json, "apiVersion", "v1");
	cJSON_AddObjectToObject(json, "metadata");
	cJSON_AddStringToObject(json, "status", "Failure");
	cJSON_AddStringToObject(json, "message", message);
	if (reason)
		cJSON_AddStringToObject(json, "reason", reason);
	if (details)
		cJSON_AddItemToObject(json, "details", cJSON_Parse(details));
	cJSON_AddNumberToObject(json, "code", code);
	return (struct fake_answer){code, cJSON_PrintUnformatted(json)};
}

static struct fake_answer not_found(const char *kind, const char *name)
{
	char message[1024], details[1024];

	(void)snprintf(message, sizeof(message), "%s \"%s\" not found", kind, name);
	(void)snprintf(details, sizeof(details), "{\"name\":\"%s\",\"kind\":\"%s\"}", name, kind);
	return fake_cluster_refuse(404, "NotFound", message, details);
}

static cJSON *find_pod(const cJSON *list, const char *namespace, const char *name)
{
	cJSON *pod;

	cJSON_ArrayForEach(pod, get(list, "items"))
	{
		const cJSON *metadata = get(pod, "metadata");

		if (is(metadata, "namespace", namespace) && is(metadata, "name", name))
			return pod;
	}
	return NULL;
}

static struct fake_answer conflict(const char *kind, const char *name, const char *why)
{
	char message[1024];

	(void)snprintf(message, sizeof(message), "Operation cannot be fulfilled on %s \"%s\": %s",
		       kind, name, why);
	return fake_cluster_refuse(409, "Conflict", message, NULL);
}

struct fake_answer fake_cluster_evict(const struct fake_cluster *c, const char *namespace,
				      const char *name, const char *body)
{
	_cleanup_json_ cJSON *eviction = cJSON_Parse(body);
	_cleanup_json_ cJSON *list = read_json(c->dir, "pods.json");
	const cJSON *options = get(eviction, "deleteOptions");
	const char *uid = text_of(get(options, "preconditions"), "uid");
	cJSON *pod = find_pod(list, namespace, name), *metadata = get(pod, "metadata");
	char why[512];

	if (!is(eviction, "apiVersion", "policy/v1") || !is(eviction, "kind", "Eviction") ||
	    !is(get(eviction, "metadata"), "name", name) ||
	    !is(get(eviction, "metadata"), "namespace", namespace))
		return fake_cluster_refuse(400, "BadRequest",
					   "name in URL does not match name in Eviction object",
					   NULL);
	if (!pod)
		return not_found("pods", name);
	(void)snprintf(why, sizeof(why),
		       "Precondition failed: UID in precondition: %.64s, UID in object meta: %.64s",
		       uid, text_of(metadata, "uid"));
	if (uid[0] && !is(metadata, "uid", uid))
		return conflict("pods", name, why);
	if (!get(metadata, "deletionTimestamp")) {
		cJSON_AddStringToObject(metadata, "deletionTimestamp", "2026-01-01T00:00:00Z");
		cJSON_AddItemToObject(metadata, "deletionGracePeriodSeconds",
				      cJSON_Duplicate(get(options, "gracePeriodSeconds"), true));
		write_json(c->dir, "pods.json", list);
	}
	return (struct fake_answer){
		201, strdup("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
			    "\"status\":\"Success\",\"code\":201}")};
}

static cJSON *find_node(const struct fake_cluster *c, const char *name)
{
	cJSON *node = read_json(c->dir, "node.json");

	if (node && is(get(node, "metadata"), "name", name))
		return node;
	cJSON_Delete(node);
	return NULL;
}

struct fake_answer fake_cluster_node(const struct fake_cluster *c, const char *name)
{
	_cleanup_json_ cJSON *node = find_node(c, name);

	return node ? (struct fake_answer){200, cJSON_PrintUnformatted(node)}
		    : not_found("nodes", name);
}

/* RFC 7396. */
static void merge(cJSON *target, const cJSON *patch)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, patch)
	{
		cJSON *old = get(target, item->string);

		if (cJSON_IsNull(item)) {
			cJSON_DeleteItemFromObjectCaseSensitive(target, item->string);
			continue;
		}
		if (cJSON_IsObject(item) && cJSON_IsObject(old)) {
			merge(old, item);
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(target, item->string);
		cJSON_AddItemToObject(target, item->string, cJSON_Duplicate(item, true));
	}
}

static void write_node(const struct fake_cluster *c, cJSON *node)
{
	cJSON *metadata = get(node, "metadata");
	char version[32];

	(void)snprintf(version, sizeof(version), "%ld",
		       strtol(text_of(metadata, "resourceVersion"), NULL, 10) + 1);
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "resourceVersion");
	cJSON_AddStringToObject(metadata, "resourceVersion", version);
	write_json(c->dir, "node.json", node);
}

struct fake_answer fake_cluster_patch_node(const struct fake_cluster *c, const char *name,
					   const char *type, const char *body)
{
	_cleanup_json_ cJSON *node = find_node(c, name);
	_cleanup_json_ cJSON *patch = cJSON_Parse(body);
	const char *version = text_of(get(patch, "metadata"), "resourceVersion");

	if (!type || strcmp(type, "application/merge-patch+json") != 0)
		return fake_cluster_refuse(415, "UnsupportedMediaType",
					   "the body of the request was in an unknown format",
					   NULL);
	if (!node)
		return not_found("nodes", name);
	if (!cJSON_IsObject(patch))
		return fake_cluster_refuse(400, "BadRequest", "the patch is no object", NULL);
	if (version[0] && !is(get(node, "metadata"), "resourceVersion", version))
		return conflict("nodes", name,
				"the object has been modified; please apply your changes to the "
				"latest version and try again");
	merge(node, patch);
	write_node(c, node);
	return (struct fake_answer){200, cJSON_PrintUnformatted(node)};
}

void fake_cluster_race(const struct fake_cluster *c)
{
	_cleanup_json_ cJSON *node = read_json(c->dir, "node.json");
	cJSON *spec = get(node, "spec"), *taints = get(spec, "taints"), *taint;
	char key[64];

	if (!spec)
		abort();
	if (!taints)
		taints = cJSON_AddArrayToObject(spec, "taints");
	taint = cJSON_CreateObject();
	(void)snprintf(key, sizeof(key), "other.example/%d", cJSON_GetArraySize(taints));
	cJSON_AddStringToObject(taint, "key", key);
	cJSON_AddStringToObject(taint, "value", "theirs");
	cJSON_AddStringToObject(taint, "effect", "NoExecute");
	cJSON_AddStringToObject(taint, "timeAdded", "2026-01-01T00:00:00Z");
	cJSON_AddItemToArray(taints, taint);
	write_node(c, node);
}

struct fake_answer fake_cluster_event(const char *namespace, const char *body)
{
	_cleanup_json_ cJSON *event = cJSON_Parse(body);
	const cJSON *about = get(event, "involvedObject");
	bool in_place = is(about, "namespace", namespace) ||
			(!get(about, "namespace") && strcmp(namespace, "default") == 0);

	if (!is(event, "kind", "Event") || !is(event, "apiVersion", "v1") || !in_place ||
	    !is(get(event, "metadata"), "namespace", namespace))
		return fake_cluster_refuse(
			422, "Invalid", "involvedObject.namespace: does not match event.namespace",
			NULL);
	return (struct fake_answer){201, strdup(body)};
}

struct fake_answer fake_cluster_pods(const struct fake_cluster *c)
{
	char *text = fake_cluster_read(c->dir, "pods.json");

	return text ? (struct fake_answer){200, text} : not_found("pods", "list");
}
