// SPDX-License-Identifier: LGPL-2.1-or-later
// See disable_watch.h. The folder may come after the agent has started, and go again: while there is
// none its parent is watched, and after each change of the folder itself both are looked up anew.
#include "agent/disable_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

#define FOLDER "etc/colod"
#define PARENT "etc"
#define FOLDER_NAME "colod"
#define FILE_NAME "disable"

#define COMES_AND_GOES (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR)
#define ITSELF (IN_DELETE_SELF | IN_MOVE_SELF)
/* One read of that many is enough: what is left makes the fd readable again. */
#define BUFFER_SIZE 4096

/* The directory that was opened is the one that is watched, whatever stands in for "/". */
static int add(const struct disable_watch *w, const char *path, uint32_t mask)
{
	_cleanup_close_ int fd = -EBADF;
	char link[64];
	int wd, r = fs_open_dir(w->root_fd, path, &fd);

	if (r < 0)
		return r;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	wd = sys_inotify_add_watch(w->fd, link, mask);
	return wd < 0 ? -errno : wd;
}

static void drop(struct disable_watch *w, int *wd)
{
	if (*wd >= 0)
		(void)inotify_rm_watch(w->fd, *wd);
	*wd = -1;
}

/* The parent first: a folder that appears in between is then seen by one of the two. */
static void look(struct disable_watch *w)
{
	drop(w, &w->folder_wd);
	if (w->parent_wd < 0)
		w->parent_wd = add(w, PARENT, COMES_AND_GOES);
	w->folder_wd = add(w, FOLDER, COMES_AND_GOES | ITSELF);
	if (w->folder_wd >= 0)
		drop(w, &w->parent_wd);
}

int disable_watch_start(struct disable_watch *w, int root_fd)
{
	*w = (struct disable_watch){.root_fd = root_fd, .folder_wd = -1, .parent_wd = -1};
	w->fd = sys_inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		w->fd = -EBADF;
		return -errno;
	}
	look(w);
	return 0;
}

void disable_watch_stop(struct disable_watch *w)
{
	w->fd = cleanup_close_fd(w->fd);
}

/* Whether the event may concern the file; *ret_moved: where the folder is has to be looked up. */
static bool concerns(const struct disable_watch *w, const struct inotify_event *e, bool *ret_moved)
{
	const char *name = e->len > 0 ? e->name : "";

	if (e->mask & IN_Q_OVERFLOW) {
		*ret_moved = true;
		return true;
	}
	if (e->wd == w->folder_wd) {
		*ret_moved |= (e->mask & (ITSELF | IN_IGNORED | IN_UNMOUNT)) != 0;
		return *ret_moved || strcmp(name, FILE_NAME) == 0;
	}
	if (e->wd != w->parent_wd || strcmp(name, FOLDER_NAME) != 0)
		return false;
	*ret_moved = true;
	return true;
}

bool disable_watch_take(struct disable_watch *w)
{
	char buffer[BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool wakes = false, moved = false;
	ssize_t n = sys_read(w->fd, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const struct inotify_event *)(buffer + at);

		wakes |= concerns(w, e, &moved);
		at += (ssize_t)sizeof(*e) + e->len;
	}
	if (moved)
		look(w);
	return wakes;
}
