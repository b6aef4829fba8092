// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_walk.h. The stack is what this takes: some 2 KiB for each level.
#include "agent/apply/kill_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

#define ENTRIES_SIZE 2048
#define PIDS_SIZE 4096

struct walk {
	kill_walk_fn fn;
	void *context;
	uint32_t n;
};

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENOTDIR;
}

static bool is_dir(int dir_fd, const struct dirent64 *entry)
{
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return sys_fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int walk_dir(struct walk *w, int parent_fd, const char *name, int depth)
{
	char entries[ENTRIES_SIZE] __attribute__((aligned(16)));
	_cleanup_close_ int fd = -EBADF;
	int r;

	/* Opened anew also at the top, whose own offset is the caller's. */
	r = fs_open_dir(parent_fd, name, &fd);
	if (r < 0)
		return is_gone(r) ? 0 : r;
	if (depth == KILL_WALK_DEPTH)
		return -ELOOP;
	if (w->n == KILL_WALK_CGROUPS)
		return -E2BIG;
	w->n++;
	r = w->fn(w->context, fd, name);
	while (r == 0) {
		ssize_t n = sys_getdents64(fd, entries, sizeof(entries));

		if (n <= 0)
			return n < 0 && !is_gone(-errno) ? -errno : 0;
		for (ssize_t at = 0; at < n && r == 0;) {
			const struct dirent64 *entry =
				(const struct dirent64 *)(const void *)(entries + at);

			if (is_dir(fd, entry))
				r = walk_dir(w, fd, entry->d_name, depth + 1);
			at += entry->d_reclen;
		}
	}
	return r;
}

int kill_walk(int dir_fd, kill_walk_fn fn, void *context, uint32_t *ret_n)
{
	struct walk w = {.fn = fn, .context = context};
	int r = walk_dir(&w, dir_fd, "", 0);

	if (r == 0 && ret_n)
		*ret_n = w.n;
	return r;
}

static int walk_numbers(int dir_fd, const char *file, kill_walk_pid_fn fn, void *context)
{
	_cleanup_close_ int fd = -EBADF;
	char text[PIDS_SIZE];
	bool in_number = false;
	int64_t pid = 0;
	int r = fs_open(dir_fd, file, O_RDONLY, &fd);

	if (r < 0)
		return is_gone(r) || r == -EOPNOTSUPP ? 0 : r;
	for (;;) {
		ssize_t n = sys_read(fd, text, sizeof(text));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return is_gone(-errno) || errno == EOPNOTSUPP ? 0 : -errno;
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				in_number = true;
				if (pid > INT32_MAX)
					return -EBADMSG;
				continue;
			}
			r = in_number ? fn(context, (pid_t)pid) : 0;
			if (r != 0)
				return r;
			in_number = false;
			pid = 0;
		}
		/* Each number has a newline behind it. */
		if (n == 0)
			return in_number ? -EBADMSG : 0;
	}
}

int kill_walk_pids(int dir_fd, kill_walk_pid_fn fn, void *context)
{
	return walk_numbers(dir_fd, "cgroup.procs", fn, context);
}

int kill_walk_threads(int dir_fd, kill_walk_pid_fn fn, void *context)
{
	return walk_numbers(dir_fd, "cgroup.threads", fn, context);
}
