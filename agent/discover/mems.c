// SPDX-License-Identifier: LGPL-2.1-or-later
// See mems.h.
#include "agent/discover/mems.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "agent/base/fs.h"
#include "colod/memory_nodes.h"
#include "policy/kernel_text.h"

static int read_one(int cgroup_fd, const struct cgroup *cgroup, uint64_t *ret_mems)
{
	char path[PATH_MAX], text[4096];
	int r;

	if (snprintf(path, sizeof(path), "%s%scpuset.mems.effective", cgroup->path,
		     *cgroup->path ? "/" : "") >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = fs_read(cgroup_fd, path, text, sizeof(text), NULL);
	return r < 0 ? r : kernel_text_list(text, ret_mems, MEMORY_NODE_IDS, NULL);
}

static bool set(struct cgroup *cgroup, uint64_t mems)
{
	bool changed = cgroup->mems != mems;

	cgroup->mems = mems;
	return changed;
}

bool mems_read(int cgroup_fd, struct cgroup *cgroup)
{
	uint64_t mems = 0;
	int r = -ENOENT;

	for (const struct cgroup *c = cgroup; c && r == -ENOENT; c = c->parent)
		r = read_one(cgroup_fd, c, &mems);
	return set(cgroup, r == 0 ? mems : 0);
}

bool mems_forget(struct cgroup *cgroup)
{
	return set(cgroup, 0);
}
