// SPDX-License-Identifier: LGPL-2.1-or-later
// See task_walk.h.
#include "agent/apply/task_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/cgroup_attr.h"
#include "agent/apply/kill_walk.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/process.h"
#include "agent/base/sys.h"

/* The walk ends here: the slice is full. */
#define FULL 1
/* A fork bomb is raised as a whole by its parent, or not at all. */
#define ROUNDS 3

struct walk {
	const struct task_walk_place *place;
	struct task_walk_seen *seen;
	bool changes;
	int from, to;
	uint32_t first; /* where this slice begins */
	uint32_t at;
};

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -ENOTDIR;
}

static void note_start(int proc_fd, int value, struct task_walk_seen *seen)
{
	char text[1024];
	uint64_t start;

	if (fs_read(proc_fd, "stat", text, sizeof(text), NULL) < 0 ||
	    process_start_parse(text, &start) < 0 || (seen->start != 0 && start >= seen->start))
		return;
	seen->start = start;
	seen->oldest = value;
}

static int change(const struct walk *w, int proc_fd, pid_t id, int *value)
{
	const struct cgroup_attr *attr = w->place->attr;
	int r;

	/* It may have been moved elsewhere since it was listed, or be another one of that number. */
	if (!process_is_in(proc_fd, "cgroup", w->place->path))
		return -ESRCH;
	r = attr->write(proc_fd, id, w->to);
	if (r == 0)
		r = attr->read(proc_fd, id, value);
	if (r == 0 && *value == w->to)
		w->seen->n_changed++;
	return r;
}

static int look_at(struct walk *w, int proc_fd, pid_t id)
{
	const struct cgroup_attr *attr = w->place->attr;
	struct task_walk_seen *seen = w->seen;
	int value, r = attr->read(proc_fd, id, &value);

	if (r < 0)
		return r;
	if (!w->changes)
		note_start(proc_fd, value, seen);
	else if (value == w->from)
		r = change(w, proc_fd, id, &value);
	if (r < 0)
		return r;
	seen->n_others += w->changes && value != w->from && value != w->to;
	seen->is_given |= value == attr->to;
	if (seen->n_tasks == 0 || value < seen->lowest)
		seen->lowest = value;
	seen->n_tasks++;
	return 0;
}

static int on_task(void *context, pid_t id)
{
	struct walk *w = context;
	_cleanup_close_ int fd = -EBADF;
	char path[32];
	int r;

	if (w->at++ < w->first || id <= 0)
		return 0;
	if (w->at - w->first > TASK_WALK_SLICE) {
		w->seen->next = w->at - 1;
		return FULL;
	}
	(void)snprintf(path, sizeof(path), "proc/%d", (int)id);
	r = fs_open_dir(w->place->root_fd, path, &fd);
	if (r == 0)
		r = look_at(w, fd, id);
	if (r < 0 && !is_gone(r)) {
		w->seen->error = w->seen->n_failed == 0 ? r : w->seen->error;
		w->seen->n_failed++;
	}
	return 0;
}

static int on_cgroup(void *context, int dir_fd, const char *name)
{
	const struct walk *w = context;

	(void)name;
	return w->place->attr->of_threads ? kill_walk_threads(dir_fd, on_task, context)
					  : kill_walk_pids(dir_fd, on_task, context);
}

static int run(struct walk *w)
{
	int r;

	*w->seen = (struct task_walk_seen){0};
	r = kill_walk(w->place->dir_fd, on_cgroup, w, NULL);
	return r < 0 ? r : 0;
}

static void add_look(struct task_walk_seen *sum, const struct task_walk_seen *s)
{
	bool none = sum->n_tasks == 0;

	if (s->n_tasks > 0 && (none || s->lowest < sum->lowest))
		sum->lowest = s->lowest;
	if (s->start != 0 && (sum->start == 0 || s->start < sum->start)) {
		sum->start = s->start;
		sum->oldest = s->oldest;
	}
	sum->is_given |= s->is_given;
	sum->n_tasks += s->n_tasks;
}

int task_walk_look(const struct task_walk_place *place, struct task_walk_seen *ret_seen)
{
	struct task_walk_seen sum = {0}, s = {0};
	int r;

	do {
		struct walk w = {.place = place, .seen = &s, .first = s.next};

		r = run(&w);
		add_look(&sum, &s);
	} while (r == 0 && s.next > 0);
	*ret_seen = sum;
	return r;
}

int task_walk_change(const struct task_walk_place *place, int from, int to, uint32_t first,
		     struct task_walk_seen *ret_seen)
{
	struct walk w = {
		.place = place,
		.seen = ret_seen,
		.changes = true,
		.from = from,
		.to = to,
		.first = first,
	};

	return run(&w);
}

static void add(struct task_walk_seen *sum, const struct task_walk_seen *s)
{
	sum->n_changed += s->n_changed;
	if (sum->n_failed == 0)
		sum->error = s->error;
	sum->n_failed += s->n_failed;
}

int task_walk_change_all(const struct task_walk_place *place, int from, int to,
			 struct task_walk_seen *ret_seen)
{
	struct task_walk_seen sum = {0}, s;
	uint32_t before;
	int r = 0;

	for (int round = 0; round < ROUNDS && r == 0; round++) {
		before = sum.n_changed;
		s.next = 0;
		do {
			r = task_walk_change(place, from, to, s.next, &s);
			add(&sum, &s);
		} while (r == 0 && s.next > 0);
		if (sum.n_changed == before || sum.n_failed > 0)
			break;
	}
	*ret_seen = sum;
	return r;
}
