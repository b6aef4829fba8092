// SPDX-License-Identifier: LGPL-2.1-or-later
// For the VM's tests of pods in the host's network: what is at a cgroup for the packets that it sends, and somebody else's program there.
//
//	cgroup_prog list DIR             the names of the programs at this very cgroup, sorted, in one line
//	cgroup_prog attach DIR [alone]   a program "other" that lets everything pass; alone: it allows none beside it
//	cgroup_prog detach DIR           every "other" there
#include <bpf/bpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"

#define PROGRAMS 64
#define OTHER "other"

struct program {
	int fd;
	char name[BPF_OBJ_NAME_LEN];
};

static uint32_t query(int dir, struct program *list)
{
	uint32_t ids[PROGRAMS] = {0}, n = PROGRAMS, flags = 0;

	if (bpf_prog_query(dir, BPF_CGROUP_INET_EGRESS, 0, &flags, ids, &n) < 0) {
		perror("query");
		exit(1);
	}
	for (uint32_t i = 0; i < n; i++) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		list[i].fd = bpf_prog_get_fd_by_id(ids[i]);
		if (list[i].fd >= 0)
			(void)bpf_obj_get_info_by_fd(list[i].fd, &info, &size);
		(void)snprintf(list[i].name, sizeof(list[i].name), "%s", info.name);
	}
	return n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct program *)a)->name, ((const struct program *)b)->name);
}

static int list(int dir)
{
	struct program programs[PROGRAMS];
	uint32_t n = query(dir, programs);

	qsort(programs, n, sizeof(programs[0]), by_name);
	for (uint32_t i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", programs[i].name);
	printf("\n");
	return 0;
}

static int attach(int dir, unsigned flags)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_CGROUP_INET_EGRESS);
	_cleanup_close_ int fd =
		bpf_prog_load(BPF_PROG_TYPE_CGROUP_SKB, OTHER, "LGPL", code, 2, &options);

	if (fd >= 0 && bpf_prog_attach(fd, dir, BPF_CGROUP_INET_EGRESS, flags) == 0)
		return 0;
	perror("attach");
	return 1;
}

static int detach(int dir)
{
	struct program programs[PROGRAMS];
	uint32_t n = query(dir, programs);
	int failed = 0;

	for (uint32_t i = 0; i < n; i++)
		if (strcmp(programs[i].name, OTHER) == 0)
			failed |= bpf_prog_detach2(programs[i].fd, dir, BPF_CGROUP_INET_EGRESS) < 0;
	return failed;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int dir = -EBADF;

	if (argc < 3)
		return 2;
	dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		perror(argv[2]);
		return 1;
	}
	if (strcmp(argv[1], "list") == 0)
		return list(dir);
	if (strcmp(argv[1], "attach") == 0)
		return attach(dir, argc > 3 ? 0 : BPF_F_ALLOW_MULTI);
	return strcmp(argv[1], "detach") == 0 ? detach(dir) : 2;
}
