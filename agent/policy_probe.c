// SPDX-License-Identifier: LGPL-2.1-or-later
// See policy_probe.h.
#include "agent/policy_probe.h"

#include <errno.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/discover/mount.h"
#include "agent/discover/probe.h"

int policy_probe(int root_fd, uint32_t *ret_capabilities, const char **ret_why)
{
	_cleanup_close_ int cgroup_fd = -EBADF;
	const char *why = "";
	uint32_t found;
	bool recursive;
	int r = mount_open(root_fd, &cgroup_fd, &recursive, &why);

	if (r < 0) {
		*ret_why = why[0] ? why : strerror(-r);
		return r;
	}
	if (probe(root_fd, cgroup_fd, recursive ? 1u << CAPABILITY_RECURSIVE_PROT : 0, 0, &found)) {
		*ret_why = "cgroup.controllers cannot be read";
		return -EIO;
	}
	*ret_capabilities = found & POLICY_PROBE_FILES;
	return 0;
}
