// SPDX-License-Identifier: LGPL-2.1-or-later
// See observe.h. A pass over known pods allocates nothing and makes one pread per file. File
// descriptors are what observation can run out of: each pod takes five.
#include "agent/observe/observe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/observe/cpi_watch.h"
#include "agent/observe/disk_files.h"
#include "agent/observe/fd_room.h"
#include "agent/observe/memory_events.h"
#include "agent/observe/memory_node_files.h"
#include "agent/observe/node_files.h"
#include "agent/observe/numa_stat.h"
#include "agent/observe/pod_disk_files.h"
#include "agent/observe/pod_files.h"
#include "agent/observe/quota_files.h"
#include "agent/observe/triggers.h"
#include "policy/decide.h"
#include "policy/disk_use.h"
#include "policy/ring.h"
#include "policy/usual.h"

/* A file that was not there is looked for again after this time: a controller may be enabled. */
#define MISSING_RETRY_US 10000000
/* One that could not be opened is tried again at once, but so often only: of a pod that is not measured nobody knows what its
 * loss would help, so that another one goes. */
#define FAILED_TRIES 5
/* What pods do on disks is still read after nobody asked for it any more. */
#define POD_DISKS_KEEP_US 10000000

struct slot {
	bool used;
	int rank; /* its level as far as known: a pod of a higher rank is the first to go unsampled */
	uint64_t serial;
	uint64_t pass; /* the last one that saw the pod */
	int64_t retry_us;
	uint32_t n_failed;
	uint32_t told; /* of enum sample_valid, for the next sample */
	bool there;    /* what lies on observe->nodes is measured */
	struct kept_set files;
	struct quota_files quotas;
	struct memory_events events;
	struct pod_disk_files disks;
};

struct observe {
	int root_fd;
	int cgroup_fd;
	uint64_t pass;
	struct kept_reader reader;
	struct kept_set node;
	struct memory_node_files memory_nodes;
	struct disk_files disks;
	struct cpi_watch cpi;
	int64_t pod_disks_until_us; /* what pods do on disks is read */
	int64_t node_retry_us;
	uint64_t nodes;	    /* that run short */
	struct slot *slots; /* as many as samples.n_slots */
	size_t n_open;	    /* slots with open files */
	size_t max_open;
	uint64_t fd_limit;
	uint32_t n_unsampled; /* of the last pass: no file descriptors */
	bool said_fds;
	struct samples samples;
	struct triggers triggers;
};

int observe_new(int root_fd, int cgroup_fd, struct observe **ret_observe)
{
	_cleanup_free_ struct observe *o = calloc(1, sizeof(*o));
	long ticks = sysconf(_SC_CLK_TCK);
	int r;

	if (!o)
		return -ENOMEM;
	r = fd_room_raise(&o->fd_limit);
	if (r < 0)
		return r;
	if (ticks <= 0)
		return -EINVAL;
	o->root_fd = root_fd;
	o->cgroup_fd = cgroup_fd;
	o->reader.ticks_per_s = (uint64_t)ticks;
	o->max_open = fd_room_pods(o->fd_limit);
	kept_set_init(&o->node);
	o->cpi.events = &cpi_files_hardware;
	triggers_init(&o->triggers);
	*ret_observe = TAKE_PTR(o);
	return 0;
}

static void close_slot(struct observe *o, struct slot *slot)
{
	if (kept_set_n_open(&slot->files) > 0)
		o->n_open--;
	kept_set_close(&slot->files);
	quota_files_close(&slot->quotas);
	memory_events_close(&slot->events);
	pod_disk_files_close(&slot->disks);
}

static void clear_slot(struct observe *o, size_t i)
{
	if (!o->slots[i].used)
		return;
	close_slot(o, &o->slots[i]);
	o->slots[i].used = false;
	free(o->samples.pods[i]);
	o->samples.pods[i] = NULL;
	if (i < o->samples.n_there)
		o->samples.there[i] = (struct memory_there){0};
}

void observe_free(struct observe *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->samples.n_slots; i++)
		clear_slot(o, i);
	triggers_done(&o->triggers);
	cpi_watch_close(&o->cpi);
	kept_set_close(&o->node);
	memory_node_files_close(&o->memory_nodes);
	disk_files_close(&o->disks);
	free(o->slots);
	free(o->samples.pods);
	free(o->samples.there);
	free(o);
}

void observe_use_lanes(struct observe *o, struct lanes *lanes)
{
	triggers_use_lanes(&o->triggers, lanes);
}

const struct samples *observe_samples(const struct observe *o)
{
	return &o->samples;
}

static int grow(struct observe *o, size_t n_slots)
{
	struct pod_history **pods;
	struct slot *slots;

	if (n_slots <= o->samples.n_slots)
		return 0;
	slots = reallocarray(o->slots, n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	o->slots = slots;
	pods = reallocarray(o->samples.pods, n_slots, sizeof(*pods));
	if (!pods)
		return -ENOMEM;
	o->samples.pods = pods;
	for (size_t i = o->samples.n_slots; i < n_slots; i++) {
		slots[i] = (struct slot){0};
		kept_set_init(&slots[i].files);
		quota_files_init(&slots[i].quotas);
		memory_events_init(&slots[i].events);
		pod_disk_files_init(&slots[i].disks);
		pods[i] = NULL;
	}
	o->samples.n_slots = n_slots;
	return 0;
}

/* Until a plan tells its level: what the default policy makes of its QoS class. */
static int rank_of_qos(enum qos qos)
{
	switch (qos) {
	case QOS_GUARANTEED:
		return LEVEL_P0;
	case QOS_BURSTABLE:
		return LEVEL_P4;
	case QOS_BESTEFFORT:
		return LEVEL_P7;
	case QOS_NONE:
	case QOS_COUNT:
	case QOS_INVALID:
		break;
	}
	return LEVEL_P1;
}

/* The slot of a pod, made ready for it. NULL without memory. */
static struct slot *slot_of(struct observe *o, const struct pod *pod)
{
	struct slot *slot = &o->slots[pod->slot];

	if (slot->used && slot->serial == pod->serial)
		return slot;
	clear_slot(o, pod->slot);
	o->samples.pods[pod->slot] = calloc(1, sizeof(struct pod_history));
	if (!o->samples.pods[pod->slot])
		return NULL;
	o->samples.pods[pod->slot]->serial = pod->serial;
	slot->used = true;
	slot->serial = pod->serial;
	slot->rank = rank_of_qos(pod->qos);
	quota_files_init(&slot->quotas);
	memory_events_init(&slot->events);
	pod_disk_files_init(&slot->disks);
	slot->retry_us = INT64_MIN;
	slot->n_failed = 0;
	slot->told = 0;
	slot->there = false;
	return slot;
}

/* Closes the files of the lowest pod below `rank`. */
static bool make_room(struct observe *o, int rank)
{
	struct slot *lowest = NULL;

	for (size_t i = 0; i < o->samples.n_slots; i++) {
		struct slot *s = &o->slots[i];

		if (s->used && kept_set_n_open(&s->files) > 0 && s->rank > rank &&
		    (!lowest || s->rank > lowest->rank))
			lowest = s;
	}
	if (!lowest)
		return false;
	close_slot(o, lowest);
	lowest->retry_us = INT64_MIN;
	return true;
}

static void say_fds(struct observe *o)
{
	if (o->n_unsampled == 0 || o->said_fds)
		return;
	o->said_fds = true;
	log_warning("observe.fds",
		    "%" PRIu32
		    " pods are not measured, the lowest levels first: file descriptors are "
		    "short (limit %" PRIu64 ", %d a pod). Raise LimitNOFILE= of colod.service",
		    o->n_unsampled, o->fd_limit, FD_ROOM_POD);
}

/* Opens what the pod's slot misses. false: there was no room for it. */
static bool keep_open(struct observe *o, struct slot *slot, const struct pod *pod, bool psi,
		      int64_t now_us)
{
	unsigned n = kept_set_n_open(&slot->files);
	int r;

	if (n == kept_set_n_wanted(psi) || now_us < slot->retry_us)
		return true;
	if (n == 0 && o->n_open >= o->max_open && !make_room(o, slot->rank))
		return false;
	r = pod_files_open(&slot->files, &o->reader, o->cgroup_fd, pod->cgroup, psi);
	o->n_open += (kept_set_n_open(&slot->files) > 0) - (n > 0);
	if (r == -EMFILE || r == -ENFILE) {
		/* For the next pass: the descriptors that count are not all ours. */
		(void)make_room(o, slot->rank);
		return false;
	}
	slot->n_failed = r > 0 || (r < 0 && !kept_file_is_absent(r)) ? slot->n_failed + 1 : 0;
	if (slot->n_failed == 0 || slot->n_failed > FAILED_TRIES)
		slot->retry_us = now_us + MISSING_RETRY_US;
	return true;
}

static int sample_pod(struct observe *o, const struct pod *pod, bool psi, const struct disks *disks,
		      int64_t now_us)
{
	struct pod_sample sample = {.at_us = now_us};
	struct slot *slot = slot_of(o, pod);
	unsigned n;

	if (!slot)
		return -ENOMEM;
	slot->pass = o->pass;
	if (!keep_open(o, slot, pod, psi, now_us))
		o->n_unsampled++;
	n = kept_set_n_open(&slot->files);
	if (pod_files_read(&slot->files, &o->reader, pod->cgroup, &sample) == -ENODEV) {
		o->n_open -= n > 0;
		/* Perhaps only a controller went: the next pass looks what is left. */
		slot->retry_us = INT64_MIN;
	}
	if (n > 0)
		memory_events_read(&slot->events, &o->reader, o->cgroup_fd, pod,
				   ring_last(o->samples.pods[pod->slot]), &sample,
				   &o->samples.pods[pod->slot]->memory);
	if (n > 0)
		quota_files_read(&slot->quotas, &o->reader, o->cgroup_fd, pod,
				 ring_last(o->samples.pods[pod->slot]), &sample);
	if (n > 0 && slot->there && pod->slot < o->samples.n_there)
		numa_stat_read(&o->reader, o->cgroup_fd, pod, o->nodes, now_us,
			       &o->samples.there[pod->slot]);
	if (n > 0 && now_us < o->pod_disks_until_us)
		pod_disk_files_read(&slot->disks, &o->reader, o->cgroup_fd, pod, disks, now_us,
				    &o->samples.pods[pod->slot]->disks);
	else
		pod_disk_files_rest(&slot->disks, &o->samples.pods[pod->slot]->disks);
	sample.valid |= slot->told;
	slot->told = 0;
	/* Even an empty sample: an old number must not pass for the newest. */
	(void)ring_add(o->samples.pods[pod->slot], &sample);
	return 0;
}

static void sample_node(struct observe *o, const struct model *model, bool psi, int64_t now_us)
{
	struct node_sample sample = {.at_us = now_us};

	if (!node_files_all_open(&o->node, psi) && now_us >= o->node_retry_us) {
		node_files_open(&o->node, &o->reader, o->root_fd, psi);
		o->node_retry_us = now_us + MISSING_RETRY_US;
	}
	node_files_read(&o->node, &o->reader, &sample);
	memory_node_files_read(&o->memory_nodes, &o->reader, o->root_fd, &model->node.memory_nodes,
			       &sample);
	(void)ring_add_node(&o->samples.node, &sample);
}

int observe_sample(struct observe *o, const struct model *model, int64_t now_us)
{
	const struct node_sample *last = ring_last_node(&o->samples.node);
	bool psi = model_can(model, CAPABILITY_PSI);
	int r;

	if (last && now_us <= last->at_us)
		return 0;
	if (!last)
		o->node_retry_us = now_us;
	r = grow(o, model->n_slots);
	if (r == 0)
		r = numa_stat_grow(&o->samples, &model->node);
	if (r < 0)
		return r;
	o->pass++;
	o->n_unsampled = 0;
	sample_node(o, model, psi, now_us);
	disk_files_read(&o->disks, &o->reader, o->root_fd, &model->disks, now_us,
			&o->samples.disks);
	disk_use_look(&o->samples.uses, &model->disks, &o->samples.disks);
	for (size_t i = 0; i < model->n_pods; i++) {
		int e = sample_pod(o, model->pods[i], psi, &model->disks, now_us);

		if (e < 0)
			r = e;
	}
	for (size_t i = 0; i < o->samples.n_slots; i++) {
		if (o->slots[i].pass != o->pass)
			clear_slot(o, i);
	}
	cpi_watch_read(&o->cpi, &o->reader, o->cgroup_fd, model, &o->samples, now_us);
	say_fds(o);
	return r;
}

void observe_nodes(struct observe *o, const struct model *model, const struct plan *plan,
		   uint64_t nodes)
{
	if (o->samples.n_there == 0)
		return;
	o->nodes = nodes;
	for (size_t i = 0; i < o->samples.n_there; i++) {
		o->slots[i].there = false;
		if (nodes != o->samples.there[i].nodes)
			o->samples.there[i] = (struct memory_there){0};
	}
	for (size_t i = 0; nodes != 0 && i < model->n_pods; i++) {
		const struct assignment *a = plan_assignment(plan, model->pods[i]);

		if (model->pods[i]->slot < o->samples.n_slots && a->state == ASSIGNMENT_LEVEL &&
		    a->role == ROLE_OFFLINE)
			o->slots[model->pods[i]->slot].there = true;
	}
}

void observe_cpi(struct observe *o, const struct model *model, const struct plan *plan,
		 const struct policy *policy)
{
	size_t spare = o->max_open > model->n_pods ? o->max_open - model->n_pods : 0;

	cpi_watch_choose(&o->cpi, model, plan, policy, &o->samples, spare * FD_ROOM_POD);
}

void observe_usual(struct observe *o, const struct model *model, const struct scores *scores)
{
	usual_take(&o->samples, model, scores);
}

void observe_want_pod_disks(struct observe *o, int64_t now_us)
{
	o->pod_disks_until_us = now_us + POD_DISKS_KEEP_US;
}

void observe_forget(struct observe *o)
{
	o->samples.node.head = o->samples.node.count = 0;
	o->samples.disks.n = 0;
	o->disks.read_us = 0;
	for (size_t i = 0; i < o->samples.n_there; i++)
		o->samples.there[i] = (struct memory_there){0};
	for (size_t i = 0; i < o->samples.n_slots; i++) {
		if (!o->samples.pods[i])
			continue;
		o->samples.pods[i]->head = o->samples.pods[i]->count = 0;
		o->samples.pods[i]->disks.at_us = 0;
		o->samples.pods[i]->memory.at_us = 0;
	}
}

int observe_triggers(struct observe *o, const struct model *model, const struct plan *plan,
		     const struct policy *policy, uint32_t resources,
		     const struct observe_trigger_ops *ops)
{
	const struct node_sample *last = ring_last_node(&o->samples.node);
	const struct triggers_look look = {
		.root_fd = o->root_fd,
		.cgroup_fd = o->cgroup_fd,
		.model = model,
		.plan = plan,
		.policy = policy,
		.resources = resources,
		.now_us = last ? last->at_us : 0,
	};

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);
		bool known = a->state == ASSIGNMENT_LEVEL;

		if (pod->slot >= o->samples.n_slots || !o->slots[pod->slot].used)
			continue;
		o->slots[pod->slot].events.online = known && a->role == ROLE_ONLINE;
		if (known)
			o->slots[pod->slot].rank = (int)a->level;
	}
	return triggers_update(&o->triggers, &look, ops);
}

void observe_trigger_gone(struct observe *o, int fd, const struct observe_trigger_ops *ops)
{
	triggers_drop(&o->triggers, fd, ops);
}

bool observe_trigger_fired(struct observe *o, int fd)
{
	const struct trigger *t;
	enum resource resource;
	uint32_t told;

	if (!triggers_find(&o->triggers, fd, &resource, &t, &told))
		return false;
	if (t && t->slot < o->samples.n_slots && o->slots[t->slot].used &&
	    o->slots[t->slot].serial == t->serial)
		o->slots[t->slot].told |= told;
	return resource == RESOURCE_MEMORY;
}

uint32_t observe_n_triggers(const struct observe *o)
{
	return triggers_n(&o->triggers);
}

uint32_t observe_n_unsampled(const struct observe *o)
{
	return o->n_unsampled;
}

uint64_t observe_n_reads(const struct observe *o)
{
	return o->reader.n_reads;
}
