// SPDX-License-Identifier: LGPL-2.1-or-later
// How a person may name a pod: namespace/name, name, UID, the start of a UID, unit, cgroup path.
// One rule for D-Bus and coloctl, so that the same word means the same pod in both.
#pragma once

/* NULL and "" mean: the pod has no such thing. */
struct pod_ref {
	const char *label; /* struct pod's name: "namespace/name", UID or unit path */
	const char *name;  /* without the namespace */
	const char *uid;
	const char *cgroup; /* path below the cgroup2 mount, no leading slash */
};

enum pod_ref_match {
	POD_REF_NO,
	POD_REF_PREFIX, /* the start of its UID, at least POD_REF_PREFIX_MIN characters */
	POD_REF_NAME,	/* its bare name, or its unit: other pods may have the same */
	POD_REF_EXACT,	/* namespace/name, UID or cgroup path */
};

#define POD_REF_PREFIX_MIN 4

/* How well `word` names this pod. A caller takes the best match of all pods, and refuses the word as
 * ambiguous when several pods share the best. */
enum pod_ref_match pod_ref_match(const struct pod_ref *ref, const char *word);
