// SPDX-License-Identifier: LGPL-2.1-or-later
// What another policy would do on this node now, held against the one in force. Nothing of it is done.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/snapshot.h"

/* A pod whose assignment another policy changes. */
struct what_if_pod {
	const struct pod *pod; /* as it would be; where it would be none any more, as it is */
	struct assignment was; /* ASSIGNMENT_NONE where it is no pod now */
	struct assignment then;
	bool is_pod;	/* the policy in force makes it one */
	bool stays_pod; /* the other one does */
};

enum what_if_kind {
	WHAT_IF_WRITE,
	WHAT_IF_RESTORE, /* the original would come back */
	WHAT_IF_FORGET,	 /* somebody else wrote since: would be left as it is */
	WHAT_IF_DROP,	 /* planned now and not yet there; would no longer be planned */
	WHAT_IF_KIND_COUNT,
};

struct what_if_change {
	enum what_if_kind kind;
	struct change
		change; /* its cgroup is one of what_if.model; of WHAT_IF_DROP: what is planned now */
	bool allowed;	/* the mode would let it happen */
	bool alike;	/* the policy in force is about to do, or withholds, the same */
};

struct what_if {
	const struct diags *diags;   /* of reading it */
	const struct policy *policy; /* NULL: it is not good, and the rest is not there */
	const char *
		waits; /* why nobody knows yet whether all of it holds here, NULL: all is known; the
			    * rest is not there */
	const struct snapshot *now; /* with the policy in force */
	const struct model *model;  /* as discovery would make it */
	const struct plan *plan;
	struct mode_says says;
	struct modes modes;
	uint64_t digest;
	const struct what_if_pod *pods;
	size_t n_pods;
	const struct what_if_change
		*changes; /* in the order of writing, then withheld, then dropped */
	size_t n_changes;
	size_t n_unread; /* cgroups that it would look at, and that nobody has read: not told of */
	bool facts_elsewhere; /* it takes facts from where nobody has asked yet */
};
