// SPDX-License-Identifier: LGPL-2.1-or-later
// One cgroup as discovery keeps it: the object of include/colod with what only discovery needs.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/cgroup.h"

/* touched_us of what has been there all along; no clock comes near it. */
#define CGROUP_UNTOUCHED (INT64_MIN / 2)

/* `cgroup` is first: the two convert by a cast. */
struct cgroup_node {
	struct cgroup cgroup;
	enum cgroup_kind by_name; /* what its name says, whatever the policy makes of it */
	uint8_t depth;
	bool in_user;	       /* user.slice or below: names there mean nothing to colod */
	bool false_pod;	       /* named like a pod, without a pod UID */
	bool dirty;	       /* its children changed */
	bool gone;	       /* out of the tree, not yet freed */
	uint32_t knobs_wanted; /* bits of enum knob that are kept up to date; kept by discover.c */
	uint32_t knobs_asked;  /* ... whatever the policy says, for an order by hand */
	bool holds_pod;	       /* a pod is here or below; kept by pods.c */
	bool holds_kubepods;   /* the root of Kubernetes pods is here or below; kept by pods.c */
	uint8_t read_again;    /* passes that tried to read what could not be read; by discover.c */
	int wd;		       /* inotify watch, 0 for none */
	int knob_wd[KNOB_COUNT]; /* of its knobs that colod owns; kept by knob_watch.c */
	uint32_t knobs_written; /* bits of enum knob: somebody wrote, and it was not looked at yet */
	uint32_t skipped;	/* children left out, and false pods */
	bool unseen;		/* a child was found that has no object; of the scan under way */
	bool failed;		/* a child could not be looked at; of the scan under way */
	uint8_t in_vain;	/* looks that failed, in a row */
	uint32_t said;		/* of those, already in the log */
	int64_t touched_us; /* appeared, or a child came or went: others may be writing its knobs */
};

static inline struct cgroup_node *cgroup_node_of(struct cgroup *cgroup)
{
	return (struct cgroup_node *)cgroup;
}

/* An object below `parent` (NULL: the root), kind and contents not yet read. NULL without memory. */
struct cgroup_node *cgroup_node_new(struct cgroup_node *parent, const char *name);
void cgroup_node_free(struct cgroup_node *node);

/* Sets what the name says below this parent: by_name, kind, in_user, false_pod. */
void cgroup_node_classify(struct cgroup_node *node, const struct cgroup_node *parent);

/* Whether the children of this cgroup belong into the model: nothing below a container does, nor
 * below what stands beside pods and containers and is neither. */
bool cgroup_node_descends(const struct cgroup_node *node);

/* Reads controllers and `populated` from its directory. 1 when something changed, 0 otherwise. */
int cgroup_node_read(struct cgroup_node *node, int dirfd);

/* Reads only `populated`, by path below the cgroup2 mount. 1 when it changed, 0 otherwise. */
int cgroup_node_refresh(struct cgroup_node *node, int cgroup_fd);
