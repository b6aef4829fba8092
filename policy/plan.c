// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan as a container: entries in the order they were added, found by cgroup and knob through
// a hash index; assignments by slot. Knows nothing of what is decided.
#include "policy/decide.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide_tree.h"

#define PLAN_CAP_FIRST 64
#define PLAN_EMPTY UINT32_MAX

static const struct assignment no_assignment = {
	.state = ASSIGNMENT_NONE,
	.level = LEVEL_NONE,
	.role = ROLE_INVALID,
	.rule = -1,
};

/* Where the search for an entry starts. Addresses differ from run to run, but only the length of
 * a search depends on them, never the order of the entries. */
static size_t start(const struct plan *plan, const struct cgroup *cgroup, enum knob knob)
{
	uint64_t h = ((uint64_t)(uintptr_t)cgroup >> 4) * KNOB_COUNT + (uint64_t)knob;

	return (size_t)((h * 0x9e3779b97f4a7c15ull) >> 32) & (plan->n_index - 1);
}

/* The slot of the index that holds the entry, or the empty one where it belongs. */
static uint32_t *slot_of(const struct plan *plan, const struct cgroup *cgroup, enum knob knob)
{
	size_t at = start(plan, cgroup, knob);

	for (;; at = (at + 1) & (plan->n_index - 1)) {
		const struct plan_entry *e;

		if (plan->index[at] == PLAN_EMPTY)
			return &plan->index[at];
		e = &plan->entries[plan->index[at]];
		if (e->cgroup == cgroup && e->knob == knob)
			return &plan->index[at];
	}
}

static void forget_index(struct plan *plan)
{
	if (plan->n_index > 0)
		memset(plan->index, 0xff, plan->n_index * sizeof(*plan->index));
}

/* Room for one more entry; the index stays at most half full. */
static int grow(struct plan *plan)
{
	size_t cap = plan->cap_entries > 0 ? plan->cap_entries * 2 : PLAN_CAP_FIRST;
	struct plan_entry *entries;
	uint32_t *index;

	entries = reallocarray(plan->entries, cap, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	plan->entries = entries;
	index = reallocarray(plan->index, cap * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	plan->index = index;
	plan->n_index = cap * 2;
	plan->cap_entries = cap;
	forget_index(plan);
	for (size_t i = 0; i < plan->n_entries; i++)
		*slot_of(plan, entries[i].cgroup, entries[i].knob) = (uint32_t)i;
	return 0;
}

int plan_add(struct plan *plan, const struct plan_entry *entry)
{
	uint32_t *slot;

	if (plan->n_entries == plan->cap_entries || !plan->index) {
		int r = grow(plan);

		if (r < 0)
			return r;
	}
	slot = slot_of(plan, entry->cgroup, entry->knob);
	if (*slot == PLAN_EMPTY)
		*slot = (uint32_t)plan->n_entries++;
	plan->entries[*slot] = *entry;
	return 0;
}

const struct plan_entry *plan_find(const struct plan *plan, const struct cgroup *cgroup,
				   enum knob knob)
{
	uint32_t at;

	if (plan->n_entries == 0 || plan->n_index == 0)
		return NULL;
	at = *slot_of(plan, cgroup, knob);
	return at == PLAN_EMPTY ? NULL : &plan->entries[at];
}

const struct assignment *plan_assignment(const struct plan *plan, const struct pod *pod)
{
	if (pod->slot >= plan->n_assignments)
		return &no_assignment;
	return &plan->assignments[pod->slot];
}

const struct plan_cores *plan_cores(const struct plan *plan, const struct pod *pod)
{
	static const struct plan_cores none = {.state = CORES_NOT_ASKED};

	if (pod->slot >= plan->n_cores || plan->cores[pod->slot].serial != pod->serial)
		return &none;
	return &plan->cores[pod->slot];
}

/* Rows by slot: twice as many as are needed, so that a node that fills up asks seldom; new ones are zero. */
static int reserve(void **rows, size_t *cap, size_t size, size_t n)
{
	void *more;

	if (n <= *cap)
		return 0;
	more = reallocarray(*rows, n * 2, size);
	if (!more)
		return -ENOMEM;
	memset((char *)more + *cap * size, 0, (n * 2 - *cap) * size);
	*rows = more;
	*cap = n * 2;
	return 0;
}

int plan_reserve_cores(struct plan *plan, const struct model *model)
{
	void *rows = plan->cores;
	int r = reserve(&rows, &plan->cap_cores, sizeof(*plan->cores), model->n_slots);

	if (r < 0)
		return r;
	plan->cores = rows;
	plan->n_cores = model->n_slots;
	for (size_t i = 0; i < model->n_pods; i++) {
		struct plan_cores *c = &plan->cores[model->pods[i]->slot];
		bool same = c->serial == model->pods[i]->serial;

		*c = (struct plan_cores){
			.state = CORES_NOT_ASKED,
			.serial = model->pods[i]->serial,
			.invalid = same ? c->invalid : 0,
			.why = same ? c->why : 0,
			.retry_us = same ? c->retry_us : 0,
		};
	}
	return 0;
}

const struct plan_freeze *plan_freeze(const struct plan *plan, const struct pod *pod)
{
	static const struct plan_freeze none = {.state = FREEZE_NOT_ASKED};

	if (pod->slot >= plan->n_freezes || plan->freezes[pod->slot].serial != pod->serial)
		return &none;
	return &plan->freezes[pod->slot];
}

int plan_reserve_freezes(struct plan *plan, const struct model *model)
{
	void *rows = plan->freezes;
	int r = reserve(&rows, &plan->cap_freezes, sizeof(*plan->freezes), model->n_slots);

	if (r < 0)
		return r;
	plan->freezes = rows;
	plan->n_freezes = model->n_slots;
	for (size_t i = 0; i < model->n_pods; i++) {
		struct plan_freeze *f = &plan->freezes[model->pods[i]->slot];

		if (f->serial != model->pods[i]->serial)
			*f = (struct plan_freeze){.serial = model->pods[i]->serial};
	}
	return 0;
}

const struct plan_growth *plan_growth(const struct plan *plan, const struct pod *pod)
{
	static const struct plan_growth none;

	if (pod->slot >= plan->n_growths || plan->growths[pod->slot].serial != pod->serial)
		return &none;
	return &plan->growths[pod->slot];
}

int plan_reserve_growths(struct plan *plan, const struct model *model)
{
	void *rows = plan->growths;
	int r = reserve(&rows, &plan->cap_growths, sizeof(*plan->growths), model->n_slots);

	if (r < 0)
		return r;
	plan->growths = rows;
	plan->n_growths = model->n_slots;
	for (size_t i = 0; i < model->n_pods; i++) {
		struct plan_growth *g = &plan->growths[model->pods[i]->slot];

		if (g->serial != model->pods[i]->serial)
			*g = (struct plan_growth){.serial = model->pods[i]->serial};
	}
	return 0;
}

void plan_clear(struct plan *plan)
{
	plan->n_entries = 0;
	plan->n_acts = 0;
	plan->n_bounds = 0;
	plan->n_assignments = 0;
	forget_index(plan);
}

void plan_free(struct plan *plan)
{
	free(plan->entries);
	free(plan->assignments);
	free(plan->cores);
	free(plan->freezes);
	free(plan->growths);
	free(plan->index);
	decide_tree_free(plan->tree);
	memset(plan, 0, sizeof(*plan));
}
