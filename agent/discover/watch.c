// SPDX-License-Identifier: LGPL-2.1-or-later
// See watch.h. Watch descriptors grow from 1 and are not reused soon, so a sorted array is filled
// by appending.
#include "agent/discover/watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

/* 64 reads of 16 KiB are some 20 000 events, as many as there may be cgroups in the model. */
#define READS_MAX 64
#define BUFFER_SIZE 16384

struct watch_entry {
	int wd;
	int what;
	void *key;
};

struct watch {
	int fd;
	struct watch_entry *entries; /* by wd */
	size_t n, cap;
	char buffer[BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
};

int watch_new(struct watch **ret_watch)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->fd = sys_inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		int r = -errno;

		free(w);
		return r;
	}
	*ret_watch = w;
	return 0;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	watch->fd = cleanup_close_fd(watch->fd);
	free(watch->entries);
	free(watch);
}

int watch_fd(const struct watch *watch)
{
	return watch->fd;
}

/* Where wd is, or would be. */
static size_t place(const struct watch *w, int wd)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (w->entries[middle].wd < wd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int add(struct watch *watch, const char *path, uint32_t mask, void *key, int what,
	       int *ret_wd)
{
	size_t at;
	int wd;

	if (watch->n == watch->cap) {
		size_t cap = watch->cap ? watch->cap * 2 : 64;
		struct watch_entry *grown = realloc(watch->entries, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		watch->entries = grown;
		watch->cap = cap;
	}
	wd = sys_inotify_add_watch(watch->fd, path, mask);
	if (wd < 0)
		return -errno;
	at = place(watch, wd);
	if (at == watch->n || watch->entries[at].wd != wd) {
		memmove(&watch->entries[at + 1], &watch->entries[at],
			(watch->n - at) * sizeof(*watch->entries));
		watch->n++;
	}
	watch->entries[at] = (struct watch_entry){.wd = wd, .what = what, .key = key};
	*ret_wd = wd;
	return 0;
}

/* There is no inotify_add_watch_at(): the fd's own link below the agent's /proc stands in, so that
 * the directory that was opened is the one that is watched. */
int watch_add(struct watch *watch, int dirfd, void *key, int *ret_wd)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	return add(watch, path, IN_CREATE | IN_DELETE | IN_MOVE | IN_ONLYDIR, key, WATCH_CHILDREN,
		   ret_wd);
}

int watch_add_file(struct watch *watch, int dirfd, const char *name, void *key, int what,
		   int *ret_wd)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	return add(watch, path, IN_MODIFY | IN_DONT_FOLLOW, key, what, ret_wd);
}

static void forget(struct watch *w, int wd)
{
	size_t at = place(w, wd);

	if (at == w->n || w->entries[at].wd != wd)
		return;
	w->n--;
	memmove(&w->entries[at], &w->entries[at + 1], (w->n - at) * sizeof(*w->entries));
}

void watch_remove(struct watch *watch, int wd)
{
	(void)inotify_rm_watch(watch->fd, wd);
	forget(watch, wd);
}

/* 1: events were lost. */
static int one_event(struct watch *w, const struct inotify_event *event, watch_fn on_change,
		     void *context)
{
	const struct watch_entry *e;
	size_t at;

	if (event->mask & IN_Q_OVERFLOW)
		return 1;
	if (event->mask & IN_IGNORED) {
		forget(w, event->wd);
		return 0;
	}
	at = place(w, event->wd);
	e = &w->entries[at];
	if (at == w->n || e->wd != event->wd)
		return 0;
	/* Files that come and go in a directory are nobody's business. */
	if (e->what != WATCH_CHILDREN || (event->mask & IN_ISDIR))
		on_change(context, e->key, e->what);
	return 0;
}

int watch_drain(struct watch *watch, watch_fn on_change, void *context)
{
	int lost = 0;

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = sys_read(watch->fd, watch->buffer, sizeof(watch->buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? lost : -errno;
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(watch->buffer + at);

			lost |= one_event(watch, event, on_change, context);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	return 1;
}
