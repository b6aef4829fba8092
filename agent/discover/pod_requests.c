// SPDX-License-Identifier: LGPL-2.1-or-later
// See pod_requests.h.
#include "agent/discover/pod_requests.h"

#include <stdio.h>
#include <string.h>

#include "colod/knob.h"
#include "policy/quantity.h"

enum { CPU, MEMORY, BATCH_CPU, BATCH_MEMORY, N_RESOURCES };

/* Kubernetes takes whole numbers alone for a resource of that kind: thousandths of a CPU, and bytes. */
static const char *const names[N_RESOURCES] = {"cpu", "memory", "colod.io/batch-cpu",
					       "colod.io/batch-memory"};

/* Milli and bytes; 0 means "not given" as it does for the kubelet. `bad`: was given, unreadable. */
struct need {
	uint64_t request[N_RESOURCES];
	uint64_t limit[N_RESOURCES];
	bool unlimited[N_RESOURCES]; /* some container has no limit */
	bool bad_request[N_RESOURCES];
	bool bad_limit[N_RESOURCES];
};

static const cJSON *get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static bool is_text(const cJSON *object, const char *key, const char *text)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Saturates below KNOB_VALUE_MAX, which is a word and not a number. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a >= KNOB_VALUE_MAX - 1 - b ? KNOB_VALUE_MAX - 1 : a + b;
}

/* One quantity of a "requests" or "limits" map into *value, which stays when there is none.
 * The API writes strings; a pods file made by hand may hold plain numbers. */
static void quantity(const cJSON *map, int resource, uint64_t *value, bool *bad)
{
	const cJSON *item = get(map, names[resource]);
	char number[32];
	const char *text = number;
	int r;

	if (!item || cJSON_IsNull(item))
		return;
	if (cJSON_IsString(item))
		text = item->valuestring;
	else if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 1e15)
		(void)snprintf(number, sizeof(number), "%.3f", item->valuedouble);
	else
		text = "";
	r = resource == CPU ? quantity_cpu_milli(text, value) : quantity_bytes(text, value);
	if (r < 0 || *value >= KNOB_VALUE_MAX)
		*bad = true;
}

static void read_map(const cJSON *resources, const char *key, uint64_t value[N_RESOURCES],
		     bool bad[N_RESOURCES])
{
	const cJSON *map = get(resources, key);

	for (int i = 0; i < N_RESOURCES; i++)
		quantity(map, i, &value[i], &bad[i]);
}

/* The entry of this container in a status list, or NULL. */
static const cJSON *status_of(const cJSON *statuses, const cJSON *container)
{
	const cJSON *name = get(container, "name"), *status;

	if (!cJSON_IsString(name))
		return NULL;
	cJSON_ArrayForEach(status,
			   statuses) if (is_text(status, "name", name->valuestring)) return status;
	return NULL;
}

/* During a resize the container holds the larger of both until it is done; a resize that this node
 * can never do is what is there. */
static struct need container_need(const cJSON *container, const cJSON *status, bool infeasible)
{
	const cJSON *spec = get(container, "resources");
	struct need n = {0};
	uint64_t had[N_RESOURCES] = {0}, had_limit[N_RESOURCES] = {0};
	bool bad[N_RESOURCES] = {0};

	read_map(spec, "requests", n.request, n.bad_request);
	read_map(spec, "limits", n.limit, n.bad_limit);
	if (status) {
		uint64_t allocated[N_RESOURCES] = {0};

		read_map(get(status, "resources"), "requests", had, bad);
		read_map(get(status, "resources"), "limits", had_limit, bad);
		read_map(status, "allocatedResources", allocated, bad);
		for (int i = 0; i < N_RESOURCES; i++)
			had[i] = max(had[i], allocated[i]);
	}
	for (int i = 0; i < N_RESOURCES; i++) {
		if (n.request[i] == 0)
			n.request[i] = n.limit[i];
		if (had[i] > 0)
			n.request[i] = infeasible ? had[i] : max(n.request[i], had[i]);
		if (n.limit[i] > 0 && had_limit[i] > 0)
			n.limit[i] = infeasible ? had_limit[i] : max(n.limit[i], had_limit[i]);
		n.unlimited[i] = n.limit[i] == 0;
	}
	return n;
}

static void carry_flags(struct need *to, const struct need *from, int i)
{
	to->unlimited[i] |= from->unlimited[i];
	to->bad_request[i] |= from->bad_request[i];
	to->bad_limit[i] |= from->bad_limit[i];
}

static void add(struct need *to, const struct need *more)
{
	for (int i = 0; i < N_RESOURCES; i++) {
		to->request[i] = sum(to->request[i], more->request[i]);
		to->limit[i] = sum(to->limit[i], more->limit[i]);
		carry_flags(to, more, i);
	}
}

static void raise(struct need *to, const struct need *other)
{
	for (int i = 0; i < N_RESOURCES; i++) {
		to->request[i] = max(to->request[i], other->request[i]);
		to->limit[i] = max(to->limit[i], other->limit[i]);
		carry_flags(to, other, i);
	}
}

static bool resize_infeasible(const cJSON *status)
{
	const cJSON *condition;

	cJSON_ArrayForEach(condition,
			   get(status, "conditions")) if (is_text(condition, "type",
								  "PodResizePending") &&
							  is_text(condition, "reason",
								  "Infeasible")) return true;
	return is_text(status, "resize", "Infeasible"); /* until 1.32 */
}

/* Init containers run one after another, beside the sidecars that were started before them. */
static struct need all_containers(const cJSON *spec, const cJSON *status)
{
	bool infeasible = resize_infeasible(status);
	struct need all = {0}, init = {0}, sidecars = {0};
	const cJSON *c;

	cJSON_ArrayForEach(c, get(spec, "containers"))
	{
		struct need n = container_need(c, status_of(get(status, "containerStatuses"), c),
					       infeasible);

		add(&all, &n);
	}
	cJSON_ArrayForEach(c, get(spec, "initContainers"))
	{
		bool sidecar = is_text(c, "restartPolicy", "Always");
		const cJSON *s = sidecar ? status_of(get(status, "initContainerStatuses"), c)
					 : NULL;
		struct need n = container_need(c, s, infeasible), step = sidecars;

		add(&step, &n);
		if (sidecar) {
			add(&all, &n);
			sidecars = step;
		}
		raise(&init, &step);
	}
	raise(&all, &init);
	return all;
}

/* What the pod as a whole has while it is resized; 0 where status does not tell. Unreadable values
 * count for nothing: what is wanted stands beside them. */
static void pod_has(const cJSON *status, int i, uint64_t *request, uint64_t *limit)
{
	const cJSON *resources = get(status, "resources");
	uint64_t allocated = 0;
	bool bad = false;

	*request = *limit = 0;
	quantity(get(resources, "requests"), i, request, &bad);
	quantity(get(resources, "limits"), i, limit, &bad);
	quantity(get(status, "allocatedResources"), i, &allocated, &bad);
	*request = bad ? 0 : max(*request, allocated);
	*limit = bad ? 0 : *limit;
}

/* Resources of the pod as a whole replace the sum, each on its own. */
static void pod_level(struct need *n, const cJSON *resources, const cJSON *status)
{
	bool infeasible = resize_infeasible(status);

	for (int i = 0; i < N_RESOURCES; i++) {
		struct need own = {0};
		uint64_t had, had_limit;

		quantity(get(resources, "requests"), i, &own.request[i], &own.bad_request[i]);
		quantity(get(resources, "limits"), i, &own.limit[i], &own.bad_limit[i]);
		pod_has(status, i, &had, &had_limit);
		if (own.limit[i] > 0 && had_limit > 0)
			own.limit[i] = infeasible ? had_limit : max(own.limit[i], had_limit);
		if (own.request[i] > 0 && had > 0)
			own.request[i] = infeasible ? had : max(own.request[i], had);
		if (own.limit[i] > 0 || own.bad_limit[i]) {
			n->limit[i] = own.limit[i];
			n->unlimited[i] = false;
			n->bad_limit[i] = own.bad_limit[i];
		}
		if (own.request[i] > 0 || own.bad_request[i]) {
			n->request[i] = own.request[i];
			n->bad_request[i] = own.bad_request[i];
		} else if (n->request[i] == 0) {
			n->request[i] = own.limit[i];
		}
	}
}

static struct fact_u64 fact(uint64_t value, bool bad)
{
	return (struct fact_u64){.state = bad ? FACT_UNKNOWN : FACT_KNOWN,
				 .value = bad ? 0 : value};
}

static struct need whole(const cJSON *spec, const cJSON *status)
{
	struct need n = all_containers(spec, status);

	pod_level(&n, get(spec, "resources"), status);
	for (int i = 0; i < N_RESOURCES; i++) {
		uint64_t overhead = 0;
		bool bad = false;

		quantity(get(spec, "overhead"), i, &overhead, &bad);
		n.request[i] = sum(n.request[i], overhead);
		n.limit[i] = n.unlimited[i] ? KNOB_VALUE_MAX : sum(n.limit[i], overhead);
		n.bad_request[i] |= bad;
		n.bad_limit[i] |= bad;
	}
	return n;
}

static struct fact_u64 batch(uint64_t limit, bool bad)
{
	return bad || limit == 0 || limit == KNOB_VALUE_MAX ? (struct fact_u64){0}
							    : fact(limit, false);
}

struct pod_resources pod_requests(const cJSON *pod)
{
	const cJSON *spec = get(pod, "spec");
	struct need n = whole(spec, get(pod, "status")), asked = whole(spec, NULL);

	return (struct pod_resources){
		.cpu_request_milli = fact(n.request[CPU], n.bad_request[CPU]),
		.cpu_limit_milli = fact(n.limit[CPU], n.bad_limit[CPU]),
		.cpu_spec_milli = fact(asked.limit[CPU], asked.bad_limit[CPU]),
		.memory_request_bytes = fact(n.request[MEMORY], n.bad_request[MEMORY]),
		.memory_limit_bytes = fact(n.limit[MEMORY], n.bad_limit[MEMORY]),
		.cpu_batch_milli = batch(n.limit[BATCH_CPU], n.bad_limit[BATCH_CPU]),
		.memory_batch_bytes = batch(n.limit[BATCH_MEMORY], n.bad_limit[BATCH_MEMORY]),
	};
}
