// SPDX-License-Identifier: LGPL-2.1-or-later
// See capability.h. The texts are what `coloctl doctor` prints, one row per capability.
#include "policy/capability.h"

#include <errno.h>
#include <string.h>

static const struct capability_info table[CAPABILITY_COUNT] = {
	[CAPABILITY_PSI] =
		{
			"psi",
			"measures how long each pod waits for CPU, memory and IO",
			"no score and no hold: pressure cannot be seen; shares and protection still work",
			"boot with psi=1, on a kernel built with CONFIG_PSI",
		},
	[CAPABILITY_PSI_TRIGGER] =
		{
			"psi-trigger",
			"wakes colod at once when an online pod waits",
			"waiting is noticed only by the 1 s sampling",
			"needs psi on a live cgroup tree, and CAP_SYS_RESOURCE for short windows",
		},
	[CAPABILITY_CPU] =
		{
			"cpu",
			"shares CPU time by level",
			"no CPU isolation at all",
			"add \"cpu\" to cgroup.subtree_control of the root (systemd: DefaultCPUAccounting=yes)",
		},
	[CAPABILITY_CPU_IDLE] =
		{
			"cpu-idle",
			"offline pods yield inside a class they share with an online pod, and where the "
			"policy says \"yield: idle\"",
			"these pods keep their weight; classes of offline pods still yield by weight",
			"a kernel from 5.15 on, with the cpu controller",
		},
	[CAPABILITY_CPU_MAX] =
		{
			"cpu-max",
			"holds offline work back by a quota while an online pod waits",
			"rung squeeze is not used for CPU: only weights hold offline work back",
			"a kernel built with CONFIG_CFS_BANDWIDTH, with the cpu controller",
		},
	[CAPABILITY_MEMORY] =
		{
			"memory",
			"protects the memory of online pods and bounds that of offline ones",
			"no memory isolation at all",
			"add \"memory\" to cgroup.subtree_control of the root, and do not boot with "
			"cgroup_disable=memory",
		},
	[CAPABILITY_RECURSIVE_PROT] =
		{
			"recursive-prot",
			"hands the protection of a pod down to its containers",
			"protection ends at the pod: its containers share none of it unless the runtime "
			"sets memory.min or memory.low on them",
			"mount cgroup2 with memory_recursiveprot (systemd does so from version 246 on)",
		},
	[CAPABILITY_IO] =
		{
			"io",
			"reaches the IO of each pod",
			"no IO isolation at all",
			"add \"io\" to cgroup.subtree_control of the root (systemd: DefaultIOAccounting=yes)",
		},
	[CAPABILITY_IO_WEIGHT] =
		{
			"io-weight",
			"gives each level its share of a busy disk",
			"levels have equal shares of a busy disk",
			"the io controller for pods (a runtime that enables it, or IOAccounting=yes on "
			"a unit beside them), on a kernel built with CONFIG_BLK_CGROUP_IOCOST",
		},
	[CAPABILITY_IO_MAX] =
		{
			"io-max",
			"bounds what offline work does on a disk while an online pod waits for it",
			"rung squeeze is not used for IO: only weights hold offline work back there",
			"the io controller for pods (a runtime that enables it, or IOAccounting=yes on a unit "
			"beside them), on a kernel built with CONFIG_BLK_DEV_THROTTLING",
		},
	[CAPABILITY_IO_COST] =
		{
			"io-cost",
			"makes the kernel act on io.weight",
			"io.weight is written but has no effect",
			"enable iocost on the disk (\"MAJ:MIN enable=1\" into io.cost.qos of the root "
			"cgroup), or choose the bfq scheduler for it",
		},
	[CAPABILITY_INOTIFY] =
		{
			"inotify",
			"notices pods that appear and vanish at once",
			"pods are noticed by a rescan every 2 s",
			"raise fs.inotify.max_user_watches and fs.inotify.max_user_instances",
		},
	[CAPABILITY_SMT] =
		{
			"smt",
			"knows which CPUs are threads of one core",
			"every CPU counts as a core of its own",
			"/sys/devices/system/cpu/cpuN/topology must be readable",
		},
	[CAPABILITY_NUMA] =
		{
			"numa",
			"knows which CPUs belong to which memory",
			"the machine counts as one NUMA node",
			"/sys/devices/system/node must be readable",
		},
	[CAPABILITY_BUS] =
		{
			"bus",
			"answers coloctl",
			"coloctl cannot reach the agent; isolation works all the same",
			"start dbus.service, and let colod reach /run/dbus/system_bus_socket",
		},
	[CAPABILITY_HOLD_GUARD] =
		{
			"hold-guard",
			"ends every hold within seconds when colod dies or hangs",
			"freeze is not used, and a quota of a colod that was killed stays until colod "
			"runs again or somebody calls colod restore",
			"run colod as colod.service, start it with --with-guard, or run colod guard "
			"beside it",
		},
	[CAPABILITY_MEMORY_LOCK] =
		{
			"memory-lock",
			"keeps colod's own memory in place while the node is out of it",
			"colod may have to wait for its own pages just when they are needed",
			"LimitMEMLOCK=infinity in the unit of colod, or CAP_SYS_RESOURCE",
		},
	[CAPABILITY_CPUSET] =
		{
			"cpuset",
			"says which CPUs a pod may use",
			"no cores of their own for pods, and offline work is kept off no sibling",
			"a kernel built with CONFIG_CPUSETS, and \"cpuset\" in cgroup.controllers of the root",
		},
	[CAPABILITY_CPUSET_EXCLUSIVE] =
		{
			"cpuset-exclusive",
			"keeps everybody else off the cores that a pod owns",
			"only offline work is kept off them: other online pods and the system may still run "
			"on such cores",
			"a kernel with cpuset.cpus.exclusive (6.12 has it, 6.1 has not), and CAP_SYS_ADMIN, which "
			"colod.service leaves out: systemctl edit colod, CapabilityBoundingSet=CAP_SYS_ADMIN",
		},
	[CAPABILITY_CORE_SCHED] =
		{
			"core-sched",
			"would let the threads of a core run only what belongs together; colod does not use it",
			"nothing: colod keeps work apart by whole cores and by siblings",
			"a kernel built with CONFIG_SCHED_CORE, on a node with SMT",
		},
	[CAPABILITY_MEMORY_RECLAIM] =
		{
			"memory-reclaim",
			"takes back what offline pods do not use, before the node runs out of memory",
			"nothing is reclaimed ahead of need; memory.high still bounds offline pods",
			"a kernel from 5.19 on, with the memory controller",
		},
	[CAPABILITY_SCHED_POLICY] =
		{
			"sched-policy",
			"lets the threads of offline pods yield wherever somebody wakes up, where the policy "
			"says \"scheduling: idle\"",
			"threads keep their scheduling policies; offline pods still yield by weight",
			"CAP_SYS_NICE, which colod.service leaves out: systemctl edit colod, "
			"CapabilityBoundingSet=CAP_SYS_NICE",
		},
	[CAPABILITY_PERF] =
		{
			"perf",
			"counts cycles and instructions of the online pods that an sli of cpi is about",
			"such an sli is not measured; nothing else goes by it",
			"a machine with a PMU (most virtual ones show none), and CAP_PERFMON, or CAP_SYS_ADMIN "
			"where kernel.perf_event_paranoid is 3 (Debian's default); colod.service leaves out "
			"both: systemctl edit colod, CapabilityBoundingSet=CAP_SYS_ADMIN",
		},
};

const struct capability_info *capability_info(enum capability c)
{
	if ((int)c < 0 || c >= CAPABILITY_COUNT)
		return NULL;
	return &table[c];
}

/* The bit of the name text[0..len), or 0. */
static uint32_t bit_of(const char *text, size_t len)
{
	if (len == 3 && memcmp(text, "all", len) == 0)
		return (1u << CAPABILITY_COUNT) - 1;
	for (unsigned c = 0; c < CAPABILITY_COUNT; c++) {
		if (strlen(table[c].name) == len && memcmp(table[c].name, text, len) == 0)
			return 1u << c;
	}
	return 0;
}

int capability_mask(const char *text, uint32_t *ret_mask, const char **ret_bad)
{
	uint32_t mask = 0;

	for (const char *p = text;;) {
		size_t len = strcspn(p, ",");
		uint32_t bit = bit_of(p, len);

		if (bit == 0) {
			if (ret_bad)
				*ret_bad = p;
			return -EINVAL;
		}
		mask |= bit;
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	*ret_mask = mask;
	return 0;
}
