// SPDX-License-Identifier: LGPL-2.1-or-later
// The scan of the cgroup tree into objects that stay where they are while the cgroup (path and
// inode) lives. Knows names and directories; pods, facts and knob values are other files' work.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/discover/cgroup_node.h"
#include "agent/discover/dir_names.h"
#include "agent/discover/watch.h"
#include "colod/cgroup.h"

/* Bounds, so that whoever may create cgroups cannot make the agent grow or crawl without end.
 * 16 levels: the kubelet's longest layout (a kind node in a systemd scope) has 9. 20000 cgroups: a
 * node has at most some hundreds of pods with a few containers each; at about 900 bytes an object
 * this is 18 MB. 1000 bytes of path: with a knob's name it stays far below PATH_MAX and below the
 * path buffers of every stage. */
#define CGROUP_TREE_DEPTH 16
#define CGROUP_TREE_MAX 20000
#define CGROUP_TREE_PATH 1000

struct cgroup_tree {
	int fd;		     /* the cgroup2 mount, borrowed */
	struct watch *watch; /* borrowed; NULL: without inotify */
	int watch_error;     /* a watch was refused: not everything is noticed */
	struct cgroup_node *root;
	struct cgroup **list; /* owned; parents before their children, siblings by name */
	size_t n, cap;
	uint64_t sweep;		  /* how many scans there were */
	bool changed;		  /* set by scans, cleared by the caller */
	bool again;		  /* the same: a look failed, its directory is dirty once more */
	int64_t touched_us;	  /* the newest touched_us of all */
	struct cgroup_node *gone; /* out of the tree, not yet freed; chained by next_sibling */
	struct dir_names names;
};

/* `watch` may be NULL. The tree is empty but for its root until the first scan. 0 or -ENOMEM. */
int cgroup_tree_new(int cgroup_fd, struct watch *watch, struct cgroup_tree **ret_tree);
void cgroup_tree_free(struct cgroup_tree *tree);

/* Looks at every directory. New cgroups get touched_us = now_us, except in the first scan, where
 * nobody is known to be at work on them. A cgroup that vanishes meanwhile is left out. 0, or
 * -errno when the root cannot be read or memory ran out: what was not looked at stays. */
int cgroup_tree_scan(struct cgroup_tree *tree, int64_t now_us);

/* Looks only at directories marked dirty, and at what is new in them. 0 or -errno as above. */
int cgroup_tree_scan_dirty(struct cgroup_tree *tree, int64_t now_us);

/* Watches this directory too, whatever its name, and marks it dirty when it was not watched yet. */
void cgroup_tree_watch(struct cgroup_tree *tree, struct cgroup_node *node);

/* From now on without inotify: removes all watches. The caller still owns the watch. */
void cgroup_tree_unwatch(struct cgroup_tree *tree);

/* Frees the cgroups that a scan found gone. Call it when no pod points at them any more. */
void cgroup_tree_bury(struct cgroup_tree *tree);

/* Cgroups left out, and false pods, in the whole tree. */
uint32_t cgroup_tree_skipped(const struct cgroup_tree *tree);
