// SPDX-License-Identifier: LGPL-2.1-or-later
// See cgroup_tree.h. A directory's sorted names are merged with the children known before, which
// are sorted too. A watch is added before its directory is listed: what appears later is an event,
// so nothing falls between.
#include "agent/discover/cgroup_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/discover/cgroup_name.h"

/* How often a directory is looked at again at once before it is left to the next scan of all: one that never
 * can be read must not cost a look in every pass. */
#define LOOKS_IN_VAIN 5

/* What one scan is after. */
struct scan {
	struct cgroup_tree *tree;
	int64_t now_us;
	bool deep;  /* every directory, not only dirty and new ones */
	bool first; /* nothing was known before */
};

static int scan_dir(const struct scan *scan, struct cgroup_node *node, int dirfd);

static void touch(struct cgroup_tree *t, struct cgroup_node *node, int64_t now_us)
{
	node->touched_us = now_us;
	if (now_us > t->touched_us)
		t->touched_us = now_us;
}

/* Counts a child that is not what it may seem, and says so the first time it is counted. */
static void skip_child(struct cgroup_node *parent, const char *name, const char *why)
{
	char shown[128];

	parent->skipped++;
	if (parent->skipped <= parent->said)
		return;
	parent->said = parent->skipped;
	log_warning("discover.name", "cgroup \"%s\" below \"/%s\" is left alone: %s",
		    cgroup_name_escape(name, shown, sizeof(shown)), parent->cgroup.path, why);
}

/* --- in and out of the tree ------------------------------------------------------------------ */

/* The kernel does not end the watches of what is gone (6.1, 6.12). */
static void end_watches(struct cgroup_tree *t, struct cgroup_node *node)
{
	if (node->wd > 0)
		watch_remove(t->watch, node->wd);
	node->wd = 0;
	for (int k = 0; k < KNOB_COUNT; k++) {
		if (node->knob_wd[k] > 0)
			watch_remove(t->watch, node->knob_wd[k]);
		node->knob_wd[k] = 0;
	}
}

/* Takes a cgroup with all below out of the tree, to be freed by cgroup_tree_bury(). */
static void take_out(struct cgroup_tree *t, struct cgroup_node *node)
{
	for (struct cgroup *c = node->cgroup.first_child, *next; c; c = next) {
		next = c->next_sibling;
		take_out(t, cgroup_node_of(c));
	}
	node->cgroup.first_child = NULL;
	end_watches(t, node);
	node->dirty = false;
	node->gone = true;
	node->cgroup.next_sibling = t->gone ? &t->gone->cgroup : NULL;
	t->gone = node;
	t->n--;
	t->changed = true;
}

void cgroup_tree_bury(struct cgroup_tree *tree)
{
	while (tree->gone) {
		struct cgroup *next = tree->gone->cgroup.next_sibling;

		cgroup_node_free(tree->gone);
		tree->gone = next ? cgroup_node_of(next) : NULL;
	}
}

/* Room for one more before an object is made, so that listing them never fails. */
static int reserve_list(struct cgroup_tree *t)
{
	size_t cap = t->cap ? t->cap * 2 : 256;
	struct cgroup **grown;

	if (t->n < t->cap)
		return 0;
	grown = realloc(t->list, cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	t->list = grown;
	t->cap = cap;
	return 0;
}

/* Why this name gets no object, or NULL. */
static const char *refusal(const struct cgroup_tree *t, const struct cgroup_node *parent,
			   const char *name)
{
	if (cgroup_name_check(name) < 0)
		return "its name is not plain UTF-8, or a path trick";
	if (strlen(parent->cgroup.path) + strlen(name) + 1 > CGROUP_TREE_PATH ||
	    parent->depth >= CGROUP_TREE_DEPTH)
		return "it is nested too deep";
	if (t->n >= CGROUP_TREE_MAX)
		return "there are too many cgroups";
	return NULL;
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENOTDIR || error == -ELOOP;
}

static void look_again(struct cgroup_tree *t, struct cgroup_node *node)
{
	if (node->in_vain >= LOOKS_IN_VAIN)
		return;
	node->in_vain++;
	node->dirty = true;
	t->again = true;
}

/* --- scanning -------------------------------------------------------------------------------- */

static void add_watch(struct cgroup_tree *t, struct cgroup_node *node, int dirfd)
{
	int r;

	if (!t->watch || node->wd > 0 || t->watch_error < 0)
		return;
	r = watch_add(t->watch, dirfd, node, &node->wd);
	/* A directory that vanishes under our hands is normal; on the root it is not. */
	if (r == -ENOSPC || r == -ENOMEM || (r < 0 && !node->cgroup.parent))
		t->watch_error = r;
}

void cgroup_tree_watch(struct cgroup_tree *tree, struct cgroup_node *node)
{
	_cleanup_close_ int fd = -EBADF;

	if (!tree->watch || node->wd > 0 || fs_open_dir(tree->fd, node->cgroup.path, &fd) < 0)
		return;
	add_watch(tree, node, fd);
	if (node->wd > 0)
		node->dirty = true;
}

void cgroup_tree_unwatch(struct cgroup_tree *tree)
{
	for (size_t i = 0; i < tree->n && tree->watch; i++)
		end_watches(tree, cgroup_node_of(tree->list[i]));
	tree->watch = NULL;
	tree->watch_error = 0;
}

/* The child called `name`: `known` when that is still the same cgroup, a new object, or NULL in
 * *ret_child when it is left out or gone. 0 or -errno as scan_dir(). */
static int scan_child(const struct scan *scan, struct cgroup_node *parent, int dirfd,
		      const char *name, struct cgroup_node *known, struct cgroup_node **ret_child)
{
	struct cgroup_tree *t = scan->tree;
	struct cgroup_node *child = known;
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	const char *why;
	int r;

	*ret_child = NULL;
	r = fs_open_dir(dirfd, name, &fd);
	if (r < 0 || sys_fstat(fd, &st) < 0) {
		/* No more fds, say: that does not mean that the cgroup is gone. */
		if (!is_gone(r)) {
			*ret_child = known;
			parent->unseen |= !known;
			parent->failed |= !known;
			if (known && scan->deep)
				look_again(t, known);
		}
		return 0;
	}
	if (!known || known->cgroup.inode != st.st_ino) {
		why = refusal(t, parent, name);
		if (why) {
			skip_child(parent, name, why);
			parent->unseen = true;
			return 0;
		}
		child = reserve_list(t) < 0 ? NULL : cgroup_node_new(parent, name);
		if (!child)
			return -ENOMEM;
		child->cgroup.inode = st.st_ino;
		cgroup_node_classify(child, parent);
		t->n++;
		t->changed = true;
		child->touched_us = CGROUP_UNTOUCHED;
		if (!scan->first) {
			touch(t, child, scan->now_us);
			touch(t, parent, scan->now_us);
		}
	}
	child->cgroup.seen = t->sweep;
	if (child->false_pod)
		skip_child(parent, name, "it is named like a pod, but its UID is none");
	t->changed |= cgroup_node_read(child, fd) > 0;
	*ret_child = child;
	if (!cgroup_node_descends(child) || (child == known && !scan->deep))
		return 0;
	return scan_dir(scan, child, fd);
}

/* Lists a directory and merges. Memory that runs out ends it; any other failure below a child means
 * that the child is vanishing, which its own parent's listing will show. */
static int merge(const struct scan *scan, struct cgroup_node *node, int dirfd, size_t from)
{
	struct cgroup_tree *t = scan->tree;
	struct cgroup *old = node->cgroup.first_child, **tail = &node->cgroup.first_child;
	size_t n = t->names.n;
	int r = 0;

	for (size_t i = from; i < n && r != -ENOMEM; i++) {
		struct cgroup_node *known = NULL, *child = NULL;
		/* The object's own copy: names may move while a child is listed. */
		char name[CGROUP_NAME_MAX + 1];

		(void)snprintf(name, sizeof(name), "%s", dir_names_get(&t->names, i));
		while (old && strcmp(old->name, name) < 0) {
			struct cgroup *next = old->next_sibling;

			take_out(t, cgroup_node_of(old));
			touch(t, node, scan->now_us);
			old = next;
		}
		if (old && strcmp(old->name, name) == 0) {
			known = cgroup_node_of(old);
			old = old->next_sibling;
		}
		r = scan_child(scan, node, dirfd, name, known, &child);
		if (r == -ENOMEM && !child)
			child = known;
		if (known && child != known) {
			take_out(t, known);
			touch(t, node, scan->now_us);
		}
		if (child) {
			*tail = &child->cgroup;
			tail = &child->cgroup.next_sibling;
		}
	}
	*tail = NULL;
	if (r == -ENOMEM) {
		*tail = old;
		return r;
	}
	while (old) {
		struct cgroup *next = old->next_sibling;

		take_out(t, cgroup_node_of(old));
		touch(t, node, scan->now_us);
		old = next;
	}
	return 0;
}

static void set_hidden(struct cgroup_tree *t, struct cgroup_node *node, bool hidden)
{
	t->changed |= hidden != node->cgroup.hidden;
	node->cgroup.hidden = hidden;
}

static int scan_dir(const struct scan *scan, struct cgroup_node *node, int dirfd)
{
	struct cgroup_tree *t = scan->tree;
	size_t from = t->names.n;
	int r;

	if (cgroup_name_is_branch(node->by_name, node->cgroup.name))
		add_watch(t, node, dirfd);
	node->dirty = false; /* before it is listed: what comes later marks it again */
	r = dir_names_push(&t->names, dirfd);
	if (r < 0) {
		if (!is_gone(r)) {
			set_hidden(t, node, true);
			look_again(t, node);
		}
		return r;
	}
	node->skipped = 0;
	node->unseen = node->failed = false;
	r = merge(scan, node, dirfd, from);
	if (node->failed)
		look_again(t, node);
	else
		node->in_vain = 0;
	set_hidden(t, node, node->unseen || r < 0);
	if (node->skipped < node->said)
		node->said = node->skipped;
	dir_names_pop(&t->names, from);
	return r;
}

/* Pre-order, into the list that has room for all. */
static void relist(struct cgroup_tree *t)
{
	struct cgroup *cg = &t->root->cgroup;
	size_t n = 0;

	while (cg) {
		t->list[n++] = cg;
		if (cg->first_child) {
			cg = cg->first_child;
			continue;
		}
		while (cg && !cg->next_sibling)
			cg = cg->parent;
		cg = cg ? cg->next_sibling : NULL;
	}
}

static int scan_root(const struct scan *scan)
{
	struct cgroup_tree *t = scan->tree;
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	int r = fs_open_dir(t->fd, "", &fd);

	if (r < 0)
		return r;
	if (sys_fstat(fd, &st) < 0)
		return -errno;
	t->root->cgroup.inode = st.st_ino;
	t->changed |= cgroup_node_read(t->root, fd) > 0;
	return scan_dir(scan, t->root, fd);
}

int cgroup_tree_new(int cgroup_fd, struct watch *watch, struct cgroup_tree **ret_tree)
{
	struct cgroup_tree *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->fd = cgroup_fd;
	t->watch = watch;
	t->root = cgroup_node_new(NULL, "");
	if (!t->root || reserve_list(t) < 0) {
		cgroup_tree_free(t);
		return -ENOMEM;
	}
	t->touched_us = CGROUP_UNTOUCHED;
	t->root->touched_us = CGROUP_UNTOUCHED;
	t->root->by_name = CGROUP_ROOT;
	t->root->cgroup.kind = CGROUP_ROOT;
	t->list[t->n++] = &t->root->cgroup;
	*ret_tree = t;
	return 0;
}

void cgroup_tree_free(struct cgroup_tree *tree)
{
	if (!tree)
		return;
	cgroup_tree_bury(tree);
	for (size_t i = 0; i < tree->n; i++)
		cgroup_node_free(cgroup_node_of(tree->list[i]));
	if (tree->n == 0)
		cgroup_node_free(tree->root);
	free(tree->list);
	dir_names_free(&tree->names);
	free(tree);
}

uint32_t cgroup_tree_skipped(const struct cgroup_tree *tree)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < tree->n; i++)
		sum += cgroup_node_of(tree->list[i])->skipped;
	return sum;
}

int cgroup_tree_scan(struct cgroup_tree *tree, int64_t now_us)
{
	struct scan scan = {tree, now_us, .deep = true, .first = tree->sweep == 0};
	int r;

	tree->sweep++;
	r = scan_root(&scan);
	if (tree->changed)
		relist(tree);
	return r;
}

int cgroup_tree_scan_dirty(struct cgroup_tree *tree, int64_t now_us)
{
	struct scan scan = {tree, now_us, .deep = false, .first = false};
	int r = 0;

	tree->sweep++;
	/* By the old list: what is taken out in this loop is not freed before cgroup_tree_bury(),
	 * and no longer dirty. */
	for (size_t i = 0, n = tree->n; i < n && r != -ENOMEM; i++) {
		struct cgroup_node *node = cgroup_node_of(tree->list[i]);
		_cleanup_close_ int fd = -EBADF;
		int e;

		if (!node->dirty)
			continue;
		node->dirty = false;
		e = fs_open_dir(tree->fd, node->cgroup.path, &fd);
		if (e < 0 && !is_gone(e))
			look_again(tree, node);
		if (e < 0)
			continue;
		/* Who makes a child may have handed controllers down for it a moment ago. */
		tree->changed |= cgroup_node_read(node, fd) > 0;
		r = scan_dir(&scan, node, fd);
	}
	if (tree->changed)
		relist(tree);
	return r == -ENOMEM ? r : 0;
}
