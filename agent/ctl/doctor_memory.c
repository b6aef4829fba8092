// SPDX-License-Identifier: LGPL-2.1-or-later
// See doctor_memory.h.
#include "agent/ctl/doctor_memory.h"

#include "agent/ctl/doc.h"

static void bound(const struct ctl *ctl, const cJSON *one)
{
	const cJSON *room = doc_get(one, "room_bytes");
	char nodes[DOC_NODES_SIZE], bytes[DOC_TEXT_SIZE];
	double value = cJSON_IsNumber(room) ? room->valuedouble : 0;

	if (cJSON_IsNumber(room))
		term_say(&ctl->term, 2, 4, "%s has memory of %s alone, where %s are %s",
			 doc_text(one, "pod", "an online pod"),
			 doc_nodes(doc_text(one, "numa_nodes", "?"), nodes),
			 doc_bytes((uint64_t)(value < 0 ? -value : value), bytes),
			 value < 0 ? "lacking to the line" : "left above the line");
	else
		term_say(&ctl->term, 2, 4, "%s has memory of %s alone, which was not measured",
			 doc_text(one, "pod", "an online pod"),
			 doc_nodes(doc_text(one, "numa_nodes", "?"), nodes));
}

/* Nothing on a machine with one. */
void doctor_memory(const struct ctl *ctl, const cJSON *doctor)
{
	const cJSON *one, *bounds = doc_get(doctor, "memory_bounds");
	char nodes[DOC_NODES_SIZE], all[DOC_TEXT_SIZE], available[DOC_TEXT_SIZE];
	uint64_t bytes = 0;

	cJSON_ArrayForEach(one, doc_get(doctor, "memory_nodes"))
	{
		bool measured = doc_u64(one, "available_bytes", &bytes) == 0;

		term_say(&ctl->term, 0, 2, "memory: %s has %s%s%s%s",
			 doc_nodes(doc_text(one, "numa_nodes", "?"), nodes),
			 doc_format(one, "memory_bytes", doc_bytes, all),
			 measured ? ", of which " : "", measured ? doc_bytes(bytes, available) : "",
			 measured ? " are available" : "");
	}
	cJSON_ArrayForEach(one, bounds) bound(ctl, one);
	if (cJSON_GetArraySize(bounds) > 0)
		term_say(
			&ctl->term, 2, 4,
			"When that runs short, offline pods are held, reclaimed from or killed for it by what "
			"they have there. The kernel reclaims from a pod wherever it has memory, which cannot "
			"be told otherwise");
}
