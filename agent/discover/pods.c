// SPDX-License-Identifier: LGPL-2.1-or-later
// See pods.h. A pod inside a pod is not made (the outer one wins), and no unit pod is made of what
// holds the Kubernetes root: that would hide all its pods.
#include "agent/discover/pods.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/discover/cgroup_name.h"
#include "policy/assign.h"

/* One update at work. */
struct update {
	struct pods *pods;
	struct pod *old[PODS_MAX];
	size_t n_old;
	bool kept[PODS_MAX]; /* by slot */
	bool used[PODS_MAX]; /* slots */
	bool changed;
	int error;
};

static void pod_free(struct pod *pod)
{
	if (!pod)
		return;
	free(pod->containers);
	free(pod);
}

static struct cgroup_node *parent_of(const struct cgroup_node *node)
{
	return node->cgroup.parent ? cgroup_node_of(node->cgroup.parent) : NULL;
}

/* Children come after their parents in the list: backwards, each passes on what it holds. */
static void find_kubepods(struct cgroup_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);

		node->holds_kubepods = node->by_name == CGROUP_KUBEPODS;
		node->holds_pod = false;
	}
	for (size_t i = tree->n; i-- > 1;) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);

		parent_of(node)->holds_kubepods |= node->holds_kubepods;
	}
}

static void find_holders(struct pods *pods)
{
	for (size_t i = 0; i < pods->n; i++) {
		for (struct cgroup *c = pods->list[i]->cgroup; c; c = c->parent)
			cgroup_node_of(c)->holds_pod = true;
	}
}

/* What a cgroup outside any pod is to be: a pod kind, or -ENOENT. */
static int wanted_kind(const struct cgroup_node *node, const struct policy *policy)
{
	const struct cgroup_node *parent = parent_of(node);
	enum cgroup_kind above = parent ? parent->by_name : CGROUP_ROOT;

	if (node->by_name == CGROUP_POD)
		return POD_KUBERNETES;
	if (!parent || node->by_name != CGROUP_OTHER || node->holds_kubepods || !policy)
		return -ENOENT;
	if (above != CGROUP_ROOT && above != CGROUP_OTHER)
		return -ENOENT;
	return assign_wants_cgroup(policy, node->cgroup.path);
}

static void refuse(struct pods *pods, const struct cgroup_node *node, const char *why)
{
	if (++pods->refused <= pods->said)
		return;
	pods->said = pods->refused;
	log_warning("discover.name", "cgroup \"/%s\" is left alone: %s", node->cgroup.path, why);
}

/* Whether another living cgroup is the pod of this UID already. */
static bool uid_taken(const struct update *u, const struct cgroup_node *node, const char *uid)
{
	for (size_t i = 0; i < u->n_old; i++) {
		if (u->old[i]->cgroup != &node->cgroup && strcmp(u->old[i]->uid, uid) == 0)
			return true;
	}
	for (size_t i = 0; i < u->pods->n; i++) {
		if (strcmp(u->pods->list[i]->uid, uid) == 0)
			return true;
	}
	return false;
}

static struct pod *new_pod(struct update *u, struct cgroup_node *node, enum pod_kind kind,
			   uint32_t slot)
{
	struct pod *pod = calloc(1, sizeof(*pod));

	if (!pod) {
		u->error = -ENOMEM;
		return NULL;
	}
	pod->slot = slot;
	pod->serial = ++u->pods->serial;
	pod->kind = kind;
	pod->cgroup = &node->cgroup;
	pod->facts_state = FACT_UNKNOWN;
	u->used[slot] = true;
	return pod;
}

static struct pod *make_pod(struct update *u, struct cgroup_node *node, enum pod_kind kind)
{
	struct cgroup_name name = {.kind = CGROUP_OTHER};
	const struct cgroup_node *parent = parent_of(node);
	uint32_t slot = 0;
	struct pod *pod;

	if (kind == POD_KUBERNETES)
		(void)cgroup_name_parse(parent->by_name, parent->cgroup.name, node->cgroup.name,
					&name);
	while (slot < PODS_MAX && u->used[slot])
		slot++;
	if (slot == PODS_MAX) {
		refuse(u->pods, node, "there are too many pods");
		return NULL;
	}
	if (kind == POD_KUBERNETES && uid_taken(u, node, name.uid)) {
		refuse(u->pods, node, "another cgroup is the pod of this UID already");
		return NULL;
	}
	pod = new_pod(u, node, kind, slot);
	if (!pod)
		return NULL;
	pod->qos = name.qos;
	pod->driver = name.driver;
	memcpy(pod->uid, name.uid, sizeof(pod->uid));
	(void)snprintf(pod->name, sizeof(pod->name), "%s",
		       kind == POD_KUBERNETES ? name.uid : node->cgroup.path);
	return pod;
}

/* The pod that this cgroup was before, if it still is one of that sort. */
static struct pod *keep_pod(struct update *u, struct cgroup_node *node, enum pod_kind kind)
{
	struct pod *pod = node->cgroup.pod;

	if (!pod || pod->cgroup != &node->cgroup ||
	    (pod->kind == POD_KUBERNETES) != (kind == POD_KUBERNETES))
		return NULL;
	u->changed |= pod->kind != kind;
	pod->kind = kind;
	return pod;
}

static void visit(struct update *u, struct cgroup_node *node, const struct policy *policy)
{
	struct cgroup *cg = &node->cgroup;
	struct pod *outer = cg->parent ? cg->parent->pod : NULL, *pod = NULL;
	int kind = outer ? -ENOENT : wanted_kind(node, policy);

	if (kind >= 0)
		pod = keep_pod(u, node, (enum pod_kind)kind);
	if (kind >= 0 && !pod) {
		pod = make_pod(u, node, (enum pod_kind)kind);
		u->changed |= pod != NULL;
	}
	if (pod) {
		u->kept[pod->slot] = true;
		u->pods->list[u->pods->n++] = pod;
	}
	cg->pod = pod ? pod : outer;
	cg->kind = pod ? CGROUP_POD : node->by_name;
	if (!pod && node->by_name == CGROUP_POD)
		cg->kind = CGROUP_OTHER;
}

/* The containers of a Kubernetes pod, in the order of their names. */
static int fill_containers(struct pod *pod, bool *changed)
{
	const struct cgroup_node *node = cgroup_node_of(pod->cgroup);
	size_t n = 0, i = 0;

	for (struct cgroup *c = pod->cgroup->first_child; c; c = c->next_sibling)
		n += c->kind == CGROUP_CONTAINER;
	if (n != pod->n_containers) {
		struct pod_container *list = n ? calloc(n, sizeof(*list)) : NULL;

		if (n && !list)
			return -ENOMEM;
		free(pod->containers);
		pod->containers = list;
		pod->n_containers = n;
		*changed = true;
	}
	for (struct cgroup *c = pod->cgroup->first_child; c; c = c->next_sibling) {
		struct cgroup_name name;
		struct pod_container *container;

		if (c->kind != CGROUP_CONTAINER)
			continue;
		container = &pod->containers[i++];
		if (container->cgroup == c)
			continue;
		(void)cgroup_name_parse(node->by_name, pod->cgroup->name, c->name, &name);
		memset(container, 0, sizeof(*container));
		memcpy(container->id, name.id, sizeof(container->id));
		container->runtime = name.runtime;
		container->cgroup = c;
		*changed = true;
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct pod *const *x = a, *const *y = b;

	return strcmp((*x)->cgroup->path, (*y)->cgroup->path);
}

/* Moves the pods whose cgroup is still there aside; the others' slots are free from now on. */
static void take_old(struct update *u)
{
	for (size_t i = 0; i < u->pods->n; i++) {
		struct pod *pod = u->pods->list[i];

		if (cgroup_node_of(pod->cgroup)->gone) {
			pod_free(pod);
			u->changed = true;
			continue;
		}
		u->used[pod->slot] = true;
		u->old[u->n_old++] = pod;
	}
	u->pods->n = 0;
}

/* Frees what the policy no longer makes a pod, and finds the largest slot in use. */
static void drop_old(struct update *u)
{
	struct pods *pods = u->pods;

	for (size_t i = 0; i < u->n_old; i++) {
		if (u->kept[u->old[i]->slot])
			continue;
		pod_free(u->old[i]);
		u->changed = true;
	}
	pods->n_slots = 0;
	for (size_t i = 0; i < pods->n; i++) {
		if (pods->list[i]->slot >= pods->n_slots)
			pods->n_slots = pods->list[i]->slot + 1;
	}
}

int pods_update(struct pods *pods, struct cgroup_tree *tree, const struct policy *policy)
{
	struct update u = {.pods = pods};

	take_old(&u);
	pods->refused = 0;
	find_kubepods(tree);
	for (size_t i = 0; i < tree->n; i++)
		visit(&u, cgroup_node_of(tree->list[i]), policy);
	drop_old(&u);
	for (size_t i = 0; i < pods->n; i++) {
		int r = fill_containers(pods->list[i], &u.changed);

		if (r < 0)
			u.error = r;
	}
	if (pods->refused < pods->said)
		pods->said = pods->refused;
	qsort(pods->list, pods->n, sizeof(*pods->list), by_path);
	find_holders(pods);
	return u.error < 0 ? u.error : u.changed;
}

void pods_clear(struct pods *pods)
{
	for (size_t i = 0; i < pods->n; i++)
		pod_free(pods->list[i]);
	pods->n = 0;
}
