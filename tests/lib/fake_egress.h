// SPDX-License-Identifier: LGPL-2.1-or-later
// Programs at cgroups without a kernel: stands in for agent/base/egress_link.c in a test program that names something of it. A program and a link
// are files of this process, so what is not closed is seen. What the kernel itself does is shown in a VM (72-net).
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/apply/net_host.h"

#define FAKE_EGRESS_LINKS 8

struct fake_link {
	int fd;		/* -EBADF: none */
	uint64_t inode; /* of the cgroup's directory */
	bool cut;	/* the cgroup has gone */
	struct bpf_insn code[NET_HOST_CODE];
};

struct fake_egress {
	struct fake_link links[FAKE_EGRESS_LINKS];
	struct bpf_insn loaded[NET_HOST_CODE];
	char name[16];
	unsigned n_loaded, n_made, n_changed;
	uint64_t alone; /* inode of a cgroup whose program allows none beside it; 0: none */
	int load_error, new_error, change_error, look_error, query_error; /* -errno; 0 */
};

extern struct fake_egress fake_egress;

void fake_egress_reset(void);

/* Those that are open. */
unsigned fake_egress_links(void);

/* The bits that the one link at this directory sets; fails the test unless there is one. */
uint32_t fake_egress_mark(int dir_fd, const char *path);
uint64_t fake_egress_inode(int dir_fd, const char *path);
