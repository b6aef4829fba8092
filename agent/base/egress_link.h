// SPDX-License-Identifier: LGPL-2.1-or-later
// A program that the kernel runs on each packet that the sockets of a cgroup and of those below it send, tied to the cgroup by a link: it runs
// as long as somebody has the link's descriptor open, beside whatever programs others have there. No policy here, and nothing is retried.
#pragma once

#include <linux/bpf.h>
#include <stddef.h>

/* Loads a program under a name of at most 15 characters. Its descriptor, close-on-exec; or -errno: -EPERM: without CAP_BPF, or the
 * call is filtered; -EINVAL, -ENOSYS: the kernel has no such programs, or does not take this one. */
int egress_link_load(const struct bpf_insn *code, size_t n, const char *name);

/* Ties it to a cgroup; the program's descriptor is not needed any more then. The link's, close-on-exec; or -errno: -EPERM: without
 * CAP_NET_ADMIN, or another program there allows none beside it. */
int egress_link_new(int cgroup_fd, int program_fd);

/* Another program in place of the one that a link has; no packet passes between them. 0 or -errno; -ENOLINK: the cgroup has gone. */
int egress_link_change(int link_fd, int program_fd);

/* Whether its program runs still. 1; 0: the cgroup has gone, or somebody cut it off; -errno. */
int egress_link_stands(int link_fd);

/* Whether a program in this very cgroup allows none beside it; one below it would run in its stead, if at all. 1, 0 or -errno. */
int egress_link_is_alone(int cgroup_fd);
