// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_pods.h.
#include "agent/discover/net_pods.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

/* Containers are one below the pod, and some runtimes put them one deeper. Further down are those that a
 * container starts itself, which may have a network of their own. */
#define DEPTH_MAX 3
#define DIRS_MAX 64
#define PATH_SIZE 1024

/* A process, and the cgroup that it was found in. */
struct candidate {
	pid_t pid;
	char path[PATH_SIZE];
};

struct search {
	const struct net_pods *pods;
	uint32_t n;
	uint32_t n_dirs;
	int error; /* -errno: nothing can be told, as what is there could not be read; 0 */
	struct candidate list[NET_PODS_TRIES];
};

/* This process's own want says nothing of the pod. */
static bool is_want(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* The first process of a cgroup; 0: none, or none that is to be seen from here; -errno: it could not be asked (is_want()). */
static pid_t first_process(int cgroup_fd, const char *path)
{
	_cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
	char text[16];
	ssize_t n;
	int r = fs_open_dir(cgroup_fd, path, &dir_fd);

	if (r >= 0)
		r = fs_open(dir_fd, "cgroup.procs", O_RDONLY, &fd);
	if (r < 0)
		return is_want(r) ? r : 0;
	n = sys_read(fd, text, sizeof(text) - 1);
	if (n < 0 && errno == ENOMEM)
		return -ENOMEM;
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

/* The runtime's own process beside a container, which runs in the host's network. */
static bool is_monitor(const char *name)
{
	static const char crio[] = "crio-conmon-", podman[] = "libpod-conmon-";

	return strncmp(name, crio, sizeof(crio) - 1) == 0 ||
	       strncmp(name, podman, sizeof(podman) - 1) == 0;
}

static void look_into(struct search *s, const char *path, int depth);

static void look_below(struct search *s, const char *path, int depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;

	int r = fs_open_dir(s->pods->cgroup_fd, path, &fd);

	if (r < 0) {
		s->error = is_want(r) ? r : s->error;
		return;
	}
	dir = sys_fdopendir(fd);
	if (!dir) {
		s->error = -ENOMEM;
		return;
	}
	fd = -EBADF; /* closedir() closes it */
	while (s->n < NET_PODS_TRIES) {
		const struct dirent *e = sys_readdir(dir);
		char below[PATH_SIZE];
		int len;

		/* What has gone meanwhile has nothing in it. */
		if (!e && errno != 0 && errno != ENOENT)
			s->error = -errno;
		if (!e)
			return;
		if (e->d_type != DT_DIR || e->d_name[0] == '.' || is_monitor(e->d_name) ||
		    s->n_dirs++ >= DIRS_MAX)
			continue;
		len = snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (len > 0 && (size_t)len < sizeof(below))
			look_into(s, below, depth - 1);
	}
}

/* Cgroups that are exactly `depth` below. */
static void look_into(struct search *s, const char *path, int depth)
{
	struct candidate *c = &s->list[s->n];

	if (depth > 0) {
		look_below(s, path, depth);
		return;
	}
	if (s->n == NET_PODS_TRIES || strlen(path) >= sizeof(c->path))
		return;
	c->pid = first_process(s->pods->cgroup_fd, path);
	if (c->pid < 0)
		s->error = c->pid;
	if (c->pid <= 0)
		return;
	(void)snprintf(c->path, sizeof(c->path), "%s", path);
	s->n++;
}

static int on_nsid(void *context, const struct nlmsghdr *answer)
{
	return net_pods_read_nsid(answer, context);
}

int net_pods_read_nsid(const struct nlmsghdr *answer, int32_t *ret_nsid)
{
	static const struct nla_policy policy[NETNSA_MAX + 1] = {[NETNSA_NSID] = {.type = NLA_U32}};
	struct nlattr *tb[NETNSA_MAX + 1];
	int32_t nsid;

	if (answer->nlmsg_type != RTM_NEWNSID)
		return 0;
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)answer, sizeof(struct rtgenmsg), tb,
			NETNSA_MAX, policy) < 0 ||
	    !tb[NETNSA_NSID])
		return -EBADMSG;
	nsid = nla_get_s32(tb[NETNSA_NSID]);
	*ret_nsid = nsid < 0 ? NET_NO_NSID : nsid;
	return 0;
}

static int ask_nsid(struct netlink *nl, pid_t pid, int32_t *ret_nsid)
{
	const struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
	_cleanup_(netlink_message_freep) struct nl_msg *message =
		netlink_message(RTM_GETNSID, 0, &header, sizeof(header));

	*ret_nsid = NET_NO_NSID;
	/* The header is one byte long. */
	if (!message || nla_put_u32(message, NETNSA_PID, (uint32_t)pid) < 0)
		return -ENOMEM;
	return netlink_ask(nl, message, on_nsid, ret_nsid);
}

/* Whether it has this very network: the files of /proc/PID/net have numbers of their own in each. The link in
 * /proc/PID/ns would tell too, but only with CAP_SYS_PTRACE. */
static bool has_our_network(int root_fd, pid_t pid)
{
	char path[48];
	struct stat own, its;

	(void)snprintf(path, sizeof(path), "proc/%d/net/dev", (int)pid);
	return sys_fstatat(root_fd, "proc/self/net/dev", &own, 0) == 0 &&
	       sys_fstatat(root_fd, path, &its, 0) == 0 && own.st_dev == its.st_dev &&
	       own.st_ino == its.st_ino;
}

void net_pods_match(const struct net_devices *devices, int32_t nsid, struct net_pod *ret)
{
	ret->n = ret->left_out = 0;
	for (size_t i = 0; i < devices->n && nsid != NET_NO_NSID; i++) {
		const struct net_device *d = &devices->list[i];

		if (d->nsid != nsid || strcmp(d->kind, "veth") != 0)
			continue;
		if (ret->n == NET_POD_LINKS)
			ret->left_out++;
		else
			ret->ifindex[ret->n++] = d->ifindex;
	}
	ret->refusal = ret->n > 0 ? NET_FINE : NET_NOT_FOUND;
}

bool net_pods_stands(struct net_devices *devices, int32_t nsid, const struct net_pod *pod)
{
	struct net_pod now;

	net_pods_match(devices, nsid, &now);
	return now.n > 0 && now.n == pod->n && now.left_out == pod->left_out &&
	       memcmp(now.ifindex, pod->ifindex, now.n * sizeof(now.ifindex[0])) == 0;
}

int net_pods_find(const struct net_pods *pods, const char *cgroup_path, struct net_pod *ret,
		  int32_t *ret_nsid)
{
	struct search s = {.pods = pods};
	int r;

	*ret_nsid = NET_NO_NSID;
	ret->n = ret->left_out = 0;
	ret->refusal = NET_NO_PROCESS;
	for (int depth = 0; depth <= DEPTH_MAX && s.n == 0; depth++)
		look_into(&s, cgroup_path, depth);
	if (s.error < 0)
		return s.error;
	for (uint32_t i = 0; i < s.n; i++) {
		const struct candidate *c = &s.list[i];
		bool host = has_our_network(pods->root_fd, c->pid);
		struct net_pod found;
		int32_t nsid;

		r = ask_nsid(pods->nl, c->pid, &nsid);
		/* It has ended; so has perhaps the pod. */
		if (r == -ESRCH || r == -EINVAL)
			continue;
		if (r < 0)
			return r;
		/* Its number may be another's by now. */
		r = first_process(pods->cgroup_fd, c->path);
		if (r < 0)
			return r;
		if (r != c->pid)
			continue;
		net_pods_match(pods->devices, host ? NET_NO_NSID : nsid, &found);
		ret->refusal = host ? NET_HOST_NETWORK : NET_NOT_FOUND;
		if (host || found.n == 0)
			continue;
		found.serial = ret->serial;
		*ret = found;
		*ret_nsid = nsid;
		return 0;
	}
	return 0;
}
