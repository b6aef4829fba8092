// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_pod.h. Properties are read from the snapshot when asked for; only what is needed to
// notice a change is kept here.
#include "agent/serve/bus_pod.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_text.h"
#include "agent/serve/held.h"
#include "agent/serve/stall.h"
#include "agent/serve/words.h"
#include "policy/decide.h"
#include "policy/names.h"
#include "policy/reason_text.h"
#include "policy/ring.h"
#include "policy/score.h"

/* What the properties with change signals were when last told; texts as a hash. */
struct shown {
	struct assignment assignment;
	enum qos qos;
	enum fact_state facts;
	bool held;
	uint64_t name;
	uint64_t ns;
};

struct bus_pod {
	struct bus_pods *pods;
	char *path;
	uint32_t slot;
	uint64_t serial;
	uint64_t seen; /* the sweep that last saw it */
	struct shown shown;
};

static const struct assignment *assignment_of(const struct snapshot *s, const struct pod *pod)
{
	static const struct assignment none = {.state = ASSIGNMENT_NONE, .rule = -1};

	return s->plan ? plan_assignment(s->plan, pod) : &none;
}

static const struct pod *pod_of(const struct bus_pod *object, const struct snapshot *s)
{
	return s->model ? model_pod(s->model, object->serial) : NULL;
}

static int pod_or_error(struct bus_pod *object, const struct snapshot **ret_snapshot,
			const struct pod **ret_pod, sd_bus_error *error)
{
	const struct snapshot *s = object->pods->ops->snapshot(object->pods->ops->context);
	const struct pod *pod = pod_of(object, s);

	if (!pod)
		return sd_bus_error_set(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "the pod is gone");
	*ret_snapshot = s;
	*ret_pod = pod;
	return 0;
}

static const char *text_of(const struct snapshot *s, const struct pod *pod, const char *property,
			   char *buf, size_t size)
{
	const struct assignment *a = assignment_of(s, pod);
	bool levelled = a->state == ASSIGNMENT_LEVEL;

	if (strcmp(property, "Uid") == 0)
		return pod->uid;
	if (strcmp(property, "Name") == 0)
		return pod->name;
	if (strcmp(property, "Namespace") == 0)
		return pod->facts ? pod->facts->ns : NULL;
	if (strcmp(property, "Kind") == 0)
		return words_pod_kind(pod->kind);
	if (strcmp(property, "Qos") == 0)
		return names_qos(pod->qos);
	if (strcmp(property, "CgroupPath") == 0)
		return pod->cgroup ? pod->cgroup->path : NULL;
	if (strcmp(property, "State") == 0)
		return words_assignment(a->state);
	if (strcmp(property, "Level") == 0)
		return levelled ? names_level(a->level) : NULL;
	if (strcmp(property, "Role") == 0)
		return levelled ? names_role(a->role) : NULL;
	if (strcmp(property, "WaitingFor") == 0)
		return a->state == ASSIGNMENT_WAITING ? a->waiting_for : NULL;
	if (strcmp(property, "Facts") == 0)
		return names_fact(pod->facts_state);
	if (strcmp(property, "ScoreState") == 0)
		return names_score(score_of(s->scores, pod) ? score_of(s->scores, pod)->state
							    : SCORE_NONE);
	if (strcmp(property, "Rule") == 0 && levelled && a->rule >= 0 && s->policy)
		return reason_text_rule(s->policy, a->rule, buf, size);
	return NULL;
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct snapshot *s;
	const struct pod *pod;
	char buf[REASON_TEXT_SIZE];
	int r = pod_or_error(userdata, &s, &pod, error);

	(void)bus, (void)path, (void)interface;
	if (r < 0)
		return r;
	return bus_text_append(reply, text_of(s, pod, property, buf, sizeof(buf)));
}

static int get_held(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct snapshot *s;
	const struct pod *pod;
	int r = pod_or_error(userdata, &s, &pod, error);

	(void)bus, (void)path, (void)interface, (void)property;
	if (r < 0)
		return r;
	return sd_bus_message_append(reply, "b", held_pod(pod));
}

static int get_stalled(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	enum resource resource = strncmp(property, "Cpu", 3) == 0      ? RESOURCE_CPU
				 : strncmp(property, "Memory", 6) == 0 ? RESOURCE_MEMORY
								       : RESOURCE_IO;
	const struct snapshot *s;
	const struct pod *pod;
	int r = pod_or_error(userdata, &s, &pod, error);

	(void)bus, (void)path, (void)interface;
	if (r < 0)
		return r;
	return sd_bus_message_append(reply, "i", stall_permille(s->scores, pod, resource));
}

static int get_score(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct pod_score *score;
	const struct snapshot *s;
	const struct pod *pod;
	int r = pod_or_error(userdata, &s, &pod, error);

	(void)bus, (void)path, (void)interface, (void)property;
	if (r < 0)
		return r;
	score = score_of(s->scores, pod);
	if (!score || !score_has_number(score->state))
		return sd_bus_message_append(reply, "i", -1);
	return sd_bus_message_append(reply, "i", (int)score->permille);
}

static int get_memory(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct snapshot *s;
	const struct pod *pod;
	const struct pod_history *history;
	const struct pod_sample *last;
	int r = pod_or_error(userdata, &s, &pod, error);

	(void)bus, (void)path, (void)interface, (void)property;
	if (r < 0)
		return r;
	history = s->samples ? ring_of(s->samples, pod->slot, pod->serial) : NULL;
	last = history ? ring_last(history) : NULL;
	return sd_bus_message_append(reply, "t",
				     last && (last->valid & SAMPLE_MEMORY) ? last->memory_bytes
									   : UINT64_MAX);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST

/* The numbers move with every sample: no change signals, or a busy node would send one per pod and
 * second to everybody who listens for levels. */
const sd_bus_vtable bus_pod_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Uid", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Name", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Namespace", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Kind", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("CgroupPath", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Qos", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("State", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Level", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Role", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Rule", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("WaitingFor", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Facts", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Held", "b", get_held, 0, CHANGES),
	SD_BUS_PROPERTY("ScoreState", "s", get_text, 0, 0),
	SD_BUS_PROPERTY("ScorePermille", "i", get_score, 0, 0),
	SD_BUS_PROPERTY("CpuStalledPermille", "i", get_stalled, 0, 0),
	SD_BUS_PROPERTY("MemoryStalledPermille", "i", get_stalled, 0, 0),
	SD_BUS_PROPERTY("IoStalledPermille", "i", get_stalled, 0, 0),
	SD_BUS_PROPERTY("MemoryBytes", "t", get_memory, 0, 0),
	SD_BUS_VTABLE_END,
};

static struct bus_pod *by_path(const struct bus_pods *pods, const char *path)
{
	for (size_t i = 0; i < pods->n; i++) {
		if (pods->list[i] && strcmp(pods->list[i]->path, path) == 0)
			return pods->list[i];
	}
	return NULL;
}

static struct bus_pod *object_of(const struct bus_pods *pods, const struct pod *pod)
{
	struct bus_pod *object = pod->slot < pods->n ? pods->list[pod->slot] : NULL;

	return object && object->serial == pod->serial ? object : NULL;
}

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		void **ret_found, sd_bus_error *error)
{
	struct bus_pod *object = by_path(userdata, path);

	(void)bus, (void)interface, (void)error;
	if (!object)
		return 0;
	*ret_found = object;
	return 1;
}

static void free_paths(char **paths)
{
	for (size_t i = 0; paths && paths[i]; i++)
		free(paths[i]);
	free(paths);
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
		     sd_bus_error *error)
{
	const struct bus_pods *pods = userdata;
	char **nodes = calloc(pods->n + 1, sizeof(*nodes));
	size_t n = 0;

	(void)bus, (void)prefix, (void)error;
	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < pods->n; i++) {
		if (!pods->list[i])
			continue;
		nodes[n] = strdup(pods->list[i]->path);
		if (!nodes[n++]) {
			free_paths(nodes);
			return -ENOMEM;
		}
	}
	*ret_nodes = nodes;
	return 1;
}

int bus_pod_register(struct bus_pods *pods, sd_bus *sdbus, const struct bus_ops *ops)
{
	int r;

	*pods = (struct bus_pods){.sdbus = sdbus, .ops = ops};
	r = sd_bus_add_object_manager(sdbus, &pods->manager, BUS_PATH);
	if (r < 0)
		return r;
	r = sd_bus_add_fallback_vtable(sdbus, &pods->objects, BUS_POD_PREFIX, BUS_POD_INTERFACE,
				       bus_pod_vtable, find, pods);
	if (r < 0)
		return r;
	return sd_bus_add_node_enumerator(sdbus, &pods->enumerator, BUS_POD_PREFIX, enumerate,
					  pods);
}

static void object_free(struct bus_pod *object)
{
	if (!object)
		return;
	free(object->path);
	free(object);
}

void bus_pod_unregister(struct bus_pods *pods)
{
	pods->enumerator = sd_bus_slot_unref(pods->enumerator);
	pods->objects = sd_bus_slot_unref(pods->objects);
	pods->manager = sd_bus_slot_unref(pods->manager);
	for (size_t i = 0; i < pods->n; i++)
		object_free(pods->list[i]);
	free(pods->list);
	pods->list = NULL;
	pods->n = 0;
}

static void fill_shown(const struct snapshot *s, const struct pod *pod, struct shown *ret_shown)
{
	*ret_shown = (struct shown){
		.assignment = *assignment_of(s, pod),
		.qos = pod->qos,
		.facts = pod->facts_state,
		.held = held_pod(pod),
		.name = bus_text_hash(pod->name),
		.ns = bus_text_hash(pod->facts ? pod->facts->ns : NULL),
	};
}

/* Two cgroups may carry one UID (a node inside a node): the second one goes by its path. */
static int make_path(const struct bus_pods *pods, const struct pod *pod, char **ret_path)
{
	_cleanup_free_ char *path = NULL;
	const char *cgroup = pod->cgroup ? pod->cgroup->path : "";
	int r = sd_bus_path_encode(BUS_POD_PREFIX, *pod->uid ? pod->uid : cgroup, &path);

	if (r < 0)
		return r;
	if (*pod->uid && by_path(pods, path)) {
		free(TAKE_PTR(path));
		r = sd_bus_path_encode(BUS_POD_PREFIX, cgroup, &path);
		if (r < 0)
			return r;
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}

static int reserve_slot(struct bus_pods *pods, uint32_t slot)
{
	size_t n = (size_t)slot + 32;
	struct bus_pod **list;

	if (slot < pods->n)
		return 0;
	list = reallocarray(pods->list, n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	memset(list + pods->n, 0, (n - pods->n) * sizeof(*list));
	pods->list = list;
	pods->n = n;
	return 0;
}

static int add(struct bus_pods *pods, const struct snapshot *s, const struct pod *pod, bool emit)
{
	struct bus_pod *object;
	char *path = NULL;
	int r = reserve_slot(pods, pod->slot);

	if (r < 0)
		return r;
	r = make_path(pods, pod, &path);
	if (r < 0)
		return r;
	object = calloc(1, sizeof(*object));
	if (!object) {
		free(path);
		return -ENOMEM;
	}
	*object = (struct bus_pod){
		.pods = pods,
		.path = path,
		.slot = pod->slot,
		.serial = pod->serial,
		.seen = pods->sweep,
	};
	fill_shown(s, pod, &object->shown);
	pods->list[pod->slot] = object;
	if (emit)
		(void)sys_bus(sd_bus_emit_object_added(pods->sdbus, object->path));
	return 0;
}

static void emit_changes(struct bus_pods *pods, struct bus_pod *object, const struct shown *now)
{
	const struct shown *was = &object->shown;
	const struct assignment *a = &was->assignment, *b = &now->assignment;
	char *names[12];
	size_t n = 0;

#define NOTE(changed, name)                                                                        \
	do {                                                                                       \
		if (changed)                                                                       \
			names[n++] = (char *)(name);                                               \
	} while (0)
	NOTE(was->name != now->name, "Name");
	NOTE(was->ns != now->ns, "Namespace");
	NOTE(was->qos != now->qos, "Qos");
	NOTE(a->state != b->state, "State");
	NOTE(a->state != b->state || a->level != b->level, "Level");
	NOTE(a->state != b->state || a->role != b->role, "Role");
	NOTE(a->rule != b->rule, "Rule");
	NOTE(bus_text_hash(a->waiting_for) != bus_text_hash(b->waiting_for), "WaitingFor");
	NOTE(was->facts != now->facts, "Facts");
	NOTE(was->held != now->held, "Held");
#undef NOTE
	names[n] = NULL;
	object->shown = *now;
	if (n > 0)
		(void)sys_bus(sd_bus_emit_properties_changed_strv(pods->sdbus, object->path,
								  BUS_POD_INTERFACE, names));
}

static void remove_gone(struct bus_pods *pods, bool emit)
{
	for (size_t i = 0; i < pods->n; i++) {
		struct bus_pod *object = pods->list[i];

		if (!object || object->seen == pods->sweep)
			continue;
		/* Before it leaves the list: sd-bus calls find() for its interfaces. */
		if (emit)
			(void)sys_bus(sd_bus_emit_object_removed(pods->sdbus, object->path));
		pods->list[i] = NULL;
		object_free(object);
	}
}

int bus_pod_sync(struct bus_pods *pods, bool emit)
{
	const struct snapshot *s = pods->ops->snapshot(pods->ops->context);
	size_t n = s->model ? s->model->n_pods : 0;

	pods->sweep++;
	for (size_t i = 0; i < n; i++) {
		struct bus_pod *object = object_of(pods, s->model->pods[i]);
		struct shown now;

		if (!object)
			continue;
		object->seen = pods->sweep;
		fill_shown(s, s->model->pods[i], &now);
		if (emit)
			emit_changes(pods, object, &now);
		else
			object->shown = now;
	}
	/* Gone ones first: a pod that comes back takes the same object path. */
	remove_gone(pods, emit);
	for (size_t i = 0; i < n; i++) {
		int r = object_of(pods, s->model->pods[i]) ? 0
							   : add(pods, s, s->model->pods[i], emit);

		if (r < 0)
			return r;
	}
	return 0;
}

const char *bus_pod_path(const struct bus_pods *pods, const struct pod *pod)
{
	const struct bus_pod *object = object_of(pods, pod);

	return object ? object->path : "/";
}
