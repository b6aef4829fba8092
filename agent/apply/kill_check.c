// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_check.h.
#include "agent/apply/kill_check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/apply/kill_walk.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/victim.h"

#define OWN_SIZE 8192
#define UID_LENGTH 32

struct look {
	const struct kill_place *place;
	struct kill_largest *largest;
	struct kill_done *done;
	const char *why;
};

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENOTDIR;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static int refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EPERM;
}

/* --- what is looked at, and what it is called ------------------------------------------------- */

/* The path, the descriptor and the inode are all of one directory below the mount, which is no root. */
static int check_identity(const struct kill_place *place, const struct kill_job *job,
			  struct stat *ret_target, const char **ret_why)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat root, named;
	int r;

	if (sys_fstat(job->dir_fd, ret_target) < 0 || sys_fstat(place->cgroup_fd, &root) < 0)
		return refuse(ret_why, "cannot be looked at");
	if (!S_ISDIR(ret_target->st_mode) || ret_target->st_ino != job->inode)
		return refuse(ret_why, "is not the cgroup that was decided on");
	if (same(ret_target, &root))
		return refuse(ret_why, "is the root of all cgroups");
	r = fs_open_dir(place->cgroup_fd, job->path, &fd);
	if (is_gone(r))
		return -ENOENT;
	if (r < 0 || sys_fstat(fd, &named) < 0 || !same(ret_target, &named))
		return refuse(ret_why, "is not what its path names");
	/* The root of the hierarchy has none, wherever it is mounted. */
	r = fs_exists(job->dir_fd, "cgroup.events");
	if (r == 0)
		return fs_exists(place->cgroup_fd, job->path) == 0
			       ? -ENOENT
			       : refuse(ret_why, "is the root of all cgroups");
	return r < 0 ? refuse(ret_why, "cannot be looked at") : 0;
}

static int check_names(const struct kill_job *job, const char **ret_why)
{
	const char *slash = strrchr(job->path, '/');

	if (job->kind != CGROUP_POD)
		return refuse(ret_why, "is no pod but part of the tree around it");
	if (memchr(job->path, '\0', sizeof(job->path)) == NULL || strstr(job->path, ".."))
		return refuse(ret_why, "has no usable path");
	if (victim_is_system_name(slash ? slash + 1 : job->path))
		return refuse(ret_why, "is part of the system");
	return 0;
}

/* --- where colod itself is -------------------------------------------------------------------- */

/* "0::/system.slice/colod.service\n" in place, "" for the root; NULL without such a line. */
static char *own_path(char *text)
{
	char *line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");

	if (!line)
		return NULL;
	line += line == text ? 4 : 5;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* The cgroup that colod is in, and all above. Only inodes are compared: a name proves nothing. */
static int check_own(const struct kill_place *place, const struct stat *target,
		     const char **ret_why)
{
	_cleanup_close_ int fd = -EBADF;
	char text[OWN_SIZE], *path, *rest = NULL;
	int r = fs_read(place->root_fd, "proc/self/cgroup", text, sizeof(text), NULL);

	path = r < 0 ? NULL : own_path(text);
	if (!path)
		return refuse(ret_why, "is left alone: colod does not know where it runs itself");
	r = fs_open_dir(place->cgroup_fd, "", &fd);
	for (char *part = strtok_r(path, "/", &rest); part && r == 0;
	     part = strtok_r(NULL, "/", &rest)) {
		int next = -EBADF;
		struct stat st;

		/* Outside what is mounted here: nothing below is colod's. */
		if (strcmp(part, "..") == 0)
			return 0;
		r = fs_open_dir(fd, part, &next);
		(void)cleanup_close_fd(TAKE_FD(fd));
		fd = next;
		if (r == 0 && sys_fstat(fd, &st) < 0)
			r = -errno;
		if (r == 0 && same(&st, target))
			return refuse(ret_why, "holds colod itself");
	}
	return r < 0 ? refuse(ret_why, "is left alone: colod does not know where it runs itself")
		     : 0;
}

/* --- what is in it ----------------------------------------------------------------------------- */

/* A cgroup of a pod, in either layout of the kubelet. */
static bool is_pod_name(const char *name)
{
	return strstr(name, "kubepods") ||
	       (strncmp(name, "pod", 3) == 0 && strlen(name) >= 3 + UID_LENGTH);
}

static int look_at_process(void *context, pid_t pid)
{
	struct look *l = context;

	if (pid == getpid())
		return refuse(&l->why, "holds colod itself");
	if (pid == 1)
		return refuse(&l->why, "holds the first process of the system");
	l->done->n_processes++;
	kill_largest_add(l->largest, l->place->root_fd, pid);
	return 0;
}

static int look_at_cgroup(void *context, int dir_fd, const char *name)
{
	struct look *l = context;

	if (name[0] && is_pod_name(name))
		return refuse(&l->why, "holds other pods");
	return kill_walk_pids(dir_fd, look_at_process, l);
}

int kill_check(const struct kill_place *place, const struct kill_job *job,
	       struct kill_largest *largest, struct kill_done *done, const char **ret_why)
{
	struct look l = {.place = place, .largest = largest, .done = done};
	struct stat target;
	int r;

	r = check_names(job, ret_why);
	if (r == 0)
		r = check_identity(place, job, &target, ret_why);
	if (r == 0)
		r = check_own(place, &target, ret_why);
	if (r < 0)
		return r;
	r = kill_walk(job->dir_fd, look_at_cgroup, &l, &done->n_cgroups);
	if (r == 0)
		return 0;
	return refuse(ret_why, l.why ? l.why : "could not be looked at as a whole");
}
