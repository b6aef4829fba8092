// SPDX-License-Identifier: LGPL-2.1-or-later
// Which knob files are watched for other writers: those that colod owns, and no others. A write says
// only where to look; whether it is somebody else's, the value tells.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/discover/cgroup_node.h"
#include "agent/discover/cgroup_tree.h"

struct knob_watch {
	bool off;	/* the kernel refused one: no more until knob_watch_retry() */
	bool dropped;	/* no more for good */
	bool said;	/* that was said */
	bool written;	/* some knob was, and not looked at yet: knobs_written of a node */
	bool contested; /* some knob is */
};

/* Watches what colod owns and nothing else: called after apply, which decides that. Knobs that are
 * contested are left out: whoever fights over one must not wake the agent at will. A knob that is new
 * here counts as written, since somebody may have been faster than the watch. */
void knob_watch_sync(struct knob_watch *kw, struct cgroup_tree *tree);

/* At a full scan: what was refused before is tried once more. */
void knob_watch_retry(struct knob_watch *kw);

/* Ends all of them, for good: directories need what is left of the user's inotify watches. How many
 * there were. */
size_t knob_watch_drop(struct knob_watch *kw, struct cgroup_tree *tree);

/* Somebody wrote to this knob. */
void knob_watch_on_write(struct knob_watch *kw, struct cgroup_node *node, enum knob knob);

/* Looks at what was written and forgets what has a value that colod knows of: its own writes wake
 * nobody. True when something else is there. Changes no value in the model. */
bool knob_watch_differs(struct knob_watch *kw, struct cgroup_tree *tree);

/* Reads into the model what was written, and what is contested. True when a value changed. */
bool knob_watch_read(struct knob_watch *kw, struct cgroup_tree *tree);
