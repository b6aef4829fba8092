// SPDX-License-Identifier: LGPL-2.1-or-later
// See shadow.h. The copies are objects of discovery's own kinds, so that the functions that make the live
// model make this one: what it says would happen is what does. Names, paths and facts are borrowed.
#include "agent/discover/shadow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/discover/discover_state.h"
#include "agent/discover/knobs.h"
#include "agent/discover/probe.h"

struct pair {
	const struct cgroup *live;
	struct cgroup *copy;
};

struct shadow {
	struct discover d;	   /* only what pods, facts and knobs need of it */
	struct cgroup_tree tree;   /* of the copies */
	struct cgroup_node *nodes; /* in the order of tree.list */
	struct pair *pairs;	   /* by address of the live one */
	const struct cgroup **live;
	size_t n;
	size_t unread;
	bool elsewhere;
};

void shadow_free(struct shadow *shadow)
{
	if (!shadow)
		return;
	pods_clear(&shadow->d.pods);
	free(shadow->nodes);
	free(shadow->pairs);
	free(shadow->live);
	free(shadow->tree.list);
	free(shadow);
}

static void cleanup_shadow(struct shadow **shadow)
{
	shadow_free(*shadow);
}

static int by_address(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return ((uintptr_t)x->live > (uintptr_t)y->live) -
	       ((uintptr_t)x->live < (uintptr_t)y->live);
}

struct cgroup *shadow_copy(const struct shadow *shadow, const struct cgroup *live)
{
	const struct pair key = {.live = live};
	const struct pair *found =
		live ? bsearch(&key, shadow->pairs, shadow->n, sizeof(key), by_address) : NULL;

	return found ? found->copy : NULL;
}

const struct cgroup *shadow_live(const struct shadow *shadow, const struct cgroup *copy)
{
	return shadow->live[cgroup_node_of((struct cgroup *)copy) - shadow->nodes];
}

static int copy_tree(struct shadow *s, const struct model *m)
{
	s->n = m->n_cgroups;
	if (s->n == 0)
		return -ENODATA;
	s->nodes = calloc(s->n, sizeof(*s->nodes));
	s->pairs = calloc(s->n, sizeof(*s->pairs));
	s->live = calloc(s->n, sizeof(*s->live));
	s->tree.list = calloc(s->n, sizeof(*s->tree.list));
	if (!s->nodes || !s->pairs || !s->live || !s->tree.list)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		s->nodes[i] = *cgroup_node_of(m->cgroups[i]);
		s->live[i] = m->cgroups[i];
		s->tree.list[i] = &s->nodes[i].cgroup;
		s->pairs[i] = (struct pair){.live = m->cgroups[i], .copy = &s->nodes[i].cgroup};
	}
	s->tree.n = s->n;
	qsort(s->pairs, s->n, sizeof(*s->pairs), by_address);
	for (size_t i = 0; i < s->n; i++) {
		struct cgroup *c = s->tree.list[i];

		c->parent = shadow_copy(s, c->parent);
		c->first_child = shadow_copy(s, c->first_child);
		c->next_sibling = shadow_copy(s, c->next_sibling);
	}
	s->tree.root = &s->nodes[0];
	return 0;
}

static int copy_pod(struct shadow *s, const struct pod *live)
{
	struct pods *pods = &s->d.pods;
	struct pod *pod = malloc(sizeof(*pod));

	if (!pod)
		return -ENOMEM;
	*pod = *live;
	pod->containers = NULL;
	pod->cgroup = shadow_copy(s, live->cgroup);
	pods->list[pods->n++] = pod;
	if (live->n_containers == 0)
		return 0;
	pod->containers = calloc(live->n_containers, sizeof(*pod->containers));
	if (!pod->containers)
		return -ENOMEM;
	for (size_t i = 0; i < live->n_containers; i++) {
		pod->containers[i] = live->containers[i];
		pod->containers[i].cgroup = shadow_copy(s, live->containers[i].cgroup);
	}
	return 0;
}

static int copy_pods(struct shadow *s, const struct pods *live)
{
	struct pod *by_slot[PODS_MAX] = {NULL};

	s->d.pods.n_slots = live->n_slots;
	s->d.pods.serial = live->serial;
	s->d.pods.said = UINT32_MAX; /* what is left out is in the log when it is done */
	for (size_t i = 0; i < live->n; i++) {
		int r = copy_pod(s, live->list[i]);

		if (r < 0)
			return r;
		by_slot[live->list[i]->slot] = s->d.pods.list[i];
	}
	for (size_t i = 0; i < s->n; i++) {
		struct cgroup *c = s->tree.list[i];

		c->pod = c->pod ? by_slot[c->pod->slot] : NULL;
	}
	return 0;
}

/* As at a load; but nobody is asked, and no file is read. */
static void set_facts(struct shadow *s, const struct facts *live, const struct policy *policy)
{
	struct facts *f = &s->d.facts;

	*f = (struct facts){
		.source = policy->facts,
		.configured = true,
		.path = policy->facts == FACTS_FILE ? policy->facts_path : NULL,
	};
	if (!facts_is_elsewhere(live, policy))
		f->good = live->good;
	else
		s->elsewhere = policy->facts != FACTS_CGROUP;
	(void)facts_bind(f, &s->d.pods);
}

/* Of what only this policy makes discovery look at. */
static void read_knobs(struct shadow *s, const struct policy *policy, size_t max_reads)
{
	uint32_t of_policy = knobs_of_policy(policy);

	for (size_t i = 0; i < s->n; i++) {
		uint32_t had = s->nodes[i].knobs_wanted, wanted;

		s->nodes[i].knobs_wanted = discover_wants_knobs(&s->nodes[i], of_policy);
		wanted = s->nodes[i].knobs_wanted & ~had;
		if (!wanted)
			continue;
		if (max_reads > 0) {
			(void)knobs_read(s->d.cgroup_fd, &s->nodes[i].cgroup, wanted);
			max_reads--;
			continue;
		}
		for (int k = 0; k < KNOB_COUNT; k++)
			if (wanted & (1u << k))
				s->nodes[i].cgroup.knobs[k].now.state = KNOB_UNREAD;
		s->unread++;
	}
}

static void make_model(struct shadow *s, const struct model *live)
{
	struct model *m = &s->d.model;

	*m = *live;
	m->root = &s->nodes[0].cgroup;
	m->cgroups = s->tree.list;
	m->n_cgroups = s->n;
	m->pods = s->d.pods.list;
	m->n_pods = s->d.pods.n;
	m->n_slots = s->d.pods.n_slots;
	m->facts_awaited = facts_awaited(&s->d.facts);
	probe_learn(m);
	(void)discover_derive(&s->d);
}

int shadow_new(struct discover *discover, const struct policy *policy, size_t max_reads,
	       struct shadow **ret_shadow)
{
	_cleanup_(cleanup_shadow) struct shadow *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->d.cgroup_fd = discover->cgroup_fd;
	r = copy_tree(s, &discover->model);
	if (r == 0)
		r = copy_pods(s, &discover->pods);
	if (r == 0)
		r = pods_update(&s->d.pods, &s->tree, policy);
	if (r < 0)
		return r;
	set_facts(s, &discover->facts, policy);
	read_knobs(s, policy, max_reads);
	make_model(s, &discover->model);
	*ret_shadow = TAKE_PTR(s);
	return 0;
}

const struct model *shadow_model(const struct shadow *shadow)
{
	return &shadow->d.model;
}

size_t shadow_unread(const struct shadow *shadow)
{
	return shadow->unread;
}

bool shadow_facts_elsewhere(const struct shadow *shadow)
{
	return shadow->elsewhere;
}
