// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine below the cgroups: what its kernel can do, its CPUs, its disks.
#include "agent/discover/discover_state.h"

#include <errno.h>

#include "agent/discover/disks.h"
#include "agent/discover/probe.h"
#include "agent/discover/topology.h"

int discover_node_start(struct discover *d, uint32_t *found, const char **ret_why)
{
	uint32_t off = d->model.switched_off;
	bool smt, numa;
	int r;

	hotplug_start(&d->hotplug, d->root_fd);
	r = topology_read(d->root_fd, !(off & (1u << CAPABILITY_SMT)),
			  !(off & (1u << CAPABILITY_NUMA)), &d->model.node, &smt, &numa);
	if (r == -ENODATA)
		*ret_why = "neither /sys nor /proc says how many CPUs and how much memory this "
			   "node has: let colod read /sys/devices/system/cpu, /proc/stat and "
			   "/proc/meminfo";
	if (r < 0)
		return r;
	*found |= (smt ? 1u << CAPABILITY_SMT : 0) | (numa ? 1u << CAPABILITY_NUMA : 0);
	return 0;
}

void discover_node_probe(struct discover *d)
{
	uint32_t before = d->model.capabilities;

	d->probe_again = probe(d->root_fd, d->cgroup_fd, d->found, d->model.switched_off,
			       &d->model.capabilities);
	d->model.capabilities = (d->model.capabilities | before) & ~d->model.denied;
	d->rescan |= d->model.capabilities != before;
}

/* CPUs that went offline or came back. */
static bool follow_cpus(struct discover *d)
{
	uint32_t off = d->model.switched_off;
	bool smt, numa;

	if (!hotplug_follow(&d->hotplug, !(off & (1u << CAPABILITY_SMT)),
			    !(off & (1u << CAPABILITY_NUMA)), &d->model.node, &smt, &numa))
		return false;
	discover_set_capability(d, CAPABILITY_SMT, smt);
	discover_set_capability(d, CAPABILITY_NUMA, numa);
	return true;
}

/* iocost may be switched on at any time. */
static bool follow_disks(struct discover *d)
{
	bool iocost = false;

	if (!disks_follow(d->root_fd, d->cgroup_fd, &d->model.disks))
		return false;
	for (uint32_t i = 0; i < d->model.disks.n; i++)
		iocost |= d->model.disks.list[i].iocost;
	if (model_can(&d->model, CAPABILITY_IO_WEIGHT))
		discover_set_capability(d, CAPABILITY_IO_COST, iocost);
	return true;
}

bool discover_node_follow(struct discover *d, bool full)
{
	bool changed = follow_cpus(d);

	return (full && follow_disks(d)) || changed;
}

void discover_set_capability(struct discover *d, enum capability capability, bool present)
{
	uint32_t bit = 1u << capability;

	d->model.capabilities &= ~bit;
	if (present)
		d->model.capabilities |= bit & ~d->model.switched_off;
}
