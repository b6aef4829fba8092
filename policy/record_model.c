// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_model.h. Cgroups are owned by their number and pods by their slot; the lists of the
// model only point at them and are made anew when something changed.
#include "policy/record_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/knob.h"
#include "policy/record_io.h"
#include "policy/record_knob.h"
#include "policy/record_model_state.h"
#include "policy/record_pod.h"
#include "policy/record_samples.h"
#include "policy/record_usual.h"
#include "policy/record_words.h"

void record_model_free_cgroup(struct cgroup *cg)
{
	if (!cg)
		return;
	free(cg->path);
	free(cg);
}

static void free_pod(struct pod *pod)
{
	if (!pod)
		return;
	record_pod_free(pod);
	free(pod);
}

struct record_model *record_model_new(void)
{
	struct record_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->changed = true; /* even a record that describes nothing has to be looked at */
	m->model.pods = m->list;
	m->samples.pods = m->histories;
	m->samples.n_slots = RECORD_PODS_MAX;
	for (size_t i = 0; i < RECORD_PODS_MAX; i++)
		m->assignments[i] = (struct assignment){
			.level = LEVEL_NONE,
			.role = ROLE_INVALID,
			.rule = -1,
		};
	return m;
}

void record_model_free(struct record_model *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_ids; i++)
		record_model_free_cgroup(m->cgroups[i].cgroup);
	for (size_t i = 0; i < RECORD_PODS_MAX; i++) {
		free_pod(m->pods[i].pod);
		free(m->histories[i]);
	}
	free(m->samples.there);
	free(m->model.node.cpus);
	free(m->model.cgroups);
	free(m->cgroups);
	free(m->order);
	free(m->index);
	free(m);
}

struct model *record_model_get(struct record_model *m)
{
	return &m->model;
}

const struct samples *record_model_samples(const struct record_model *m)
{
	return &m->samples;
}

const uint32_t *record_model_ids(const struct record_model *m)
{
	return m->order;
}

const struct assignment *record_model_assignments(const struct record_model *m)
{
	return m->assignments;
}

/* --- cgroups --------------------------------------------------------------------------------- */

static int get_id(struct record_line *line, uint64_t max, uint32_t *ret_id)
{
	struct record_line word;
	uint64_t id = 0;

	if (!record_next(line, &word) || record_get_u64(&word, max, &id) < 0)
		return -EBADMSG;
	*ret_id = (uint32_t)id;
	return 0;
}

static int reserve_id(struct record_model *m, uint32_t id)
{
	size_t cap = m->n_ids ? m->n_ids : 64;
	struct owned_cgroup *grown;

	while (cap <= id)
		cap *= 2;
	if (cap == m->n_ids)
		return 0;
	grown = reallocarray(m->cgroups, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + m->n_ids, 0, (cap - m->n_ids) * sizeof(*grown));
	m->cgroups = grown;
	m->n_ids = cap;
	return 0;
}

static int get_pod_slot(struct record_line *line, uint32_t *ret_slot)
{
	struct record_line word;
	uint64_t slot = RECORD_MODEL_NONE;

	if (record_words_key(line, "pod", &word) < 0)
		return -EBADMSG;
	if (!record_is(&word, "-") && record_get_u64(&word, RECORD_PODS_MAX - 1, &slot) < 0)
		return -EBADMSG;
	*ret_slot = (uint32_t)slot;
	return 0;
}

static int get_mask(struct record_line *line, const char *key, uint32_t *ret_mask)
{
	struct record_line word;
	int r = record_words_key(line, key, &word);

	return r < 0 ? r : record_get_hex(&word, ret_mask);
}

/* The bits of "populated=". */
#define POPULATED 1u
#define HIDDEN 2u

/* Only of pods on a machine with several memory nodes. */
static void get_mems(struct record_line *line, uint64_t *ret_mems)
{
	struct record_line before = *line;

	if (record_words_number(line, "mems", UINT64_MAX, ret_mems) < 0)
		*line = before;
}

static int get_header(struct record_line *line, struct cgroup *cg, uint32_t *ret_pod_slot)
{
	struct record_line word;
	uint64_t populated = 0;
	int kind, r;

	if (record_words_number(line, "inode", UINT64_MAX, &cg->inode) < 0 ||
	    record_words_key(line, "kind", &word) < 0)
		return -EBADMSG;
	kind = record_words_cgroup_kind_from(&word);
	if (kind < 0 ||
	    record_words_number(line, "populated", POPULATED | HIDDEN, &populated) < 0 ||
	    get_mask(line, "controllers", &cg->controllers) < 0 ||
	    get_mask(line, "subtree", &cg->subtree) < 0)
		return -EBADMSG;
	get_mems(line, &cg->mems);
	if (get_pod_slot(line, ret_pod_slot) < 0 || record_words_key(line, "path", &word) < 0 ||
	    line->len > 0)
		return -EBADMSG;
	cg->kind = (enum cgroup_kind)kind;
	cg->populated = populated & POPULATED;
	cg->hidden = populated & HIDDEN;
	r = record_get_text(&word, &cg->path);
	if (r < 0)
		return r;
	return cg->path && strlen(cg->path) < RECORD_PATH_MAX ? 0 : -EBADMSG;
}

static void cleanup_cgroup(struct cgroup **cg)
{
	record_model_free_cgroup(*cg);
}

int record_model_cgroup(struct record_model *m, struct record_line *line)
{
	_cleanup_(cleanup_cgroup) struct cgroup *cg = calloc(1, sizeof(*cg));
	struct owned_cgroup *owned;
	uint32_t id = 0, slot = RECORD_MODEL_NONE;
	int r = cg ? get_id(line, RECORD_MODEL_IDS_MAX - 1, &id) : -ENOMEM;

	if (r == 0)
		r = get_header(line, cg, &slot);
	if (r == 0)
		r = reserve_id(m, id);
	if (r < 0)
		return r;
	owned = &m->cgroups[id];
	/* The same cgroup keeps its knobs. */
	if (owned->cgroup && owned->cgroup->inode == cg->inode &&
	    strcmp(owned->cgroup->path, cg->path) == 0)
		memcpy(cg->knobs, owned->cgroup->knobs, sizeof(cg->knobs));
	record_model_free_cgroup(owned->cgroup);
	owned->cgroup = TAKE_PTR(cg);
	owned->pod_slot = slot;
	m->changed = true;
	return 0;
}

int record_model_knobs(struct record_model *m, struct record_line *line)
{
	struct record_line word, name;
	uint32_t id = 0;

	if (get_id(line, RECORD_MODEL_IDS_MAX - 1, &id) < 0 || id >= m->n_ids ||
	    !m->cgroups[id].cgroup)
		return -EBADMSG;
	while (record_next(line, &word)) {
		char text[32];
		int knob;

		if (!record_take(&word, '=', &name) ||
		    record_get_word(&name, text, sizeof(text)) < 0)
			return -EBADMSG;
		knob = knob_from_name(text);
		if (knob < 0 ||
		    record_knob_get((enum knob)knob, word, &m->cgroups[id].cgroup->knobs[knob]) < 0)
			return -EBADMSG;
	}
	return line->len > 0 ? -EBADMSG : 0;
}

static int add_to_order(void *context, uint32_t id)
{
	struct record_model *m = context;

	if (m->n_order == m->cap_order) {
		size_t cap = m->cap_order ? m->cap_order * 2 : 64;
		uint32_t *order = reallocarray(m->order, cap, sizeof(*order));
		struct cgroup **cgroups;

		if (!order)
			return -ENOMEM;
		m->order = order;
		cgroups = reallocarray(m->model.cgroups, cap, sizeof(*cgroups));
		if (!cgroups)
			return -ENOMEM;
		m->model.cgroups = cgroups;
		m->cap_order = cap;
	}
	m->order[m->n_order++] = id;
	return 0;
}

int record_model_order(struct record_model *m, struct record_line *line)
{
	struct record_line word;

	m->n_order = 0;
	m->changed = true;
	if (!record_next(line, &word) || line->len > 0)
		return -EBADMSG;
	return record_get_list(&word, RECORD_MODEL_IDS_MAX - 1, RECORD_CGROUPS_MAX, add_to_order,
			       m);
}

/* --- pods ------------------------------------------------------------------------------------ */

static void forget_history(struct record_model *m, uint32_t slot)
{
	free(m->histories[slot]);
	m->histories[slot] = NULL;
	if (m->samples.there)
		m->samples.there[slot] = (struct memory_there){0};
}

int record_model_pod(struct record_model *m, struct record_line *line)
{
	struct owned_pod *owned;
	uint32_t slot = 0;
	uint64_t serial;
	int r = get_id(line, RECORD_PODS_MAX - 1, &slot);

	if (r < 0)
		return r;
	owned = &m->pods[slot];
	if (!owned->pod) {
		owned->pod = calloc(1, sizeof(*owned->pod));
		if (!owned->pod)
			return -ENOMEM;
		owned->pod->slot = slot;
	}
	serial = owned->pod->serial;
	r = record_pod_get(line, owned->pod, &owned->cgroup_id);
	if (r == 0 && owned->pod->serial != serial)
		forget_history(m, slot);
	m->changed = true;
	return r;
}

/* The pod of the slot that the line begins with, NULL where none was described. */
static struct pod *get_pod(struct record_model *m, struct record_line *line)
{
	uint32_t slot = 0;

	if (get_id(line, RECORD_PODS_MAX - 1, &slot) < 0)
		return NULL;
	return m->pods[slot].pod;
}

int record_model_facts(struct record_model *m, struct record_line *line)
{
	struct pod *pod = get_pod(m, line);

	return pod ? record_pod_get_facts(line, pod) : -EBADMSG;
}

int record_model_label(struct record_model *m, struct record_line *line, bool annotation)
{
	struct pod *pod = get_pod(m, line);

	return pod ? record_pod_get_label(line, annotation, pod) : -EBADMSG;
}

static int add_slot(void *context, uint32_t slot)
{
	struct record_model *m = context;

	m->slots[m->n_slots++] = slot;
	return 0;
}

int record_model_pods(struct record_model *m, struct record_line *line)
{
	struct record_line word;

	m->n_slots = 0;
	m->changed = true;
	if (!record_next(line, &word) || line->len > 0)
		return -EBADMSG;
	return record_get_list(&word, RECORD_PODS_MAX - 1, RECORD_PODS_MAX, add_slot, m);
}

int record_model_assignment(struct record_model *m, struct record_line *line)
{
	struct pod *pod = get_pod(m, line);

	return pod ? record_pod_get_assignment(line, &m->assignments[pod->slot]) : -EBADMSG;
}

/* --- samples --------------------------------------------------------------------------------- */

int record_model_cut(struct record_model *m, struct record_line *line)
{
	struct record_line word;
	uint64_t slot = 0;

	if (!record_next(line, &word) || line->len > 0)
		return -EBADMSG;
	if (record_is(&word, "-"))
		m->samples.node = (struct node_history){0};
	else if (record_get_u64(&word, RECORD_PODS_MAX - 1, &slot) < 0)
		return -EBADMSG;
	else
		forget_history(m, (uint32_t)slot);
	return 0;
}

int record_model_sample(struct record_model *m, struct record_line *line, int64_t now_us)
{
	struct pod *pod = get_pod(m, line);
	struct pod_history **h;

	if (!pod)
		return -EBADMSG;
	h = &m->histories[pod->slot];
	if (!*h) {
		*h = calloc(1, sizeof(**h));
		if (!*h)
			return -ENOMEM;
		(*h)->serial = pod->serial;
	}
	return record_samples_get_pod(line, *h, now_us);
}

int record_model_disks(struct record_model *m, struct record_line *line)
{
	return record_io_get_disks(line, &m->model.disks, &m->samples.uses);
}

int record_model_disk(struct record_model *m, struct record_line *line)
{
	return record_io_get_use(line, &m->samples.uses);
}

int record_model_pod_disks(struct record_model *m, struct record_line *line, int64_t now_us)
{
	struct pod *pod = get_pod(m, line);
	struct pod_history *h = pod ? m->histories[pod->slot] : NULL;

	return h ? record_io_get_pod(line, &h->disks, now_us) : -EBADMSG;
}

int record_model_usual(struct record_model *m, struct record_line *line)
{
	struct pod *pod = get_pod(m, line);
	struct pod_history *h = pod ? m->histories[pod->slot] : NULL;

	return h ? record_usual_get(line, &h->usual) : -EBADMSG;
}

int record_model_there(struct record_model *m, struct record_line *line, int64_t now_us)
{
	struct pod *pod = get_pod(m, line);

	if (!pod)
		return -EBADMSG;
	if (!m->samples.there) {
		m->samples.there = calloc(RECORD_PODS_MAX, sizeof(*m->samples.there));
		if (!m->samples.there)
			return -ENOMEM;
		m->samples.n_there = RECORD_PODS_MAX;
	}
	return record_samples_get_there(line, pod, now_us, &m->samples.there[pod->slot]);
}

int record_model_node_sample(struct record_model *m, struct record_line *line, int64_t now_us)
{
	return record_samples_get_node(line, &m->samples.node, now_us);
}
