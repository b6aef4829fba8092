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
#include "agent/discover/pod_freeze.h"
#include "agent/discover/pod_requests.h"
#include "agent/discover/pods_list.h"
#include "policy/names.h"

#define STATIC_UID_LEN 32

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

static const char *annotation(const cJSON *metadata, const char *key)
{
	return text_of(get(metadata, "annotations"), key);
}

/* The UID of a static pod, which its cgroup bears, or NULL for any other pod. Annotations may be
 * written by a pod's owner, so the question is who vouches for them:
 *  - the kubelet writes config.source over whatever was there, on every pod: "api", or where the
 *    manifest came from;
 *  - at the API server nobody does. A static pod shows there as a mirror pod, which the kubelet
 *    never runs: whoever makes an ordinary pod look like one takes that pod off the node. The hash
 *    has to look like a static pod's UID, so that it cannot claim another pod's cgroup. */
static const char *static_uid(const cJSON *metadata, enum pods_json_from from)
{
	const char *hash = annotation(metadata, "kubernetes.io/config.hash");
	const char *source = annotation(metadata, "kubernetes.io/config.source");
	const char *mirror = annotation(metadata, "kubernetes.io/config.mirror");

	if (from == PODS_JSON_KUBELET) {
		if (!source || strcmp(source, "api") == 0)
			return NULL;
		return hash ? hash : text_of(metadata, "uid");
	}
	if (!mirror || !hash || strcmp(mirror, hash) != 0)
		return NULL;
	return strlen(hash) == STATIC_UID_LEN && strspn(hash, "0123456789abcdef") == STATIC_UID_LEN
		       ? hash
		       : NULL;
}

/* The controlling owner, else the first. */
static const char *owner_kind(const cJSON *metadata)
{
	const cJSON *owners = get(metadata, "ownerReferences"), *owner;

	cJSON_ArrayForEach(owner, owners) if (cJSON_IsTrue(get(owner, "controller")) &&
					      text_of(owner, "kind")) return text_of(owner, "kind");
	return text_of(cJSON_GetArrayItem(owners, 0), "kind");
}

static int copy_facts(const cJSON *pod, bool is_static, struct pod_facts *f)
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
	if (r == 0)
		r = pod_freeze(spec, &f->freeze);
	if (r < 0)
		return r;
	f->is_static = is_static;
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
	free(p->facts.freeze.runtime_class);
	free(p->facts.freeze.shared_volume);
	free_labels(p->facts.labels, p->facts.n_labels);
	free_labels(p->facts.annotations, p->facts.n_annotations);
	for (size_t i = 0; i < p->n_containers; i++)
		free(p->containers[i].name);
	free(p->containers);
	memset(p, 0, sizeof(*p));
}

/* -EBADMSG with the reason in *ret_why: not a pod that colod could name. */
static int read_pod(const cJSON *item, enum pods_json_from from, struct pods_json_pod *p,
		    const char **ret_why)
{
	const cJSON *metadata = get(item, "metadata"), *status = get(item, "status");
	/* The kubelet names a static pod's cgroup by the hash of its manifest; the mirror pod that
	 * the API server shows for it has a UID of its own. */
	const char *of_static = static_uid(metadata, from);
	const char *uid = of_static ? of_static : text_of(metadata, "uid");
	int r;

	*ret_why = "no usable namespace or name";
	if (!is_object_name(text_of(metadata, "name")) ||
	    !is_object_name(text_of(metadata, "namespace")))
		return -EBADMSG;
	*ret_why = "no usable UID";
	if (!uid || !cgroup_name_is_uid(uid))
		return -EBADMSG;
	memcpy(p->uid, uid, strlen(uid) + 1);
	*ret_why = "text that is not UTF-8";
	r = copy_facts(item, of_static != NULL, &p->facts);
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

static void sort(struct pods_json *pods)
{
	if (pods->n > 0)
		qsort(pods->pods, pods->n, sizeof(*pods->pods), by_uid);
	drop_doubles(pods);
}

/* The list as it grows. */
struct reading {
	struct pods_json *pods;
	size_t cap;
	enum pods_json_from from;
};

static int grow(struct reading *r)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct pods_json_pod *grown;

	if (r->pods->n + r->pods->n_bad >= PODS_JSON_MAX)
		return -E2BIG;
	if (r->pods->n < r->cap)
		return 0;
	grown = reallocarray(r->pods->pods, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->pods->pods = grown;
	r->cap = cap;
	return 0;
}

static int add_item(void *context, const cJSON *item)
{
	struct reading *reading = context;
	struct pods_json *pods = reading->pods;
	struct pods_json_pod *p;
	const char *why;
	int r = grow(reading);

	if (r < 0)
		return r;
	p = &pods->pods[pods->n];
	memset(p, 0, sizeof(*p));
	r = read_pod(item, reading->from, p, &why);
	if (r == 0) {
		pods->n++;
		return 0;
	}
	pod_clear(p);
	if (r == -ENOMEM)
		return r;
	count_bad(pods, why, item);
	return 0;
}

static void free_pods(struct pods_json **pods)
{
	pods_json_free(*pods);
}

int pods_json_parse(const char *text, size_t len, enum pods_json_from from,
		    struct pods_json **ret_pods, size_t *ret_at)
{
	_cleanup_(free_pods) struct pods_json *pods = calloc(1, sizeof(*pods));
	struct reading reading = {.pods = pods, .from = from};
	struct pods_list list = {.on_item = add_item, .context = &reading};
	int r;

	if (!pods)
		return -ENOMEM;
	r = pods_list_scan(text, len, &list, ret_at);
	pods->more = list.more;
	if (r < 0)
		return r;
	sort(pods);
	*ret_pods = TAKE_PTR(pods);
	return 0;
}

int pods_json_join(struct pods_json *to, struct pods_json *from)
{
	struct pods_json_pod *grown;

	if (to->n + from->n > PODS_JSON_MAX)
		return -E2BIG;
	grown = reallocarray(to->pods, to->n + from->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	to->pods = grown;
	if (from->n > 0)
		memcpy(&grown[to->n], from->pods, from->n * sizeof(*grown));
	to->n += from->n;
	from->n = 0;
	if (to->n_bad == 0)
		memcpy(to->bad_first, from->bad_first, sizeof(to->bad_first));
	to->n_bad += from->n_bad;
	sort(to);
	return 0;
}

int pods_json_carry(struct pods_json *to, struct pods_json *from, int64_t now_us,
		    int64_t longest_us)
{
	struct pods_json_pod *grown = reallocarray(to->pods, to->n + from->n + 1, sizeof(*grown));
	size_t listed = to->n;

	if (!grown)
		return -ENOMEM;
	to->pods = grown;
	for (size_t i = 0; i < from->n; i++) {
		struct pods_json_pod *p = &from->pods[i];
		struct pods_json known = {.pods = grown, .n = listed};

		if (pods_json_find(&known, p->uid))
			continue;
		if (p->missing_us == 0)
			p->missing_us = now_us;
		if (now_us - p->missing_us > longest_us || to->n >= PODS_JSON_MAX)
			continue;
		grown[to->n++] = *p;
		memset(p, 0, sizeof(*p));
	}
	if (to->n > listed)
		qsort(to->pods, to->n, sizeof(*to->pods), by_uid);
	return 0;
}

void pods_json_free(struct pods_json *pods)
{
	if (!pods)
		return;
	for (size_t i = 0; i < pods->n; i++)
		pod_clear(&pods->pods[i]);
	free(pods->pods);
	free(pods->more);
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
