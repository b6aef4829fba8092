// SPDX-License-Identifier: LGPL-2.1-or-later
// See knob_watch.h.
#include "agent/discover/knob_watch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/discover/knobs.h"
#include "policy/knob.h"

static bool is_wanted(const struct knob_state *s)
{
	return s->owned && !s->contested && s->now.state == KNOB_KNOWN;
}

static void remove_one(struct watch *watch, struct cgroup_node *node, int k)
{
	watch_remove(watch, node->knob_wd[k]);
	node->knob_wd[k] = 0;
	node->knobs_written &= ~(1u << k);
}

static void refused(struct knob_watch *kw, int error)
{
	kw->off = true;
	if (kw->said)
		return;
	kw->said = true;
	log_warning(
		"discover.drift",
		"cannot watch every value that colod wrote (%s): who writes over one of the others "
		"is noticed by the rescan every 30 s. Raise fs.inotify.max_user_watches",
		strerror(-error));
}

/* One file that several knobs are lines of has one watch, by the first of them. */
static enum knob watched_as(enum knob knob)
{
	return knob_is_io_max(knob) ? KNOB_IO_MAX : knob;
}

static bool is_file_wanted(const struct cgroup *cgroup, enum knob knob)
{
	bool wanted = false, contested = false;

	for (int k = knob; k < KNOB_COUNT && watched_as((enum knob)k) == knob; k++) {
		wanted |= is_wanted(&cgroup->knobs[k]);
		contested |= cgroup->knobs[k].contested;
	}
	return wanted && !contested && !knob_is_of_tasks(knob);
}

/* The directory, only where it still is this cgroup. */
static int open_node(const struct cgroup_tree *tree, const struct cgroup_node *node, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = fs_open_dir(tree->fd, node->cgroup.path, &fd);

	if (r < 0)
		return r;
	if (sys_fstat(fd, &st) < 0 || st.st_ino != node->cgroup.inode)
		return -ESTALE;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static void add_missing(struct knob_watch *kw, const struct cgroup_tree *tree,
			struct cgroup_node *node, uint32_t missing)
{
	_cleanup_close_ int fd = -EBADF;

	if (open_node(tree, node, &fd) < 0)
		return;
	for (int k = 0; k < KNOB_COUNT && !kw->off; k++) {
		int r;

		if (!(missing & (1u << k)))
			continue;
		r = watch_add_file(tree->watch, fd, knob_file((enum knob)k), node, k,
				   &node->knob_wd[k]);
		if (r == -ENOSPC || r == -ENOMEM)
			refused(kw, r);
		if (r == 0)
			knob_watch_on_write(kw, node, (enum knob)k);
	}
}

void knob_watch_sync(struct knob_watch *kw, struct cgroup_tree *tree)
{
	kw->contested = false;
	for (size_t i = 0; i < tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);
		uint32_t missing = 0;

		for (int k = 0; k < KNOB_COUNT; k++) {
			bool wanted = tree->watch && is_file_wanted(&node->cgroup, (enum knob)k);

			kw->contested |= node->cgroup.knobs[k].contested;
			if (wanted && node->knob_wd[k] == 0)
				missing |= 1u << k;
			if (!wanted && node->knob_wd[k] > 0)
				remove_one(tree->watch, node, k);
		}
		if (missing && !kw->off)
			add_missing(kw, tree, node, missing);
	}
}

void knob_watch_retry(struct knob_watch *kw)
{
	kw->off = kw->dropped;
}

size_t knob_watch_drop(struct knob_watch *kw, struct cgroup_tree *tree)
{
	size_t n = 0;

	kw->off = kw->dropped = true;
	for (size_t i = 0; i < tree->n && tree->watch; i++) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);

		for (int k = 0; k < KNOB_COUNT; k++) {
			if (node->knob_wd[k] == 0)
				continue;
			remove_one(tree->watch, node, k);
			n++;
		}
	}
	return n;
}

void knob_watch_on_write(struct knob_watch *kw, struct cgroup_node *node, enum knob knob)
{
	for (int k = knob; k < KNOB_COUNT && watched_as((enum knob)k) == knob; k++)
		if (!knob_is_io_max(knob) || node->cgroup.knobs[k].owned)
			node->knobs_written |= 1u << k;
	kw->written = true;
}

/* What is there is what the model says, or what colod wrote (its workers may be ahead of the
 * model). */
static bool is_known(const struct cgroup_tree *tree, const struct cgroup_node *node, enum knob knob)
{
	const struct knob_state *s = &node->cgroup.knobs[knob];
	struct knob_value value = knobs_read_one(tree->fd, &node->cgroup, knob);

	/* One that is gone is looked for by the rescan. */
	return value.state != KNOB_KNOWN || knob_same(knob, &value, &s->now) ||
	       (s->owned && knob_same(knob, &value, &s->written)) ||
	       (s->owned && knob_is_io_max(knob) && knob_stands(knob, &s->written, &value, 1));
}

bool knob_watch_differs(struct knob_watch *kw, struct cgroup_tree *tree)
{
	if (!kw->written)
		return false;
	kw->written = false;
	for (size_t i = 0; i < tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);

		for (int k = 0; k < KNOB_COUNT && node->knobs_written; k++) {
			uint32_t bit = 1u << k;

			if ((node->knobs_written & bit) && is_known(tree, node, (enum knob)k))
				node->knobs_written &= ~bit;
		}
		kw->written |= node->knobs_written != 0;
	}
	return kw->written;
}

static bool read_into_model(const struct cgroup_tree *tree, struct cgroup_node *node,
			    enum knob knob)
{
	struct knob_value *now = &node->cgroup.knobs[knob].now;
	struct knob_value value = knobs_read_one(tree->fd, &node->cgroup, knob);

	if (knob_same(knob, &value, now))
		return false;
	*now = value;
	return true;
}

bool knob_watch_read(struct knob_watch *kw, struct cgroup_tree *tree)
{
	bool changed = false;

	if (!kw->written && !kw->contested)
		return false;
	for (size_t i = 0; i < tree->n; i++) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);

		for (int k = 0; k < KNOB_COUNT; k++) {
			if ((node->knobs_written & (1u << k)) || node->cgroup.knobs[k].contested)
				changed |= read_into_model(tree, node, (enum knob)k);
		}
		node->knobs_written = 0;
	}
	kw->written = false;
	return changed;
}
