// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of a pass in a record: cgroups find their parents, pods their cgroups. Everything that a
// decider takes for granted of a model is checked here.
#include "policy/record_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/record_model_state.h"

static int reserve_index(struct record_model *m)
{
	size_t n = 64;
	uint32_t *index;

	while (n < m->n_order * 2)
		n *= 2;
	if (n > m->n_index) {
		index = reallocarray(m->index, n, sizeof(*index));
		if (!index)
			return -ENOMEM;
		m->index = index;
		m->n_index = n;
	}
	memset(m->index, 0xff, m->n_index * sizeof(*m->index));
	return 0;
}

/* Where the path[0..len) is in the index, or would be. */
static uint32_t *place_of(const struct record_model *m, const char *path, size_t len)
{
	size_t at = (size_t)record_hash(path, len) & (m->n_index - 1);

	while (m->index[at] != RECORD_MODEL_NONE) {
		const char *other = m->model.cgroups[m->index[at]]->path;

		if (strlen(other) == len && memcmp(other, path, len) == 0)
			break;
		at = (at + 1) & (m->n_index - 1);
	}
	return &m->index[at];
}

static const char *link_cgroup(struct record_model *m, size_t i)
{
	struct cgroup *cg = m->model.cgroups[i];
	const char *slash = strrchr(cg->path, '/');
	uint32_t *place = place_of(m, cg->path, strlen(cg->path)), *parent;

	if (*place != RECORD_MODEL_NONE)
		return "two cgroups have the same path";
	if ((i == 0) != (cg->path[0] == '\0'))
		return "the root must be the first cgroup, and the only one";
	cg->name = slash ? slash + 1 : cg->path;
	cg->parent = cg->first_child = cg->next_sibling = NULL;
	*place = (uint32_t)i;
	if (i == 0)
		return NULL;
	parent = place_of(m, cg->path, slash ? (size_t)(slash - cg->path) : 0);
	if (*parent == RECORD_MODEL_NONE)
		return "a cgroup comes before its parent";
	cg->parent = m->model.cgroups[*parent];
	return NULL;
}

/* In the order of the list. */
static void link_children(struct record_model *m)
{
	for (size_t i = m->n_order; i-- > 1;) {
		struct cgroup *cg = m->model.cgroups[i];

		cg->next_sibling = cg->parent->first_child;
		cg->parent->first_child = cg;
	}
}

static const char *take_order(struct record_model *m)
{
	for (size_t id = 0; id < m->n_ids; id++)
		m->cgroups[id].at = RECORD_MODEL_NONE;
	for (size_t i = 0; i < m->n_order; i++) {
		uint32_t id = m->order[i];

		if (id >= m->n_ids || !m->cgroups[id].cgroup)
			return "the order names a cgroup that was not described";
		if (m->cgroups[id].at != RECORD_MODEL_NONE)
			return "the order names a cgroup twice";
		m->cgroups[id].at = (uint32_t)i;
		m->model.cgroups[i] = m->cgroups[id].cgroup;
	}
	for (size_t id = 0; id < m->n_ids; id++) {
		if (m->cgroups[id].at != RECORD_MODEL_NONE)
			continue;
		record_model_free_cgroup(m->cgroups[id].cgroup);
		m->cgroups[id].cgroup = NULL;
	}
	m->model.n_cgroups = m->n_order;
	m->model.root = m->n_order > 0 ? m->model.cgroups[0] : NULL;
	return m->n_order > 0 ? NULL : "there is no cgroup";
}

static const char *link_pods(struct record_model *m)
{
	for (size_t i = 0; i < RECORD_PODS_MAX; i++)
		m->pods[i].listed = false;
	for (size_t i = 0; i < m->n_slots; i++) {
		struct owned_pod *owned = &m->pods[m->slots[i]];

		if (!owned->pod || owned->listed)
			return "the list of pods names one that was not described, or one twice";
		if (m->slots[i] >= m->model.n_slots)
			return "a pod has a slot beyond those of the tree";
		if (owned->cgroup_id >= m->n_ids || !m->cgroups[owned->cgroup_id].cgroup)
			return "a pod has a cgroup that is not there";
		owned->listed = true;
		owned->pod->cgroup = m->cgroups[owned->cgroup_id].cgroup;
		if (m->cgroups[owned->cgroup_id].pod_slot != m->slots[i])
			return "a pod and its cgroup name each other differently";
		m->list[i] = owned->pod;
	}
	m->model.n_pods = m->n_slots;
	for (size_t i = 0; i < m->n_order; i++) {
		uint32_t slot = m->cgroups[m->order[i]].pod_slot;

		m->model.cgroups[i]->pod = NULL;
		if (slot == RECORD_MODEL_NONE)
			continue;
		if (!m->pods[slot].listed)
			return "a cgroup belongs to a pod that is not there";
		m->model.cgroups[i]->pod = m->pods[slot].pod;
	}
	return NULL;
}

int record_model_link(struct record_model *m, const char **ret_why)
{
	const char *why;

	if (!m->changed)
		return 0;
	m->changed = false;
	why = take_order(m);
	if (!why && reserve_index(m) < 0)
		return -ENOMEM;
	for (size_t i = 0; !why && i < m->n_order; i++)
		why = link_cgroup(m, i);
	if (!why)
		link_children(m);
	if (!why)
		why = link_pods(m);
	if (!why)
		return 0;
	*ret_why = why;
	return -EBADMSG;
}
