// SPDX-License-Identifier: LGPL-2.1-or-later
// See probe.h.
#include "agent/discover/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/memory_lock.h"
#include "agent/base/sys.h"
#include "agent/discover/disks.h"
#include "colod/model.h"
#include "policy/kernel_text.h"

#define BIT(c) (1u << (c))

/* What makes no sense without something else. Ordered: a need comes before what needs it. */
static const struct {
	enum capability what;
	enum capability needs;
} needs[] = {
	{CAPABILITY_PSI_TRIGGER, CAPABILITY_PSI},
	{CAPABILITY_CPU_IDLE, CAPABILITY_CPU},
	{CAPABILITY_CPU_MAX, CAPABILITY_CPU},
	{CAPABILITY_RECURSIVE_PROT, CAPABILITY_MEMORY},
	{CAPABILITY_MEMORY_RECLAIM, CAPABILITY_MEMORY},
	{CAPABILITY_CPUSET_EXCLUSIVE, CAPABILITY_CPUSET},
	{CAPABILITY_IO_WEIGHT, CAPABILITY_IO},
	{CAPABILITY_IO_MAX, CAPABILITY_IO},
	{CAPABILITY_IO_COST, CAPABILITY_IO_WEIGHT},
};

/* *ret_unsure: it is there and could not be read. */
static uint32_t probe_psi(int root_fd, int cgroup_fd, bool *ret_unsure)
{
	struct statfs fs;
	char text[256];
	uint32_t found = 0;
	int r = fs_read(root_fd, "proc/pressure/cpu", text, sizeof(text), NULL);

	/* Built in but off: the file opens, and reading says EOPNOTSUPP. */
	*ret_unsure = r < 0 && r != -ENOENT && r != -EOPNOTSUPP;
	if (r < 0)
		return 0;
	found |= BIT(CAPABILITY_PSI);
	/* A plain file takes what is written and never wakes anybody: only the real thing counts. */
	if (sys_fstatfs(cgroup_fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC &&
	    sys_faccessat(root_fd, "proc/pressure/cpu", W_OK, AT_EACCESS) == 0)
		found |= BIT(CAPABILITY_PSI_TRIGGER);
	return found;
}

/* Whether some cgroup below the root has this file: the root itself has no knobs. */
static bool any_child_has(int cgroup_fd, const char *file)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;
	char path[512];

	if (fs_open_dir(cgroup_fd, "", &fd) < 0)
		return false;
	dir = sys_fdopendir(fd);
	if (!dir)
		return false;
	fd = -EBADF; /* closedir() closes it */
	for (struct dirent *entry = sys_readdir(dir); entry; entry = sys_readdir(dir)) {
		if (entry->d_name[0] == '.' ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", entry->d_name, file);
		if (fs_exists(cgroup_fd, path) == 1)
			return true;
	}
	return false;
}

/* The same. */
static uint32_t probe_cgroup(int cgroup_fd, bool *ret_unsure)
{
	char text[512];
	uint32_t found = 0;
	int r = fs_read(cgroup_fd, "cgroup.controllers", text, sizeof(text), NULL);

	*ret_unsure = r < 0 && r != -ENOENT;
	if (r < 0)
		return 0;
	if (kernel_text_has_word(text, "cpu"))
		found |= BIT(CAPABILITY_CPU);
	if (kernel_text_has_word(text, "memory"))
		found |= BIT(CAPABILITY_MEMORY);
	if (kernel_text_has_word(text, "io"))
		found |= BIT(CAPABILITY_IO);
	if (kernel_text_has_word(text, "cpuset"))
		found |= BIT(CAPABILITY_CPUSET);
	/* The root has this one too. */
	if (fs_exists(cgroup_fd, "memory.reclaim") == 1)
		found |= BIT(CAPABILITY_MEMORY_RECLAIM);
	if (any_child_has(cgroup_fd, "cpuset.cpus.exclusive"))
		found |= BIT(CAPABILITY_CPUSET_EXCLUSIVE);
	if (any_child_has(cgroup_fd, "cpu.idle"))
		found |= BIT(CAPABILITY_CPU_IDLE);
	if (any_child_has(cgroup_fd, "cpu.max"))
		found |= BIT(CAPABILITY_CPU_MAX);
	/* The root's is there where iocost is built in, which is what makes the others. Some cgroup shows it only once somebody
	 * has handed the controller down. */
	if (fs_exists(cgroup_fd, "io.cost.qos") == 1 || any_child_has(cgroup_fd, "io.weight"))
		found |= BIT(CAPABILITY_IO_WEIGHT);
	if (any_child_has(cgroup_fd, "io.max"))
		found |= BIT(CAPABILITY_IO_MAX);
	return found;
}

bool probe(int root_fd, int cgroup_fd, uint32_t found, uint32_t switched_off,
	   uint32_t *ret_capabilities)
{
	bool psi_unsure, unsure;

	found |= probe_psi(root_fd, cgroup_fd, &psi_unsure) | probe_cgroup(cgroup_fd, &unsure);
	/* BFQ does not count: it acts on io.bfq.weight, which is another file and knob. */
	if (disks_have_iocost(cgroup_fd))
		found |= BIT(CAPABILITY_IO_COST);
	if (fs_exists(root_fd, "run/dbus/system_bus_socket") == 1)
		found |= BIT(CAPABILITY_BUS);
	if (memory_lock_is_on())
		found |= BIT(CAPABILITY_MEMORY_LOCK);
	found &= ~switched_off;
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (!(found & BIT(needs[i].needs)))
			found &= ~BIT(needs[i].what);
	}
	*ret_capabilities = found;
	return unsure || psi_unsure;
}

/* systemd hands controllers down only when a unit asks for them: on a node where none did when the
 * agent started, these files first appear with the first pod. */
void probe_learn(struct model *m)
{
	static const struct {
		enum knob knob;
		enum capability capability, needs;
	} shown_by[] = {
		{KNOB_CPU_IDLE, CAPABILITY_CPU_IDLE, CAPABILITY_CPU},
		{KNOB_CPU_MAX, CAPABILITY_CPU_MAX, CAPABILITY_CPU},
		{KNOB_IO_WEIGHT, CAPABILITY_IO_WEIGHT, CAPABILITY_IO},
		{KNOB_IO_MAX, CAPABILITY_IO_MAX, CAPABILITY_IO},
		{KNOB_CPUSET_EXCLUSIVE, CAPABILITY_CPUSET_EXCLUSIVE, CAPABILITY_CPUSET},
	};

	for (size_t i = 0; i < sizeof(shown_by) / sizeof(shown_by[0]); i++) {
		uint32_t bit = 1u << shown_by[i].capability;

		if ((m->capabilities | m->switched_off | m->denied) & bit ||
		    !model_can(m, shown_by[i].needs))
			continue;
		for (size_t k = 0; k < m->n_cgroups && !(m->capabilities & bit); k++) {
			if (m->cgroups[k]->knobs[shown_by[i].knob].now.state == KNOB_KNOWN)
				m->capabilities |= bit;
		}
	}
}
