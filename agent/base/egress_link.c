// SPDX-License-Identifier: LGPL-2.1-or-later
// See egress_link.h.
#include "agent/base/egress_link.h"

#include <bpf/bpf.h>
#include <stdint.h>

#include "agent/base/sys.h"

int egress_link_load(const struct bpf_insn *code, size_t n, const char *name)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_CGROUP_INET_EGRESS);
	int r = sys_fault(SYS_BPF, "load");

	return r < 0 ? r : bpf_prog_load(BPF_PROG_TYPE_CGROUP_SKB, name, "LGPL", code, n, &options);
}

int egress_link_new(int cgroup_fd, int program_fd)
{
	int r = sys_fault(SYS_BPF, "link");

	return r < 0 ? r : bpf_link_create(program_fd, cgroup_fd, BPF_CGROUP_INET_EGRESS, NULL);
}

int egress_link_change(int link_fd, int program_fd)
{
	int r = sys_fault(SYS_BPF, "change");

	return r < 0 ? r : bpf_link_update(link_fd, program_fd, NULL);
}

int egress_link_stands(int link_fd)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int r = sys_fault(SYS_BPF, "look");

	if (r == 0)
		r = bpf_obj_get_info_by_fd(link_fd, &info, &size);
	return r < 0 ? r : info.cgroup.cgroup_id != 0;
}

int egress_link_is_alone(int cgroup_fd)
{
	uint32_t flags = 0, n = 0;
	int r = sys_fault(SYS_BPF, "query");

	if (r == 0)
		r = bpf_prog_query(cgroup_fd, BPF_CGROUP_INET_EGRESS, 0, &flags, NULL, &n);
	return r < 0 ? r : n > 0 && !(flags & BPF_F_ALLOW_MULTI);
}
