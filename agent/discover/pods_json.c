// SPDX-License-Identifier: LGPL-2.1-or-later
// See pods_json.h. One entry that makes no sense costs that pod its facts, not the others theirs.
#include "agent/discover/pods_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agent/base/cleanup.h"
#include "agent/base/utf8.h"
#include "agent/discover/cgroup_name.h"
#include "agent/discover/pod_requests.h"
#include "policy/names.h"

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* A copy of a string member, NULL in *ret where there is none. 0, -ENOMEM, -EBADMSG for UTF-8 that
 * is none. */
static int copy_text(const char *text, char **ret)
{
	if (!text)
		return 0;
	if (!utf8_valid(text))
		return -EBADMSG;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

/* Names of objects, as the API server checks them (RFC 1123): they stand in logs and on D-Bus. */
static bool is_object_name(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len > 0 && len <= 253 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len &&
	       !strchr(".-", text[0]) && !strchr(".-", text[len - 1]);
}

static int copy_labels(const cJSON *map, struct pod_label **ret_labels, size_t *ret_n)
{
	const cJSON *item;
	int size = cJSON_IsObject(map) ? cJSON_GetArraySize(map) : 0;
	struct pod_label *labels;

	if (size == 0)
		return 0;
	labels = calloc((size_t)size, sizeof(*labels));
	if (!labels)
		return -ENOMEM;
	*ret_labels = labels;
	cJSON_ArrayForEach(item, map)
	{
		struct pod_label *l = &labels[*ret_n];
		int r;

		if (!cJSON_IsString(item) || !item->string)
			continue;
		(*ret_n)++;
		r = copy_text(item->string, &l->key);
		if (r == 0)
			r = copy_text(item->valuestring, &l->value);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The kubelet itself writes config.source on every pod: "api", or where the manifest came from.
 * config.hash and config.mirror alone prove nothing, because a pod's owner may set them. */
static bool is_static(const cJSON *metadata)
{
	const char *source = text_of(get(metadata, "annotations"), "kubernetes.io/config.source");

	return source && strcmp(source, "api") != 0;
}

/* The controlling owner, else the first. */
static const char *owner_kind(const cJSON *metadata)
{
	const cJSON *owners = get(metadata, "ownerReferences"), *owner;

	cJSON_ArrayForEach(owner, owners) if (cJSON_IsTrue(get(owner, "controller")) &&
					      text_of(owner, "kind")) return text_of(owner, "kind");
	return text_of(cJSON_GetArrayItem(owners, 0), "kind");
}

static int copy_facts(const cJSON *pod, struct pod_facts *f)
{
	const cJSON *metadata = get(pod, "metadata"), *spec = get(pod, "spec");
	const char *qos = text_of(get(pod, "status"), "qosClass");
	int r = copy_text(text_of(metadata, "namespace"), &f->ns);

	if (r == 0)
		r = copy_text(text_of(metadata, "name"), &f->name);
	if (r == 0)
		r = copy_text(text_of(spec, "priorityClassName"), &f->priority_class);
	if (r == 0)
		r = copy_text(owner_kind(metadata), &f->owner_kind);
	if (r == 0)
		r = copy_labels(get(metadata, "labels"), &f->labels, &f->n_labels);
	if (r == 0)
		r = copy_labels(get(metadata, "annotations"), &f->annotations, &f->n_annotations);
	if (r < 0)
		return r;
	f->is_static = is_static(metadata);
	f->host_network = cJSON_IsTrue(get(spec, "hostNetwork"));
	f->deleting = text_of(metadata, "deletionTimestamp") != NULL;
	/* Never worked out anew: a resize changes requests, not the class. */
	f->qos = qos ? (enum qos)names_qos_from(qos) : QOS_INVALID;
	if (f->qos == QOS_NONE)
		f->qos = QOS_INVALID;
	f->resources = pod_requests(pod);
	return 0;
}

static int copy_containers(const cJSON *statuses, struct pods_json_pod *p)
{
	const cJSON *status;

	cJSON_ArrayForEach(status, statuses)
	{
		const char *name = text_of(status, "name"), *id = text_of(status, "containerID");
		const char *slashes = id ? strstr(id, "://") : NULL;
		struct pods_json_container *grown;
		int r;

		if (!is_object_name(name) || !slashes || slashes[3] == '\0' ||
		    strlen(slashes + 3) >= CONTAINER_ID_SIZE)
			continue; /* not started yet */
		grown = realloc(p->containers, (p->n_containers + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->containers = grown;
		grown += p->n_containers;
		memset(grown, 0, sizeof(*grown));
		memcpy(grown->id, slashes + 3, strlen(slashes + 3));
		r = copy_text(name, &grown->name);
		if (r < 0)
			return r;
		p->n_containers++;
	}
	return 0;
}

static void free_labels(struct pod_label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(labels[i].key);
		free(labels[i].value);
	}
	free(labels);
}

static void pod_clear(struct pods_json_pod *p)
{
	free(p->facts.ns);
	free(p->facts.name);
	free(p->facts.priority_class);
	free(p->facts.owner_kind);
	free_labels(p->facts.labels, p->facts.n_labels);
	free_labels(p->facts.annotations, p->facts.n_annotations);
	for (size_t i = 0; i < p->n_containers; i++)
		free(p->containers[i].name);
	free(p->containers);
	memset(p, 0, sizeof(*p));
}

/* -EBADMSG with the reason in *ret_why: not a pod that colod could name. */
static int read_pod(const cJSON *item, struct pods_json_pod *p, const char **ret_why)
{
	const cJSON *metadata = get(item, "metadata"), *status = get(item, "status");
	const char *uid = text_of(metadata, "uid");
	/* The kubelet names a static pod's cgroup by the hash of its manifest; the mirror pod that
	 * the API server shows for it has a UID of its own. */
	const char *hash = text_of(get(metadata, "annotations"), "kubernetes.io/config.hash");
	int r;

	*ret_why = "no usable namespace or name";
	if (!is_object_name(text_of(metadata, "name")) ||
	    !is_object_name(text_of(metadata, "namespace")))
		return -EBADMSG;
	*ret_why = "no usable UID";
	if (hash && is_static(metadata))
		uid = hash;
	if (!uid || !cgroup_name_is_uid(uid))
		return -EBADMSG;
	memcpy(p->uid, uid, strlen(uid) + 1);
	*ret_why = "text that is not UTF-8";
	r = copy_facts(item, &p->facts);
	if (r == 0)
		r = copy_containers(get(status, "containerStatuses"), p);
	if (r == 0)
		r = copy_containers(get(status, "initContainerStatuses"), p);
	if (r == 0)
		r = copy_containers(get(status, "ephemeralContainerStatuses"), p);
	return r;
}

static void count_bad(struct pods_json *pods, const char *why, const cJSON *item)
{
	const char *name = text_of(get(item, "metadata"), "name");

	if (pods->n_bad++ == 0)
		(void)snprintf(pods->bad_first, sizeof(pods->bad_first), "%.48s: %s",
			       is_object_name(name) ? name : "an entry", why);
}

static int by_uid(const void *a, const void *b)
{
	return strcmp(((const struct pods_json_pod *)a)->uid,
		      ((const struct pods_json_pod *)b)->uid);
}

/* Two entries for one UID contradict each other: neither is believed. */
static void drop_doubles(struct pods_json *pods)
{
	size_t kept = 0;

	for (size_t i = 0, next; i < pods->n; i = next) {
		for (next = i + 1;
		     next < pods->n && by_uid(&pods->pods[i], &pods->pods[next]) == 0;)
			next++;
		if (next == i + 1) {
			struct pods_json_pod only = pods->pods[i];

			memset(&pods->pods[i], 0, sizeof(only));
			pods->pods[kept++] = only;
			continue;
		}
		if (pods->n_bad == 0)
			(void)snprintf(pods->bad_first, sizeof(pods->bad_first),
				       "%.64s: UID is listed more than once", pods->pods[i].uid);
		pods->n_bad += next - i;
		for (size_t k = i; k < next; k++)
			pod_clear(&pods->pods[k]);
	}
	pods->n = kept;
}

static int read_items(const cJSON *items, struct pods_json *pods)
{
	const cJSON *item;
	int size = cJSON_GetArraySize(items);

	if (size > PODS_JSON_MAX)
		return -E2BIG;
	pods->pods = calloc(size > 0 ? (size_t)size : 1, sizeof(*pods->pods));
	if (!pods->pods)
		return -ENOMEM;
	cJSON_ArrayForEach(item, items)
	{
		struct pods_json_pod *p = &pods->pods[pods->n];
		const char *why;
		int r = read_pod(item, p, &why);

		if (r == 0) {
			pods->n++;
			continue;
		}
		pod_clear(p);
		if (r == -ENOMEM)
			return r;
		count_bad(pods, why, item);
	}
	qsort(pods->pods, pods->n, sizeof(*pods->pods), by_uid);
	drop_doubles(pods);
	return 0;
}

static void delete_json(cJSON **json)
{
	cJSON_Delete(*json);
}

static void free_pods(struct pods_json **pods)
{
	pods_json_free(*pods);
}

int pods_json_parse(const char *text, size_t len, struct pods_json **ret_pods, size_t *ret_at)
{
	const char *end = text;
	/* The text is NUL-terminated (fs_read_alloc): asking for the NUL refuses what follows. */
	_cleanup_(delete_json) cJSON *json = cJSON_ParseWithLengthOpts(text, len + 1, &end, 1);
	_cleanup_(free_pods) struct pods_json *pods = NULL;
	int r;

	if (!json) {
		*ret_at = (size_t)(end - text);
		return -EBADMSG;
	}
	if (!cJSON_IsArray(get(json, "items")))
		return -EINVAL;
	pods = calloc(1, sizeof(*pods));
	if (!pods)
		return -ENOMEM;
	r = read_items(get(json, "items"), pods);
	if (r < 0)
		return r;
	*ret_pods = TAKE_PTR(pods);
	return 0;
}

void pods_json_free(struct pods_json *pods)
{
	if (!pods)
		return;
	for (size_t i = 0; i < pods->n; i++)
		pod_clear(&pods->pods[i]);
	free(pods->pods);
	free(pods);
}

struct pods_json_pod *pods_json_find(const struct pods_json *pods, const char *uid)
{
	size_t low = 0, high = pods->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(pods->pods[middle].uid, uid);

		if (order == 0)
			return &pods->pods[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
