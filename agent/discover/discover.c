// SPDX-License-Identifier: LGPL-2.1-or-later
// See discover.h. One update: events → scan → pods → knobs → facts → resources, each only as far as
// something changed. Everything found is level-triggered: an event only says where to look.
#include "agent/discover/discover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/discover/cpu_manager.h"
#include "agent/discover/discover_state.h"
#include "agent/discover/knobs.h"
#include "agent/discover/mems.h"
#include "agent/discover/mount.h"
#include "agent/discover/node_memory.h"
#include "agent/discover/probe.h"
#include "agent/discover/resources.h"
#include "policy/assign.h"

/* The healing rescan, and what stands in for events where there are none. */
#define RESCAN_US (30 * 1000000ll)
#define RESCAN_BLIND_US (2 * 1000000ll)

/* A new cgroup's knobs are written by the kubelet, systemd and the runtime after it was made, and a
 * class's after a pod came or went: they are read again at every update for so long. */
#define SETTLE_US (10 * 1000000ll)

/* Passes after a rescan. */
#define READ_AGAIN_MAX 5

/* --- start and end --------------------------------------------------------------------------- */

void discover_free(struct discover *discover)
{
	if (!discover)
		return;
	pods_clear(&discover->pods);
	cgroup_tree_free(discover->tree);
	watch_free(discover->watch);
	facts_clear(&discover->facts);
	free(discover->model.node.cpus);
	hotplug_stop(&discover->hotplug);
	discover->cgroup_fd = cleanup_close_fd(discover->cgroup_fd);
	free(discover);
}

static void free_discover(struct discover **d)
{
	discover_free(*d);
}

static int start_watch(struct discover *d, uint32_t *found)
{
	int r;

	if (d->model.switched_off & (1u << CAPABILITY_INOTIFY)) {
		log_warning("discover.inotify", "inotify is switched off: pods are noticed by a "
						"rescan every 2 s");
		return 0;
	}
	r = watch_new(&d->watch);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		log_warning("discover.inotify",
			    "no inotify (%s): pods are noticed by a rescan every 2 s. Raise "
			    "fs.inotify.max_user_instances",
			    strerror(-r));
	else
		*found |= 1u << CAPABILITY_INOTIFY;
	return 0;
}

int discover_new(int root_fd, uint32_t switched_off, struct discover **ret_discover,
		 const char **ret_why)
{
	_cleanup_(free_discover) struct discover *d = calloc(1, sizeof(*d));
	uint32_t found = 0;
	bool recursive;
	int r;

	*ret_why = "";
	if (!d)
		return -ENOMEM;
	d->root_fd = root_fd;
	d->cgroup_fd = -EBADF;
	d->hotplug.fd = -EBADF;
	d->facts.root_fd = root_fd;
	d->model.switched_off = switched_off;
	d->rescan = true;
	r = mount_open(root_fd, &d->cgroup_fd, &recursive, ret_why);
	if (r == 0)
		r = discover_node_start(d, &found, ret_why);
	if (r == 0)
		r = start_watch(d, &found);
	if (r == 0)
		r = cgroup_tree_new(d->cgroup_fd, d->watch, &d->tree);
	if (r < 0)
		return r;
	found |= recursive ? 1u << CAPABILITY_RECURSIVE_PROT : 0;
	d->found = found;
	d->knobs_of_policy = knobs_of_policy(NULL);
	d->probe_again = probe(root_fd, d->cgroup_fd, found, switched_off, &d->model.capabilities);
	d->model.root = &d->tree->root->cgroup;
	d->model.cgroups = d->tree->list;
	d->model.n_cgroups = d->tree->n;
	d->model.pods = d->pods.list;
	*ret_discover = TAKE_PTR(d);
	return 0;
}

struct model *discover_model(struct discover *discover)
{
	return &discover->model;
}

int discover_cgroup_fd(struct discover *discover)
{
	return discover->cgroup_fd;
}

int discover_inotify_fd(struct discover *discover)
{
	return discover->watch ? watch_fd(discover->watch) : -EBADF;
}

void discover_set_policy(struct discover *discover, const struct policy *policy)
{
	discover->policy = policy;
	discover->policy_is_new = true;
	discover->knobs_are_new = discover->knobs_of_policy != knobs_of_policy(policy);
	discover->knobs_of_policy = knobs_of_policy(policy);
	discover->rescan = true;
	node_memory_read(discover->root_fd, &discover->model.node);
	if (facts_set_policy(&discover->facts, policy) < 0)
		log_err("discover.facts", "no memory for the policy's facts path");
	/* What pods know may just have been freed. */
	(void)facts_bind(&discover->facts, &discover->pods);
}

bool discover_ask_disks(struct discover *discover, const struct knob_disks *disks)
{
	if (memcmp(&discover->disks, disks, sizeof(*disks)) == 0)
		return false;
	discover->disks = *disks;
	discover->knobs_are_new = true;
	return true;
}

int discover_allow_kubelet(struct discover *discover)
{
	return facts_allow_kubelet(&discover->facts);
}

int discover_facts_fd(struct discover *discover)
{
	struct kubelet *worker = discover->facts.kubelet.worker;

	return worker ? kubelet_fd(worker) : -EBADF;
}

bool discover_facts_pending(struct discover *discover)
{
	struct kubelet *worker = discover->facts.kubelet.worker;

	return worker && kubelet_is_busy(worker);
}

void discover_rescan(struct discover *discover)
{
	discover->rescan = true;
}

/* --- the tree -------------------------------------------------------------------------------- */

static void on_change(void *context, void *key, int what)
{
	struct discover *d = context;
	struct cgroup_node *node = key;

	if (what != WATCH_CHILDREN) {
		knob_watch_on_write(&d->knob_watch, node, (enum knob)what);
		return;
	}
	node->dirty = true;
	d->dirty = true;
}

/* Events also have to be read when nobody uses them any more, or the loop would spin on the fd. True
 * when some were lost. */
static bool drain(struct discover *d)
{
	int r = d->watch ? watch_drain(d->watch, on_change, d) : 0;

	if (r != 0) {
		log_debug("discover.inotify", "events were lost: rescanning everything");
		d->rescan = true;
	}
	return r != 0;
}

enum discover_wake discover_events(struct discover *discover)
{
	bool lost = drain(discover);

	if (knob_watch_differs(&discover->knob_watch, discover->tree))
		return DISCOVER_DRIFT;
	return discover->dirty || lost ? DISCOVER_TREE : DISCOVER_CALM;
}

void discover_watch_owned(struct discover *discover)
{
	knob_watch_sync(&discover->knob_watch, discover->tree);
}

/* Watches ran out: half a set of watches would be worse than none, because nobody could say what is
 * noticed. The fd stays open, since the event loop has it. */
static void lose_watches(struct discover *d)
{
	if (d->tree->watch_error == 0)
		return;
	if (knob_watch_drop(&d->knob_watch, d->tree) > 0) {
		log_warning(
			"discover.inotify",
			"cannot watch all cgroups (%s): values are not watched any more, who writes "
			"over one is noticed by the rescan every 30 s. Raise "
			"fs.inotify.max_user_watches",
			strerror(-d->tree->watch_error));
		d->tree->watch_error = 0;
		d->rescan_next = true;
		return;
	}
	log_warning("discover.inotify",
		    "cannot watch cgroups (%s): pods are noticed by a rescan every 2 s. Raise "
		    "fs.inotify.max_user_watches",
		    strerror(-d->tree->watch_error));
	cgroup_tree_unwatch(d->tree);
	d->model.capabilities &= ~(1u << CAPABILITY_INOTIFY);
}

static bool scan_is_due(const struct discover *d, int64_t now_us)
{
	return d->rescan ||
	       now_us - d->scanned_us >= (d->tree->watch ? RESCAN_US : RESCAN_BLIND_US);
}

/* A kind node's cgroups hang below a scope, which is not watched unless the Kubernetes root is
 * found there. */
static bool watch_holders(struct discover *d)
{
	bool more = false;

	for (size_t i = 0; i < d->tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(d->tree->list[i]);

		if (!node->holds_kubepods || node->wd > 0)
			continue;
		cgroup_tree_watch(d->tree, node);
		more |= node->wd > 0;
	}
	return more;
}

/* From changed directories to pods. 1, 0, or -errno with whatever could be done done. */
static int look(struct discover *d, bool full, int64_t now_us)
{
	int r = 0, p;
	bool changed = false;

	/* Those of the last update: until now others could still tell them from new ones. */
	cgroup_tree_bury(d->tree);
	if (full)
		r = cgroup_tree_scan(d->tree, now_us);
	else if (d->dirty)
		r = cgroup_tree_scan_dirty(d->tree, now_us);
	d->dirty = false;
	/* Twice: what hung below a holder that was not watched yet is looked at once more. */
	for (int round = 0; round < 2 && (d->tree->changed || d->policy_is_new); round++) {
		changed |= d->tree->changed;
		d->tree->changed = false;
		d->policy_is_new = false;
		p = pods_update(&d->pods, d->tree, d->policy);
		changed |= p > 0;
		r = p < 0 ? p : r;
		if (watch_holders(d) && cgroup_tree_scan_dirty(d->tree, now_us) < 0)
			r = -ENOMEM;
	}
	/* What could not be looked at is looked at in the next pass. */
	d->dirty = d->tree->again;
	d->tree->again = false;
	lose_watches(d);
	return r < 0 ? r : changed;
}

/* --- what is in it --------------------------------------------------------------------------- */

uint32_t discover_wants_knobs(const struct cgroup_node *node, uint32_t of_policy)
{
	const struct cgroup *parent = node->cgroup.parent;

	if (!parent || !cgroup_node_of(node->cgroup.parent)->holds_pod)
		return 0;
	if (node->cgroup.kind != CGROUP_CONTAINER &&
	    (parent->pod || node->by_name == CGROUP_CONTAINER))
		return 0;
	return knobs_of_cgroup(&node->cgroup, node->holds_pod, of_policy) | node->knobs_asked;
}

/* A value that could not be read, or read back, is no reason to leave a hold or somebody's share as it
 * is until the next rescan. One that never can be read must not cost a read in every pass. */
static bool read_again(struct discover *d, bool full)
{
	bool any = false;

	for (size_t i = 0; i < d->tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(d->tree->list[i]);
		bool unread;

		if (full)
			node->read_again = 0;
		if (full || !node->knobs_wanted || node->read_again >= READ_AGAIN_MAX)
			continue;
		any |= knobs_read_again(d->cgroup_fd, &node->cgroup, node->knobs_wanted, &unread) >
		       0;
		node->read_again = unread ? node->read_again + 1 : 0;
	}
	return any;
}

/* Of pods and their containers, where there is a difference. */
static bool read_mems(struct discover *d, struct cgroup *cgroup, bool due)
{
	if (d->model.node.memory_nodes.n == 0)
		return mems_forget(cgroup);
	if (!cgroup->pod || (!due && cgroup->mems != 0))
		return false;
	return mems_read(d->cgroup_fd, cgroup);
}

static bool read_knobs(struct discover *d, bool full, bool changed, int64_t now_us)
{
	bool any = false, settling = now_us - d->tree->touched_us < SETTLE_US;
	uint32_t of_policy = knobs_of_disks(d->knobs_of_policy, &d->disks);

	if (!full && !changed && !settling && !d->knobs_are_new)
		return false;
	d->knobs_are_new = false;
	for (size_t i = 0; i < d->tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(d->tree->list[i]);
		bool fresh = now_us - node->touched_us < SETTLE_US;
		uint32_t had = node->knobs_wanted, wanted;

		wanted = node->knobs_wanted = discover_wants_knobs(node, of_policy);
		if (wanted & (1u << KNOB_IO_MAX))
			had &= ~knobs_ask_disks(&node->cgroup, &d->disks);
		if (fresh && !full)
			any |= cgroup_node_refresh(node, d->cgroup_fd) > 0;
		any |= read_mems(d, &node->cgroup, full || fresh);
		if (wanted)
			any |= knobs_forget(&node->cgroup, had & ~wanted);
		if (!full && !fresh)
			wanted &= ~had;
		if (wanted)
			any |= knobs_read(d->cgroup_fd, &node->cgroup, wanted) > 0;
	}
	return any;
}

static bool same_fact(const struct fact_u64 *a, const struct fact_u64 *b)
{
	return a->state == b->state && a->value == b->value;
}

static bool same_resources(const struct pod_resources *a, const struct pod_resources *b)
{
	return same_fact(&a->cpu_request_milli, &b->cpu_request_milli) &&
	       same_fact(&a->cpu_limit_milli, &b->cpu_limit_milli) &&
	       same_fact(&a->cpu_spec_milli, &b->cpu_spec_milli) &&
	       same_fact(&a->memory_request_bytes, &b->memory_request_bytes) &&
	       same_fact(&a->memory_limit_bytes, &b->memory_limit_bytes) &&
	       same_fact(&a->cpu_batch_milli, &b->cpu_batch_milli) &&
	       same_fact(&a->memory_batch_bytes, &b->memory_batch_bytes);
}

bool discover_derive(struct discover *discover)
{
	bool changed = false;

	for (size_t i = 0; i < discover->pods.n; i++) {
		struct pod *pod = discover->pods.list[i];
		struct pod_resources r = pod->facts ? pod->facts->resources
						    : resources_derive(pod, &pod->resources);

		changed |= !same_resources(&r, &pod->resources);
		pod->resources = r;
	}
	discover->model.generation += changed;
	return changed;
}

static enum cgroup_driver driver_of(const struct cgroup_tree *tree)
{
	const struct cgroup_node *best = NULL;

	/* With several Kubernetes roots (kind nodes) the host's own is the highest. */
	for (size_t i = 0; i < tree->n; i++) {
		const struct cgroup_node *node = cgroup_node_of(tree->list[i]);

		if (node->by_name == CGROUP_KUBEPODS && (!best || node->depth < best->depth))
			best = node;
	}
	if (!best)
		return DRIVER_NONE;
	return strcmp(best->cgroup.name, "kubepods") == 0 ? DRIVER_CGROUPFS : DRIVER_SYSTEMD;
}

static void publish(struct discover *d, bool structure)
{
	struct model *m = &d->model;

	m->cgroups = d->tree->list;
	m->n_cgroups = d->tree->n;
	m->n_pods = d->pods.n;
	m->n_slots = d->pods.n_slots;
	(void)snprintf(m->facts_note, sizeof(m->facts_note), "%s", d->facts.note);
	m->facts_awaited = facts_awaited(&d->facts);
	m->generation++;
	if (structure)
		m->driver = driver_of(d->tree);
}

int discover_update(struct discover *discover, int64_t now_us)
{
	struct discover *d = discover;
	bool full, changed, structure, looked;
	int r;

	if (d->probe_again)
		discover_node_probe(d);
	(void)drain(d);
	full = scan_is_due(d, now_us);
	looked = full || d->dirty;
	r = look(d, full, now_us);
	d->rescan = r < 0 ||
		    d->rescan_next; /* what could not be looked at is looked at next time */
	d->rescan_next = false;
	if (full && r >= 0) {
		d->scanned_us = now_us;
		knob_watch_retry(&d->knob_watch);
	}
	if (looked)
		d->model.skipped_names = cgroup_tree_skipped(d->tree) + d->pods.refused;
	structure = r != 0;
	changed = structure;
	changed |= discover_node_follow(d, full);
	changed |= cpu_manager_follow(d->root_fd, d->knobs_of_policy & (1u << KNOB_CPUSET_CPUS),
				      full || structure, &d->model);
	changed |= read_again(d, full);
	changed |= read_knobs(d, full, structure, now_us);
	changed |= knob_watch_read(&d->knob_watch, d->tree);
	changed |= facts_update(&d->facts, &d->pods, now_us, full, structure);
	if (changed) {
		publish(d, structure);
		probe_learn(&d->model);
	}
	changed |= discover_derive(d);
	return r < 0 ? r : changed;
}
