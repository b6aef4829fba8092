// SPDX-License-Identifier: LGPL-2.1-or-later
// See trigger.h. Closing a trigger waits for an RCU grace period (tens of ms, a second for 32 of them),
// so the slow lane does it, and an armed trigger stays as long as its pod keeps its place.
#include "agent/observe/trigger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/log.h"
#include "agent/observe/kept_file.h"
#include "agent/observe/pod_files.h"
#include "policy/decide.h"

static const char *const files[RESOURCE_COUNT] = {
	[RESOURCE_CPU] = "cpu.pressure",
	[RESOURCE_MEMORY] = "memory.pressure",
	[RESOURCE_IO] = "io.pressure",
};

static int open_trigger(const struct trigger_set *set, int cgroup_fd, const struct cgroup *cgroup,
			int *ret_fd)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r = pod_files_enter(cgroup_fd, cgroup, &dirfd);

	return r < 0 ? r : trigger_file_open(dirfd, files[set->resource], &set->spec, ret_fd);
}

static struct trigger *find_armed(struct trigger_set *set, const struct pod *pod)
{
	for (uint32_t i = 0; i < set->n; i++) {
		if (set->armed[i].slot == pod->slot && set->armed[i].serial == pod->serial)
			return &set->armed[i];
	}
	return NULL;
}

static void disarm(struct trigger_set *set, uint32_t i, const struct observe_trigger_ops *ops)
{
	if (ops && ops->on_disarm)
		ops->on_disarm(ops->context, set->armed[i].fd, set->armed[i].slot);
	lanes_close_fd(set->lanes, set->armed[i].fd);
	set->armed[i] = set->armed[--set->n];
}

static void disarm_all(struct trigger_set *set, const struct observe_trigger_ops *ops)
{
	while (set->n > 0)
		disarm(set, set->n - 1, ops);
}

/* What the same terms on the same file will meet again. */
static bool is_lasting(int error)
{
	return error == -EINVAL || error == -EBUSY || error == -EACCES || error == -EPERM ||
	       error == -EROFS;
}

static void say_refused(struct trigger_set *set, const struct pod *pod, int error)
{
	/* The kernel's condition for whoever lacks the capability. */
	bool odd = error == -EINVAL && set->spec.window_us % 2000000 != 0;

	if (set->said)
		return;
	set->said = true;
	log_warning("observe.trigger",
		    "cannot arm a trigger on %s/%s (\"%s %" PRIu64 " %" PRIu64
		    "\"): %s%s. Pressure is noticed at the next second instead",
		    pod->cgroup->path, files[set->resource], set->spec.full ? "full" : "some",
		    set->spec.threshold_us, set->spec.window_us, strerror(-error),
		    odd ? " (without CAP_SYS_RESOURCE a window must be a multiple of 2 s)" : "");
}

static void arm(struct trigger_set *set, int cgroup_fd, const struct pod *pod, uint64_t generation,
		const struct observe_trigger_ops *ops)
{
	_cleanup_close_ int fd = -EBADF;
	int r = open_trigger(set, cgroup_fd, pod->cgroup, &fd);

	if (r == 0)
		r = ops->on_arm(ops->context, fd, pod->slot);
	if (r >= 0) {
		set->armed[set->n++] = (struct trigger){
			.fd = TAKE_FD(fd),
			.slot = pod->slot,
			.serial = pod->serial,
		};
		return;
	}
	if (kept_file_is_absent(r) || is_lasting(r)) {
		struct trigger_slot *slot = &set->slots[pod->slot];

		slot->refused = true;
		slot->refused_serial = pod->serial;
		slot->refused_generation = generation;
		slot->may_return = kept_file_is_absent(r);
	}
	/* Normal: the cgroup is gone, or its pressure files are switched off. */
	if (!kept_file_is_absent(r))
		say_refused(set, pod, r);
}

/* Such a pod gives its place to the next. */
static bool is_refused(const struct trigger_slot *slot, const struct pod *pod,
		       const struct model *model)
{
	return slot->refused && slot->refused_serial == pod->serial &&
	       (!slot->may_return || slot->refused_generation == model->generation);
}

/* Marks the pods that get a trigger: highest level first, within a level those that have one. */
static void choose(struct trigger_set *set, const struct model *model, const struct plan *plan)
{
	uint32_t room = set->max;

	for (size_t i = 0; i < set->n_slots; i++)
		set->slots[i].wanted = false;
	for (int round = 0; round < 2 * LEVEL_COUNT && room > 0; round++) {
		for (size_t i = 0; i < model->n_pods && room > 0; i++) {
			const struct pod *pod = model->pods[i];
			const struct assignment *a = plan_assignment(plan, pod);
			struct trigger_slot *slot = &set->slots[pod->slot];

			if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_ONLINE ||
			    (int)a->level != round / 2)
				continue;
			if ((find_armed(set, pod) != NULL) != (round % 2 == 0))
				continue;
			if (is_refused(slot, pod, model))
				continue;
			slot->wanted = true;
			room--;
		}
	}
}

/* Whether an armed trigger is still of a pod that is wanted; a slot may have a new pod by now. */
static bool keeps(const struct trigger_set *set, const struct trigger *t, const struct model *model)
{
	if (t->slot >= set->n_slots || !set->slots[t->slot].wanted)
		return false;
	for (size_t i = 0; i < model->n_pods; i++) {
		if (model->pods[i]->slot == t->slot)
			return model->pods[i]->serial == t->serial;
	}
	return false;
}

static int grow(struct trigger_set *set, size_t n_slots)
{
	struct trigger_slot *slots;

	if (n_slots <= set->n_slots)
		return 0;
	slots = reallocarray(set->slots, n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots + set->n_slots, 0, (n_slots - set->n_slots) * sizeof(*slots));
	set->slots = slots;
	set->n_slots = n_slots;
	return 0;
}

/* Other terms: every trigger is made anew, and what was refused may be accepted now. */
static void change_spec(struct trigger_set *set, const struct trigger_spec *spec,
			const struct observe_trigger_ops *ops)
{
	if (spec->threshold_us == set->spec.threshold_us &&
	    spec->window_us == set->spec.window_us && spec->full == set->spec.full)
		return;
	disarm_all(set, ops);
	for (size_t i = 0; i < set->n_slots; i++)
		set->slots[i].refused = false;
	set->spec = *spec;
	set->said = false;
}

int trigger_update(struct trigger_set *set, int cgroup_fd, const struct model *model,
		   const struct plan *plan, const struct pressure_rule *rule,
		   const struct observe_trigger_ops *ops)
{
	struct trigger_spec spec;
	int r;

	if (!rule) {
		disarm_all(set, ops);
		return 0;
	}
	spec = trigger_file_spec(rule);
	r = grow(set, model->n_slots);
	if (r < 0)
		return r;
	change_spec(set, &spec, ops);
	choose(set, model, plan);
	for (uint32_t i = set->n; i-- > 0;) {
		if (!keeps(set, &set->armed[i], model))
			disarm(set, i, ops);
	}
	for (size_t i = 0; i < model->n_pods && set->n < set->max; i++) {
		const struct pod *pod = model->pods[i];

		if (set->slots[pod->slot].wanted && !find_armed(set, pod))
			arm(set, cgroup_fd, pod, model->generation, ops);
	}
	return 0;
}

const struct trigger *trigger_find(const struct trigger_set *set, int fd)
{
	for (uint32_t i = 0; i < set->n; i++)
		if (set->armed[i].fd == fd)
			return &set->armed[i];
	return NULL;
}

void trigger_drop(struct trigger_set *set, int fd, const struct observe_trigger_ops *ops)
{
	for (uint32_t i = 0; i < set->n; i++) {
		if (set->armed[i].fd == fd) {
			disarm(set, i, ops);
			return;
		}
	}
}

void trigger_init(struct trigger_set *set, enum resource resource)
{
	*set = (struct trigger_set){.resource = resource, .max = OBSERVE_TRIGGERS_MAX};
}

void trigger_done(struct trigger_set *set)
{
	disarm_all(set, NULL);
	free(set->slots);
	set->slots = NULL;
	set->n_slots = 0;
}
