// SPDX-License-Identifier: LGPL-2.1-or-later
// See gain.h.
#include "policy/gain.h"

#include <inttypes.h>
#include <stdio.h>

#include "colod/cgroup.h"
#include "policy/decide.h"

/* Counts the pods of a class by what they are to each other. Where no offline pod is beside it, a pod without
 * a request is in nobody's way. */
static bool mixed(const struct model *model, const struct plan *plan, const struct cgroup *class,
		  struct gain *ret_gain)
{
	struct gain gain = {.kind = GAIN_REQUEST, .cgroup = class};

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(plan, pod);

		if (pod->cgroup->parent != class || a->state != ASSIGNMENT_LEVEL)
			continue;
		if (a->role == ROLE_OFFLINE) {
			gain.n_offline++;
		} else if (pod->qos == QOS_BESTEFFORT) {
			gain.n_others += gain.pod != NULL;
			gain.pod = gain.pod ? gain.pod : pod;
		}
	}
	*ret_gain = gain;
	return gain.pod && gain.n_offline > 0;
}

/* Offline pods that are idle one by one, because the kubelet writes the weight of their class itself. */
static bool divided(const struct model *model, const struct plan *plan, const struct cgroup *class,
		    struct gain *ret_gain)
{
	struct gain gain = {.kind = GAIN_DRIVER, .cgroup = class};

	if (model->driver != DRIVER_CGROUPFS)
		return false;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct plan_entry *e = plan_find(plan, pod->cgroup, KNOB_CPU_IDLE);

		if (pod->cgroup->parent != class || !e || e->reason.code != REASON_YIELD_IDLE)
			continue;
		gain.pod = gain.pod ? gain.pod : pod;
		gain.n_offline++;
	}
	*ret_gain = gain;
	return gain.n_offline > 0;
}

size_t gain_find(const struct model *model, const struct plan *plan, struct gain *list, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < model->n_cgroups && n < max; i++)
		if (model->cgroups[i]->kind == CGROUP_QOS &&
		    (mixed(model, plan, model->cgroups[i], &list[n]) ||
		     divided(model, plan, model->cgroups[i], &list[n])))
			n++;
	if (model->node.preempt == PREEMPT_LAZY && n < max)
		list[n++] = (struct gain){.kind = GAIN_PREEMPT};
	return n;
}

const char *gain_name(enum gain_kind kind)
{
	static const char *const names[GAIN_KIND_COUNT] = {
		[GAIN_REQUEST] = "request",
		[GAIN_PREEMPT] = "preempt",
		[GAIN_DRIVER] = "driver",
	};

	return (unsigned)kind < GAIN_KIND_COUNT ? names[kind] : "?";
}

const char *gain_what(const struct gain *gain, char *buf, size_t size)
{
	char others[48] = "";

	if (gain->kind == GAIN_PREEMPT) {
		(void)snprintf(
			buf, size,
			"this kernel preempts lazily: where online work wakes on a CPU that offline work "
			"uses, that may run on until the CPU's next tick or interrupt");
		return buf;
	}
	if (gain->kind == GAIN_DRIVER) {
		(void)snprintf(
			buf, size,
			"/%s may not be idle as a whole: with the cgroupfs driver the kubelet writes its "
			"CPU weight itself, which the kernel refuses for an idle cgroup. Its %" PRIu32
			" offline pod%s, %s first, %s idle in it, and the class has a weight",
			gain->cgroup->path, gain->n_offline, gain->n_offline == 1 ? "" : "s",
			gain->pod->name, gain->n_offline == 1 ? "is" : "are");
		return buf;
	}
	if (gain->n_others > 0)
		(void)snprintf(others, sizeof(others), " (and %" PRIu32 " more)", gain->n_others);
	(void)snprintf(buf, size,
		       "%s%s is online and has no CPU request, so that it shares /%s with %" PRIu32
		       " offline pod%s: these have to yield and to be held one by one there",
		       gain->pod->name, others, gain->cgroup->path, gain->n_offline,
		       gain->n_offline == 1 ? "" : "s");
	return buf;
}

const char *gain_how(const struct gain *gain, char *buf, size_t size)
{
	static const char *const how[GAIN_KIND_COUNT] = {
		[GAIN_REQUEST] =
			"give it a CPU request, of 10m at least: it leaves that class, which "
			"then yields and is held as a whole",
		[GAIN_PREEMPT] =
			"boot with preempt=full, or write full to "
			"/sys/kernel/debug/sched/preempt, and measure: it costs throughput",
		[GAIN_DRIVER] =
			"drain the node, set cgroupDriver: systemd for the kubelet and the same "
			"in the container runtime, and let it in again; or let the level yield "
			"by a ratio",
	};

	(void)snprintf(buf, size, "%s",
		       (unsigned)gain->kind < GAIN_KIND_COUNT ? how[gain->kind] : "");
	return buf;
}
