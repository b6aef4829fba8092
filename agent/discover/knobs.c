// SPDX-License-Identifier: LGPL-2.1-or-later
// See knobs.h.
#include "agent/discover/knobs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "agent/base/fs.h"
#include "policy/knob.h"

/* Who may meet whom on a CPU. */
#define CPUS (1u << KNOB_CPUSET_CPUS)
#define CPUSET (CPUS | 1u << KNOB_CPUSET_EXCLUSIVE | 1u << KNOB_CPUSET_PARTITION)
#define BURST (1u << KNOB_CPU_MAX_BURST)
#define OOM_GROUP (1u << KNOB_MEMORY_OOM_GROUP)
#define FREEZE (1u << KNOB_CGROUP_FREEZE)
/* Not read at all: no files. */
#define OF_TASKS (1u << KNOB_OOM_SCORE_ADJ | 1u << KNOB_SCHED_POLICY)
#define BFQ (1u << KNOB_IO_BFQ_WEIGHT)
#define IO_MAX (((1u << KNOB_IO_MAX_DISKS) - 1) << KNOB_IO_MAX)
#define ALWAYS                                                                                     \
	((1u << KNOB_COUNT) - 1 - (CPUSET & ~CPUS) - BURST - OOM_GROUP - FREEZE - OF_TASKS - BFQ - \
	 IO_MAX)

uint32_t knobs_of_policy(const struct policy *policy)
{
	uint32_t wanted = ALWAYS;

	for (int i = 0; policy && i < LEVEL_COUNT; i++) {
		const struct level_cpu *cpu = &policy->levels[i].cpu;

		if (cpu->burst_permille > 0)
			wanted |= BURST;
		if (cpu->cores == CORES_EXCLUSIVE || cpu->smt == SMT_AVOID_OFFLINE)
			wanted |= CPUSET;
		if (policy->levels[i].memory.oom == OOM_FIRST)
			wanted |= OOM_GROUP;
		if (policy->levels[i].io.weight > 0)
			wanted |= BFQ;
	}
	if (policy && (policy_memory_steps(policy) & (1u << ACTION_FREEZE)))
		wanted |= FREEZE;
	if (policy && policy->pressure_io.on)
		wanted |= IO_MAX;
	return wanted;
}

uint32_t knobs_of_cgroup(const struct cgroup *cgroup, bool holds_pod, uint32_t of_policy)
{
	uint32_t wanted = of_policy & (ALWAYS | BFQ);

	if (cgroup->kind == CGROUP_CONTAINER)
		return of_policy & CPUS;
	if (holds_pod)
		wanted |= of_policy & (CPUSET | IO_MAX);
	if (cgroup->pod)
		wanted |= of_policy & (BURST | OOM_GROUP | FREEZE);
	for (enum knob k = 0; k < KNOB_COUNT; k++)
		if (cgroup->knobs[k].owned)
			wanted |= 1u << k;
	return wanted & ~OF_TASKS;
}

uint32_t knobs_of_disks(uint32_t knobs, const struct knob_disks *disks)
{
	for (int i = 1; i < KNOB_IO_MAX_DISKS; i++)
		if (disks->of[i].major == 0 && disks->of[i].minor == 0)
			knobs &= ~(1u << (KNOB_IO_MAX + i));
	return knobs;
}

uint32_t knobs_ask_disks(struct cgroup *cgroup, const struct knob_disks *disks)
{
	uint32_t asked = 0;

	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		struct knob_state *s = &cgroup->knobs[KNOB_IO_MAX + i];

		if (s->owned || (s->now.io.major == disks->of[i].major &&
				 s->now.io.minor == disks->of[i].minor))
			continue;
		s->now = knob_value_io(disks->of[i].major, disks->of[i].minor);
		s->now.state = KNOB_UNREAD;
		asked |= 1u << (KNOB_IO_MAX + i);
	}
	return asked;
}

/* What was read last says of which disk it is, also where it could not be read. */
static const struct knob_value *disk_of(const struct knob_state *s)
{
	return s->owned ? &s->written : &s->now;
}

struct knob_value knobs_read_one(int cgroup_fd, const struct cgroup *cgroup, enum knob knob)
{
	const struct knob_value *of = disk_of(&cgroup->knobs[knob]);
	struct knob_value value = {.state = KNOB_UNREAD};
	char path[PATH_MAX], text[8192]; /* a line per device that was given one */
	int r;

	if (knob_is_io_max(knob)) {
		value = knob_value_io(of->io.major, of->io.minor);
		value.state = KNOB_UNREAD;
	}
	if (snprintf(path, sizeof(path), "%s/%s", cgroup->path, knob_file(knob)) >=
	    (int)sizeof(path))
		return value;
	r = fs_read(cgroup_fd, path, text, sizeof(text), NULL);
	if (r == -ENOENT)
		value.state = KNOB_MISSING;
	else if (r == 0)
		(void)knob_parse_of(knob, text, of, &value);
	return value;
}

int knobs_read(int cgroup_fd, struct cgroup *cgroup, uint32_t wanted)
{
	int changed = 0;

	for (enum knob k = 0; k < KNOB_COUNT; k++) {
		struct knob_value *now = &cgroup->knobs[k].now;
		struct knob_value value;

		if (!(wanted & (1u << k)))
			continue;
		value = knobs_read_one(cgroup_fd, cgroup, k);
		if (knob_same(k, now, &value))
			continue;
		*now = value;
		changed = 1;
	}
	return changed;
}

bool knobs_forget(struct cgroup *cgroup, uint32_t knobs)
{
	bool any = false;

	for (enum knob k = 0; k < KNOB_COUNT && knobs; k++) {
		if (!(knobs & (1u << k)))
			continue;
		any |= cgroup->knobs[k].now.state != KNOB_UNREAD;
		cgroup->knobs[k].now = (struct knob_value){.state = KNOB_UNREAD};
	}
	return any;
}

int knobs_read_again(int cgroup_fd, struct cgroup *cgroup, uint32_t wanted, bool *ret_unread)
{
	bool unread = false;
	int changed = 0;

	for (enum knob k = 0; k < KNOB_COUNT; k++) {
		struct knob_value *now = &cgroup->knobs[k].now;

		if (now->state != KNOB_UNREAD || !(wanted & (1u << k)))
			continue;
		*now = knobs_read_one(cgroup_fd, cgroup, k);
		unread |= now->state == KNOB_UNREAD;
		changed |= now->state != KNOB_UNREAD;
	}
	*ret_unread = unread;
	return changed;
}

const struct knob_value *knobs_foreign(const struct cgroup *cgroup, enum knob knob)
{
	const struct knob_state *s = &cgroup->knobs[knob];

	if (knob_is_colods(knob, s))
		return &s->original;
	return &s->now;
}
