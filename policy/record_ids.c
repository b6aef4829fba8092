// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_ids.h. Addresses are used to find things only, never to order them: two runs over the
// same models give the same numbers.
#include "policy/record_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/record_text.h"

#define NONE UINT32_MAX

struct record_id {
	uint64_t identity; /* path and inode */
	uint64_t inode;
	uint64_t round; /* the last one that saw it */
	uint64_t since; /* the round that gave the number */
};

void record_ids_free(struct record_ids *ids)
{
	free(ids->list);
	free(ids->ids);
	free(ids->seen);
	free(ids->index);
	*ids = (struct record_ids){0};
}

static bool is_unchanged(const struct record_ids *ids, const struct model *m)
{
	if (ids->n_seen != m->n_cgroups)
		return false;
	for (size_t i = 0; i < m->n_cgroups; i++)
		if (ids->seen[i] != m->cgroups[i] ||
		    ids->ids[ids->list[i]].inode != m->cgroups[i]->inode)
			return false;
	return true;
}

/* Room for the cgroups of two rounds: the old ones keep theirs until the new ones are known. */
static int reserve(struct record_ids *ids, size_t n)
{
	size_t cap = ids->cap ? ids->cap : 64;
	void *p;

	while (cap < ids->n_ids + n)
		cap *= 2;
	if (cap == ids->cap)
		return 0;
	p = reallocarray(ids->list, cap, sizeof(*ids->list));
	if (!p)
		return -ENOMEM;
	ids->list = p;
	p = reallocarray(ids->ids, cap, sizeof(*ids->ids));
	if (!p)
		return -ENOMEM;
	ids->ids = p;
	memset(ids->ids + ids->cap, 0, (cap - ids->cap) * sizeof(*ids->ids));
	p = reallocarray(ids->seen, cap, sizeof(*ids->seen));
	if (!p)
		return -ENOMEM;
	ids->seen = p;
	p = reallocarray(ids->index, cap * 2, sizeof(*ids->index));
	if (!p)
		return -ENOMEM;
	ids->index = p;
	ids->n_index = cap * 2;
	ids->cap = cap;
	return 0;
}

static uint64_t identity_of(const struct cgroup *cg)
{
	return record_mix(record_hash(cg->path, strlen(cg->path)), cg->inode);
}

static uint32_t *slot_of(const struct record_ids *ids, uint64_t identity)
{
	size_t at = (size_t)identity & (ids->n_index - 1);

	while (ids->index[at] != NONE && ids->ids[ids->index[at]].identity != identity)
		at = (at + 1) & (ids->n_index - 1);
	return &ids->index[at];
}

static void index_living(struct record_ids *ids)
{
	memset(ids->index, 0xff, ids->n_index * sizeof(*ids->index));
	for (uint32_t id = 0; id < ids->n_ids; id++)
		if (ids->ids[id].round == ids->round)
			*slot_of(ids, ids->ids[id].identity) = id;
}

/* The lowest number that nobody has, from *from on. */
static uint32_t free_id(struct record_ids *ids, uint64_t last_round, uint32_t *from)
{
	while (*from < ids->n_ids &&
	       (ids->ids[*from].round == ids->round || ids->ids[*from].round == last_round))
		(*from)++;
	if (*from == ids->n_ids)
		ids->n_ids++;
	return *from;
}

int record_ids_take(struct record_ids *ids, const struct model *m)
{
	uint64_t last = ids->round;
	uint32_t from = 0;
	int r;

	if (is_unchanged(ids, m)) {
		/* None is new any more. */
		ids->round++;
		for (size_t i = 0; i < m->n_cgroups; i++)
			ids->ids[ids->list[i]].round = ids->round;
		return 0;
	}
	r = reserve(ids, m->n_cgroups);
	if (r < 0)
		return r;
	index_living(ids);
	ids->round++;
	for (size_t i = 0; i < m->n_cgroups; i++) {
		uint64_t identity = identity_of(m->cgroups[i]);
		uint32_t id = *slot_of(ids, identity);

		if (id == NONE) {
			id = free_id(ids, last, &from);
			ids->ids[id].identity = identity;
			ids->ids[id].since = ids->round;
		}
		ids->ids[id].inode = m->cgroups[i]->inode;
		ids->ids[id].round = ids->round;
		ids->list[i] = id;
		ids->seen[i] = m->cgroups[i];
	}
	ids->n_seen = m->n_cgroups;
	index_living(ids);
	return 0;
}

bool record_ids_is_new(const struct record_ids *ids, uint32_t id)
{
	return ids->ids[id].since == ids->round;
}

uint32_t record_ids_of(const struct record_ids *ids, const struct cgroup *cg)
{
	uint32_t id = *slot_of(ids, identity_of(cg));

	return id == NONE ? 0 : id;
}
