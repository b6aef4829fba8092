// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory is short and an online pod waits for it, until the ladder has come to its last rung: one offline pod is asked to
// go, goes, and the node is tainted for a while. The largest pods are online or not known. See story_parts.h.
#include <string.h>

#include "tests/faults/node.h"
#include "tests/faults/story_parts.h"
#include "tests/lib/tree.h"

/* A ladder that goes by seconds is looked at each second. */
#define STEP_US 1000000
#define MOST_STEPS 16
/* Passes that a pod lives on once its eviction was accepted. */
#define DYING_STEPS 2

bool story_has_filler(const struct story *s)
{
	return node_has_pod(s->points.dir, FILLER_POD);
}

static void remove_filler(struct story *s)
{
	(void)tree_delete(s->points.dir, "sys/fs/cgroup/" FILLER_POD); /* or a fault did */
}

void story_evict_step(struct story *s)
{
	bool is_short = s->memory_short && story_has_filler(s);

	if (s->cluster.deleting && ++s->n_dying > DYING_STEPS)
		remove_filler(s);
	if (s->memory_short)
		node_wait_for_memory(s->points.dir, is_short, s->step_us, &s->waited_memory_us);
	cluster_step(s);
}

static void wait_until_it_is_gone(struct story *s)
{
	s->step_us = STEP_US;
	s->memory_short = true;
	for (int i = 0; i < MOST_STEPS && s->state && story_has_filler(s); i++)
		story_ticks(s, 1);
	remove_filler(s);
	story_ticks(s, 2);
	s->memory_short = false;
	s->step_us = STORY_STEP_US;
}

void story_evict(struct story *s)
{
	s->phase = "memory that stays short";
	s->filler_from = s->points.n + 1;
	node_fill_memory(s->points.dir);
	story_reload(s, "full", STORY_OOM_FIRST STORY_TAINT);
	s->may_evict = true;
	wait_until_it_is_gone(s);
	s->filler_to = s->points.n;
	if (s->points.what == WHAT_LASTING || s->points.what == WHAT_VANISH)
		return;
	if (!s->cluster.deleting)
		story_wrong(s, "nobody is evicted");
	if (!cluster_counts_right(s))
		story_wrong(s, "%u evictions count in the limits, not 1", cluster_n_counted(s));
}

void story_evict_again(struct story *s)
{
	bool there = story_has_filler(s);

	s->may_evict = true;
	s->n_dying = 0;
	if (there)
		wait_until_it_is_gone(s);
	else
		story_ticks(s, 3);
	if (!s->cluster.deleting)
		story_wrong(s, "nobody is evicted by the next agent");
	if (!cluster_counts_right(s))
		story_wrong(s, "the next agent counts %u evictions in the limits, not 1",
			    cluster_n_counted(s));
}

void story_evict_check(struct story *s, const char *text)
{
	char high[64];

	if (s->cluster.tainted && !cluster_remembers_taint(s))
		story_wrong(s, "%s: the node is tainted, and the next agent would not know", text);
	if (cluster_n_counted(s) > 1 && !cluster_counts_right(s))
		story_wrong(s, "%s: %u evictions count in the limits", text, cluster_n_counted(s));
	if (story_has_filler(s) &&
	    (tree_knob_read(s->points.dir, FILLER_POD, "memory.high", high, sizeof(high)) < 0 ||
	     strcmp(high, "max") != 0))
		story_wrong(s, "%s: the pod that was to go is held: memory.high is %s", text, high);
}
