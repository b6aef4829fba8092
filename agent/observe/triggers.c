// SPDX-License-Identifier: LGPL-2.1-or-later
// See triggers.h. Where there is no offline pod nothing could be done for whoever waits, and nothing is armed. Batch
// pods come and go, and a trigger is dear to close: it stays for a minute without any.
#include "agent/observe/triggers.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/observe/kept_file.h"
#include "policy/decide.h"

#define NEIGHBOURS_KEEP_US 60000000
#define NODE_FILE "proc/pressure/memory"
/* Where two resources have rules they share; the node's own is one of memory's. */
#define HALF (OBSERVE_TRIGGERS_MAX / 2)

/* Early: a tenth of a second of somebody's wait. */
static const struct trigger_spec node_spec = {.threshold_us = 100000, .window_us = 1000000};

void triggers_init(struct triggers *t)
{
	*t = (struct triggers){.node_fd = -EBADF, .neighbours_us = INT64_MIN};
	trigger_init(&t->cpu, RESOURCE_CPU);
	trigger_init(&t->memory, RESOURCE_MEMORY);
	trigger_init(&t->full, RESOURCE_MEMORY);
}

void triggers_use_lanes(struct triggers *t, struct lanes *lanes)
{
	t->cpu.lanes = lanes;
	t->memory.lanes = lanes;
	t->full.lanes = lanes;
}

static bool has_offline(const struct model *model, const struct plan *plan)
{
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct assignment *a = plan_assignment(plan, model->pods[i]);

		if (a->state == ASSIGNMENT_LEVEL && a->role == ROLE_OFFLINE)
			return true;
	}
	return false;
}

static bool are_wanted(struct triggers *t, const struct triggers_look *look,
		       const struct observe_trigger_ops *ops)
{
	if (has_offline(look->model, look->plan))
		t->neighbours_us = look->now_us;
	return ops && ops->on_arm && t->neighbours_us != INT64_MIN &&
	       look->now_us - t->neighbours_us < NEIGHBOURS_KEEP_US &&
	       model_can(look->model, CAPABILITY_PSI) &&
	       model_can(look->model, CAPABILITY_PSI_TRIGGER);
}

static void disarm_node(struct triggers *t, const struct observe_trigger_ops *ops)
{
	if (t->node_fd < 0)
		return;
	if (ops && ops->on_disarm)
		ops->on_disarm(ops->context, t->node_fd, OBSERVE_TRIGGER_NODE);
	lanes_close_fd(t->memory.lanes, TAKE_FD(t->node_fd));
}

static void arm_node(struct triggers *t, int root_fd, const struct observe_trigger_ops *ops)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (t->node_fd >= 0 || t->node_refused)
		return;
	r = trigger_file_open(root_fd, NODE_FILE, &node_spec, &fd);
	if (r == 0)
		r = ops->on_arm(ops->context, fd, OBSERVE_TRIGGER_NODE);
	if (r >= 0) {
		t->node_fd = TAKE_FD(fd);
		return;
	}
	if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
		return;
	/* The pods' own are there all the same, and a sample each second. */
	t->node_refused = true;
	if (!kept_file_is_absent(r) && r != -EOPNOTSUPP)
		log_warning("observe.trigger",
			    "cannot arm a trigger on /" NODE_FILE
			    ": %s. That memory gets short is noticed at the next second instead",
			    strerror(-r));
}

/* Both rules for memory share what is memory's. One that is off is disarmed before the other takes its places. */
static int update_memory(struct triggers *t, const struct triggers_look *look, bool some, bool full,
			 uint32_t max, const struct observe_trigger_ops *ops)
{
	const struct policy *p = look->policy;
	int r;

	t->full.max = some ? max / 2 : max;
	t->memory.max = full ? max - max / 2 : max;
	if (!full)
		(void)trigger_update(&t->full, look->cgroup_fd, look->model, look->plan, NULL, ops);
	r = trigger_update(&t->memory, look->cgroup_fd, look->model, look->plan,
			   some ? &p->pressure_memory : NULL, ops);
	if (r < 0 || !full)
		return r;
	return trigger_update(&t->full, look->cgroup_fd, look->model, look->plan, &p->pressure_full,
			      ops);
}

int triggers_update(struct triggers *t, const struct triggers_look *look,
		    const struct observe_trigger_ops *ops)
{
	const struct policy *policy = look->policy;
	bool wanted = are_wanted(t, look, ops);
	bool memory = wanted && (look->resources & (1u << RESOURCE_MEMORY));
	bool cpu = wanted && policy->pressure_cpu.on && (look->resources & (1u << RESOURCE_CPU));
	bool some = memory && policy->pressure_memory.on;
	bool full = memory && policy->pressure_full.on;
	bool node = memory && (some || full || policy->pressure_kill.on);
	int r;

	t->cpu.max = node ? HALF : OBSERVE_TRIGGERS_MAX;
	if (node)
		arm_node(t, look->root_fd, ops);
	else
		disarm_node(t, ops);
	r = update_memory(t, look, some, full, (cpu ? HALF : OBSERVE_TRIGGERS_MAX) - 1, ops);
	if (r < 0)
		return r;
	return trigger_update(&t->cpu, look->cgroup_fd, look->model, look->plan,
			      cpu ? &policy->pressure_cpu : NULL, ops);
}

void triggers_drop(struct triggers *t, int fd, const struct observe_trigger_ops *ops)
{
	if (fd == t->node_fd)
		disarm_node(t, ops);
	trigger_drop(&t->cpu, fd, ops);
	trigger_drop(&t->memory, fd, ops);
	trigger_drop(&t->full, fd, ops);
}

bool triggers_find(const struct triggers *t, int fd, enum resource *ret_resource,
		   const struct trigger **ret_trigger, uint32_t *ret_told)
{
	const struct trigger *cpu = trigger_find(&t->cpu, fd);
	const struct trigger *memory = trigger_find(&t->memory, fd);
	const struct trigger *full = trigger_find(&t->full, fd);

	*ret_resource = cpu ? RESOURCE_CPU : RESOURCE_MEMORY;
	*ret_trigger = cpu ? cpu : memory ? memory : full;
	*ret_told = full	   ? SAMPLE_TOLD_MEMORY_FULL
		    : *ret_trigger ? (uint32_t)SAMPLE_TOLD_CPU << *ret_resource
				   : 0;
	return fd >= 0 && (*ret_trigger || fd == t->node_fd);
}

uint32_t triggers_n(const struct triggers *t)
{
	return t->cpu.n + t->memory.n + t->full.n + (t->node_fd >= 0);
}

void triggers_done(struct triggers *t)
{
	disarm_node(t, NULL);
	trigger_done(&t->cpu);
	trigger_done(&t->memory);
	trigger_done(&t->full);
}
