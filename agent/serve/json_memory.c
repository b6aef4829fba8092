// SPDX-License-Identifier: LGPL-2.1-or-later
// The room in the status section, and the memory nodes in the "doctor" section.
#include "agent/serve/json_view.h"

#include "colod/cpu_set.h"
#include "policy/ring.h"
#include "policy/room.h"

/* "0-1", as the kernel lists them; null: of the machine as a whole. */
static void put_nodes(struct json_put *put, cJSON *object, const char *key, uint64_t nodes)
{
	const struct cpu_set ids = {{nodes}};
	char text[CPU_SET_TEXT_SIZE];

	json_put_text(put, object, key,
		      nodes != 0 ? cpu_set_format(&ids, text, sizeof(text)) : NULL);
}

/* An online pod that is bound to these nodes; NULL: none is. */
static const char *bound_pod(const struct snapshot *s, uint64_t nodes)
{
	const struct pod *pod;

	for (size_t i = 0; s->plan && i < s->plan->n_bounds; i++)
		if (s->plan->bounds[i].nodes == nodes) {
			pod = model_pod(s->model, s->plan->bounds[i].serial);
			return pod ? pod->name : NULL;
		}
	return NULL;
}

/* How far the node is from running out of memory; null where it was not measured. */
void json_room_section(struct json_view *view, cJSON *status)
{
	const struct snapshot *s = view->snapshot;
	struct json_put *put = &view->put;
	struct room room;
	cJSON *object;

	if (!s->samples || !s->status ||
	    !room_look(s->model, s->samples, s->plan, s->status->pass_us, &room)) {
		json_put_null(put, status, "room");
		return;
	}
	object = json_put_object(put, status, "room");
	put_nodes(put, object, "numa_nodes", room.nodes);
	json_put_text(put, object, "bound_pod", bound_pod(s, room.nodes));
	json_put_u64(put, object, "available_bytes", room.available_bytes);
	json_put_u64(put, object, "line_bytes", room.line_bytes);
	json_put_i64(put, object, "room_bytes", room.room_bytes);
	if (room.fall_span_us > 0)
		json_put_u64(put, object, "fall_bytes_per_s", room.fall_bytes_per_s);
	else
		json_put_null(put, object, "fall_bytes_per_s");
	if (room.time_to_empty_us != ROOM_NEVER)
		json_put_u64(put, object, "time_to_empty_us", room.time_to_empty_us);
	else
		json_put_null(put, object, "time_to_empty_us");
}

static void put_node(struct json_view *view, cJSON *array, const struct memory_node *node)
{
	const struct snapshot *s = view->snapshot;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);
	struct room room;

	put_nodes(put, object, "numa_nodes", UINT64_C(1) << node->id);
	json_put_u64(put, object, "memory_bytes", node->bytes);
	if (s->samples && s->status &&
	    room_of(s->model, s->samples, UINT64_C(1) << node->id, s->status->pass_us, &room))
		json_put_u64(put, object, "available_bytes", room.available_bytes);
	else
		json_put_null(put, object, "available_bytes");
}

static void put_bound(struct json_view *view, cJSON *array, uint64_t nodes)
{
	const struct snapshot *s = view->snapshot;
	struct json_put *put = &view->put;
	cJSON *object = json_put_object(put, array, NULL);
	struct room room;

	put_nodes(put, object, "numa_nodes", nodes);
	json_put_text(put, object, "pod", bound_pod(s, nodes));
	if (s->samples && s->status &&
	    room_of(s->model, s->samples, nodes, s->status->pass_us, &room))
		json_put_i64(put, object, "room_bytes", room.room_bytes);
	else
		json_put_null(put, object, "room_bytes");
}

/* Nothing where there is one. */
void json_memory_nodes(struct json_view *view, cJSON *doctor)
{
	const struct snapshot *s = view->snapshot;
	cJSON *nodes = json_put_array(&view->put, doctor, "memory_nodes");
	cJSON *bounds = json_put_array(&view->put, doctor, "memory_bounds");

	for (uint32_t i = 0; s->model && i < s->model->node.memory_nodes.n; i++)
		put_node(view, nodes, &s->model->node.memory_nodes.list[i]);
	for (size_t i = 0; s->model && s->plan && i < s->plan->n_bounds; i++)
		put_bound(view, bounds, s->plan->bounds[i].nodes);
}
