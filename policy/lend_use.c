// SPDX-License-Identifier: LGPL-2.1-or-later
// See lend_use.h.
#include "policy/lend_use.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/lend.h"
#include "policy/record_text.h"
#include "policy/ring.h"
#include "policy/room.h"

#define NOBODY UINT64_MAX

/* --- who is new ---------------------------------------------------------------------------------- */

/* Its cgroup: made anew, it is another pod. */
static uint64_t id_of(const struct pod *pod)
{
	return record_mix(record_hash(pod->cgroup->path, strlen(pod->cgroup->path)),
			  pod->cgroup->inode);
}

static int64_t first_seen(const struct lend_pods *pods, uint64_t id, int64_t now_us)
{
	for (size_t i = 0; i < pods->n_kept; i++)
		if (pods->kept[i].id == id)
			return pods->kept[i].first_us;
	return now_us;
}

int lend_pods_update(struct lend_pods *pods, const struct model *model, int64_t now_us)
{
	if (model->n_slots > pods->n_slots) {
		struct lend_slot *grown = reallocarray(pods->slots, model->n_slots, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		for (size_t i = pods->n_slots; i < model->n_slots; i++)
			grown[i] = (struct lend_slot){.serial = NOBODY};
		pods->slots = grown;
		pods->n_slots = model->n_slots;
	}
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		struct lend_slot *slot = &pods->slots[pod->slot];

		if (slot->serial == pod->serial)
			continue;
		slot->serial = pod->serial;
		slot->id = id_of(pod);
		slot->first_us = first_seen(pods, slot->id, now_us);
	}
	return 0;
}

void lend_pods_done(struct lend_pods *pods)
{
	free(pods->slots);
	free(pods->kept);
	*pods = (struct lend_pods){0};
}

static bool is_new(const struct lend_node *node, const struct lend_pods *pods,
		   const struct pod *pod)
{
	const struct lend_slot *slot = pod->slot < pods->n_slots ? &pods->slots[pod->slot] : NULL;

	if (!slot || slot->serial != pod->serial)
		return true;
	return node->now_us - slot->first_us < (int64_t)node->policy->lend.cold_start_us;
}

/* --- what is used -------------------------------------------------------------------------------- */

static uint64_t less(uint64_t from, uint64_t by)
{
	return from > by ? from - by : 0;
}

/* What its pods use, by numbers that were measured; false: of this one there is none. */
static bool pod_used(const struct lend_node *node, enum lend_of of, const struct pod *pod,
		     uint64_t *ret_used)
{
	const struct pod_history *history = ring_of(node->samples, pod->slot, pod->serial);
	const struct pod_sample *last = history ? ring_last(history) : NULL;

	if (of == LEND_CPU)
		return cpu_use_pod_milli(node->samples, pod, LEND_LOOK_US, node->now_us,
					 ret_used) == 0;
	if (!last || !(last->valid & SAMPLE_MEMORY) ||
	    node->now_us - last->at_us > CPU_USE_STALE_US)
		return false;
	*ret_used = last->memory_bytes;
	return true;
}

static void add_pods(const struct lend_node *node, const struct lend_pods *pods, enum lend_of of,
		     struct lend_use *use)
{
	for (size_t i = 0; i < node->model->n_pods; i++) {
		const struct pod *pod = node->model->pods[i];
		const struct assignment *a = plan_assignment(node->plan, pod);
		const struct fact_u64 *request = of == LEND_CPU
							 ? &pod->resources.cpu_request_milli
							 : &pod->resources.memory_request_bytes;
		bool offline = a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE;
		uint64_t used = 0;

		if (pod_used(node, of, pod, &used) && a->state == ASSIGNMENT_LEVEL)
			*(offline ? &use->offline : &use->level[a->level]) += used;
		if (!offline && is_new(node, pods, pod)) {
			use->n_newcomers++;
			if (fact_has_value(request))
				use->newcomers += request->value;
		}
	}
	for (int level = 0; level < LEVEL_COUNT; level++)
		if (node->policy->levels[level].defined &&
		    node->policy->levels[level].role == ROLE_ONLINE)
			use->levels |= 1u << level;
}

/* What is left of the node's when all is taken off that pods with a level have. */
static void settle(struct lend_use *use, uint64_t online)
{
	use->measured = true;
	use->online = online;
	use->other = online;
	for (int level = 0; level < LEVEL_COUNT; level++)
		use->other = less(use->other, use->level[level]);
}

struct lend_use lend_use_cpu(const struct lend_node *node, const struct lend_pods *pods)
{
	struct lend_use use = {
		.capacity = node->model->node.n_cpus * (uint64_t)1000,
		.reserved = node->policy->node.reserve_cpu_milli,
	};
	uint64_t busy = 0;

	add_pods(node, pods, LEND_CPU, &use);
	if (cpu_use_node_milli(node->samples, LEND_LOOK_US, node->now_us, &busy) == 0)
		settle(&use, less(busy, use.offline));
	return use;
}

struct lend_use lend_use_memory(const struct lend_node *node, const struct lend_pods *pods)
{
	const struct node_sample *last = ring_last_node(&node->samples->node);
	uint64_t line = room_line_bytes(node->model, 0), free_bytes, could;
	struct lend_use use = {
		.capacity = node->model->node.memory_bytes,
		.reserved = node->policy->node.reserve_memory_bytes,
	};

	use.reserved = use.reserved > line ? use.reserved : line;
	add_pods(node, pods, LEND_MEMORY, &use);
	if (!last || !(last->valid & SAMPLE_MEMORY) ||
	    node->now_us - last->at_us > CPU_USE_STALE_US)
		return use;
	free_bytes = last->memory_free_bytes;
	could = free_bytes + last->memory_inactive_file_bytes;
	if (could > last->memory_available_bytes)
		could = last->memory_available_bytes;
	if (could < free_bytes + use.offline)
		could = free_bytes + use.offline;
	settle(&use, less(use.capacity, could));
	return use;
}
