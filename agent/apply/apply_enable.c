// SPDX-License-Identifier: LGPL-2.1-or-later
// A controller that the parent cgroup does not hand down: enabled where colod may, else who does.
// Never touches a parent that systemd or the kubelet manages.
#include "agent/apply/apply_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/apply/unit_name.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

#define SUBTREE "cgroup.subtree_control"

struct controller {
	unsigned bit;
	const char *enable;  /* what is written */
	const char *systemd; /* who owns it below a systemd unit */
};

static const struct controller controllers[] = {
	{CONTROLLER_CPU, "+cpu", "systemd (set CPUWeight=100 on a unit below it)"},
	{CONTROLLER_MEMORY, "+memory", "systemd (set MemoryAccounting=yes on a unit below it)"},
	{CONTROLLER_CPUSET, "+cpuset", "systemd (set AllowedCPUs= on a unit below it)"},
	{CONTROLLER_IO, "+io", "systemd (set IOAccounting=yes on a unit below it)"},
};

static const struct controller *controller_of(enum knob knob)
{
	unsigned bit = knob_controller(knob);

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (controllers[i].bit == bit)
			return &controllers[i];
	return NULL;
}

/* Who manages this cgroup, NULL for nobody that is known. */
static const char *owner_of(const struct cgroup *cg, const struct controller *controller)
{
	if (!cg->parent)
		return controller->systemd;
	for (; cg->parent; cg = cg->parent) {
		if (unit_name_is_unit(cg->name))
			return controller->systemd;
		if (cg->kind == CGROUP_KUBEPODS)
			return "the kubelet (it enables controllers when it starts: see its log)";
	}
	return NULL;
}

static bool is_plain_pod(const struct cgroup *cg)
{
	return cg->pod && cg->pod->cgroup == cg && cg->pod->kind == POD_CGROUP;
}

int apply_enable_controller(struct apply *apply, const struct model *model, struct cgroup *cgroup,
			    enum knob knob, const char **ret_owner)
{
	const struct controller *controller = controller_of(knob);
	struct cgroup *parent = cgroup->parent;
	_cleanup_close_ int own_fd = -EBADF, dir_fd = -EBADF, fd = -EBADF;
	const char *owner;
	int r;

	(void)model;
	if (!controller || !parent)
		return -EINVAL;
	if (parent->subtree & controller->bit)
		return 0;
	/* All files of a cgroup that has just gone are missing. */
	r = apply_open(apply, cgroup->path, cgroup->inode, &own_fd);
	if (r < 0)
		return r;
	/* It can only be handed down by somebody who has it. */
	while (parent->parent && !(parent->controllers & controller->bit))
		parent = parent->parent;
	owner = owner_of(parent, controller);
	if (!owner && parent != cgroup->parent)
		owner = "whoever made the cgroups above it";
	if (!owner && !is_plain_pod(cgroup))
		owner = "whoever made this cgroup (no policy rule names it as a pod)";
	if (owner) {
		*ret_owner = owner;
		return -EPERM;
	}
	r = apply_open(apply, parent->path, parent->inode, &dir_fd);
	if (r == 0)
		r = fs_open(dir_fd, SUBTREE, O_WRONLY, &fd);
	if (r < 0)
		return r;
	if (sys_write(fd, controller->enable, strlen(controller->enable)) < 0)
		return -errno;
	parent->subtree |= controller->bit;
	return 1;
}
