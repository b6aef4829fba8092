// SPDX-License-Identifier: LGPL-2.1-or-later
// What a cgroup's name says: pure parsing of the names that the kubelet and container runtimes
// give. Names are untrusted: anybody who owns a delegated subtree can choose them.
#pragma once

#include "colod/cgroup.h"
#include "colod/pod.h"

/* The kernel's own bound for one name. */
#define CGROUP_NAME_MAX 255

struct cgroup_name {
	enum cgroup_kind kind;
	enum cgroup_driver driver;  /* kubepods root, classes and pods */
	enum qos qos;		    /* classes and pods */
	enum runtime runtime;	    /* containers */
	char uid[POD_UID_SIZE];	    /* pods: with dashes, or 32 hex digits */
	char id[CONTAINER_ID_SIZE]; /* containers */
};

/* Whether the name may be shown and used in a path: UTF-8 without control characters or
 * marks that hide or reorder text, at most CGROUP_NAME_MAX bytes, no "/", not empty, "." or anything that starts with "..". 0 or -EINVAL. */
int cgroup_name_check(const char *name);

/* What a cgroup called `name` is below a parent of that kind and name. Only the tail of the path
 * counts, so that a cgroup root of the kubelet's own or a kind node makes no difference.
 * 0 (CGROUP_OTHER for a name that means nothing), or -EBADMSG: it looks like a pod's but has no
 * pod UID (8-4-4-4-12 or 32 hex digits); *ret_name then says CGROUP_OTHER. */
int cgroup_name_parse(enum cgroup_kind parent_kind, const char *parent_name, const char *name,
		      struct cgroup_name *ret_name);

/* Whether pods and containers can appear below such a cgroup, so that its directory is worth a
 * watch: not a container, a service, a scope or another leaf unit of systemd. */
bool cgroup_name_is_branch(enum cgroup_kind kind, const char *name);

/* Whether `text` is a pod UID as the kubelet uses them in cgroup names, dashes included. */
bool cgroup_name_is_uid(const char *text);

/* Copies an untrusted name for a log line: bytes that are not printable ASCII as \xNN, cut with
 * "..." to fit. Returns buf. */
const char *cgroup_name_escape(const char *name, char *buf, size_t size);
