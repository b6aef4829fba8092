// SPDX-License-Identifier: LGPL-2.1-or-later
// See points.h.
#include "tests/faults/points.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colod/level.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/tree.h"

#define MOUNT "sys/fs/cgroup/"
#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const char *const what_names[WHAT_COUNT] = {
	"nothing", "error", "lasting", "short", "vanish", "reborn", "kill", "torn", "memory",
};

const char *point_what_name(enum point_what what)
{
	return what_names[what];
}

/* The absolute path of what the call is about, "" where there is none. */
static void path_of(const struct sys_point *p, char *buf, size_t size)
{
	char link[64];
	ssize_t n;

	buf[0] = '\0';
	if (p->fd < 0) {
		(void)snprintf(buf, size, "%s", p->path ? p->path : "");
		return;
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", p->fd);
	n = readlink(link, buf, size - 1);
	if (n < 0)
		n = 0;
	buf[n] = '\0';
	if (p->path && p->call != SYS_WATCH && strcmp(p->path, ".") != 0)
		(void)snprintf(buf + n, size - (size_t)n, "/%s", p->path);
}

static void describe(const struct points *points, const struct sys_point *p, const char *path,
		     struct point *ret)
{
	size_t len = strlen(points->dir);

	*ret = (struct point){.call = p->call, .flags = p->flags, .place = PLACE_OTHER};
	ret->inotify = strstr(path, "inotify") != NULL;
	if (strncmp(path, points->dir, len) == 0 && path[len] == '/')
		path += len + 1;
	(void)snprintf(ret->path, sizeof(ret->path), "%s", path);
	if (strncmp(path, MOUNT, sizeof(MOUNT) - 1) == 0)
		ret->place = PLACE_CGROUP;
	else if (strncmp(path, "run/colod", 9) == 0)
		ret->place = PLACE_STATE;
}

static void keep_text(struct points *points, const char *path)
{
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	n = read(fd, points->cut_text, sizeof(points->cut_text) - 1);
	points->cut_text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	(void)snprintf(points->cut_path, sizeof(points->cut_path), "%s", path);
}

static void give_text_back(struct points *points)
{
	size_t len = strlen(points->cut_text);
	int fd;

	if (!points->cut_path[0])
		return;
	fd = open(points->cut_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd >= 0 && write(fd, points->cut_text, len) != (ssize_t)len)
		abort();
	if (fd >= 0)
		(void)close(fd);
	points->cut_path[0] = '\0';
}

static void watch_writes(struct points *points, const struct sys_point *p, const char *path)
{
	const char *below;

	if (p->call == SYS_WRITE)
		points->cut_path[0] = '\0';
	if (p->call != SYS_OPEN || (p->flags & O_ACCMODE) == O_RDONLY)
		return;
	below = strstr(path, "/" MOUNT);
	if (!below)
		return;
	if (points->on_write)
		points->on_write(points->context, below + sizeof(MOUNT));
	if (p->flags & O_TRUNC)
		keep_text(points, path);
}

static void vanish(struct points *points)
{
	char path[512];

	(void)snprintf(path, sizeof(path), MOUNT "%s", points->pod);
	if (tree_delete(points->dir, path) < 0)
		return;
	points->vanished = true;
	if (points->what != WHAT_REBORN)
		return;
	if (tree_cgroup(points->dir, points->pod) < 0 ||
	    tree_knob(points->dir, points->pod, "cpu.weight", "77") < 0 ||
	    tree_knob(points->dir, points->pod, "memory.high", "123457536") < 0)
		abort();
}

static int strike(struct points *points, const struct sys_point *p)
{
	points->met = true;
	switch (points->what) {
	case WHAT_ERROR:
	case WHAT_LASTING:
		if (p->call == SYS_WRITE)
			give_text_back(points);
		return -points->error;
	case WHAT_SHORT:
		return 1;
	case WHAT_VANISH:
	case WHAT_REBORN:
		vanish(points);
		return 0;
	case WHAT_KILL:
		give_text_back(points);
		_exit(POINTS_KILLED);
	case WHAT_TORN_KILL:
		return p->size > 1 ? (int)(p->size / 2) : 0; /* and ends at the next call */
	case WHAT_NOTHING:
	case WHAT_MEMORY:
	case WHAT_COUNT:
		break;
	}
	return 0;
}

static bool is_lasting(const struct points *points)
{
	return points->what == WHAT_LASTING && points->n > points->at;
}

static int hook(void *context, const struct sys_point *p)
{
	struct points *points = context;
	struct point here;
	char path[512];
	int r = 0;

	if (!points->on)
		return 0;
	points->n++;
	if (points->what == WHAT_TORN_KILL && points->n == points->at + 1)
		_exit(POINTS_KILLED);
	if (points->n != points->at && !points->record && !points->vanished && !is_lasting(points) &&
	    p->call != SYS_WRITE && (p->call != SYS_OPEN || (p->flags & O_ACCMODE) == O_RDONLY))
		return 0;
	path_of(p, path, sizeof(path));
	if (points->record && points->n <= points->cap) {
		describe(points, p, path, &here);
		points->record[points->n - 1] = here;
	}
	if (points->n == points->at && points->what != WHAT_MEMORY) {
		describe(points, p, path, &points->here);
		r = strike(points, p);
	} else if (is_lasting(points)) {
		describe(points, p, path, &here);
		if (here.call == points->here.call && here.place == points->here.place)
			r = strike(points, p);
	}
	if (r < 0)
		return r;
	/* What a kernel says of an open file whose cgroup is gone. */
	if (points->vanished && strstr(path, " (deleted)"))
		return p->call == SYS_LIST || p->path ? -ENOENT : -ENODEV;
	watch_writes(points, p, path);
	return r;
}

void points_enter(struct points *points)
{
	points->on = true;
	points->allocations_before = alloc_count();
	if (points->what == WHAT_MEMORY && points->at > points->n_allocations)
		alloc_fail_at(points->at - points->n_allocations);
}

void points_leave(struct points *points)
{
	points->on = false;
	points->n_allocations += alloc_count() - points->allocations_before;
	if (points->what != WHAT_MEMORY)
		return;
	points->met |= alloc_did_fail();
	alloc_fail_at(0);
}

void points_use(struct points *points)
{
	sys_set_hook(points ? hook : NULL, points);
}
