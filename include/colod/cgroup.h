// SPDX-License-Identifier: LGPL-2.1-or-later
// The cgroup tree as discovery found it. Objects stay where they are while the cgroup (path and
// inode) lives, so that other stages may keep a pointer for one pass.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/knob.h"

struct pod;

enum cgroup_kind {
	CGROUP_OTHER, /* anything colod only passes through or compares with */
	CGROUP_ROOT,
	CGROUP_KUBEPODS, /* the root of Kubernetes pods */
	CGROUP_QOS,	 /* kubepods-burstable, kubepods-besteffort */
	CGROUP_POD,
	CGROUP_CONTAINER, /* a container of a Kubernetes pod (the sandbox too) */
	CGROUP_KIND_COUNT,
};

/* Bits of `controllers` (cgroup.controllers) and `subtree` (cgroup.subtree_control). */
enum cgroup_controller {
	CONTROLLER_CPU = 1 << 0,
	CONTROLLER_MEMORY = 1 << 1,
	CONTROLLER_IO = 1 << 2,
	CONTROLLER_CPUSET = 1 << 3,
	CONTROLLER_PIDS = 1 << 4,
};

struct cgroup {
	struct cgroup *parent; /* NULL for the root */
	struct cgroup *first_child;
	struct cgroup *next_sibling;
	char *path;	  /* below the cgroup2 mount, "" for the root, no leading slash; owned */
	const char *name; /* the last part of path */
	uint64_t inode;
	enum cgroup_kind kind;
	struct pod *pod; /* the pod this cgroup is (kind POD) or belongs to (CONTAINER), or NULL */
	uint32_t controllers;
	uint32_t subtree;
	bool populated; /* cgroup.events: processes here or below */
	bool hidden;	/* a child has no object: left out, or it could not be looked at */
	uint64_t mems; /* nodes that its processes may have memory of, cpuset.mems.effective; 0: not read */
	bool telling; /* systemd is being told of it: what it writes meanwhile is colod's doing */
	struct knob_state knobs[KNOB_COUNT];
	uint64_t seen; /* discovery's sweep mark */
};
