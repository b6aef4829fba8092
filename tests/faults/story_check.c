// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold in the story, whatever goes wrong. See story_parts.h.
#include <string.h>

#include "agent/restore.h"
#include "policy/knob.h"
#include "tests/faults/node.h"
#include "tests/faults/story_parts.h"
#include "tests/lib/tree.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

size_t story_check_holds(const struct story *s)
{
	const struct model *m = discover_model(s->state->discover);
	size_t n = 0;

	for (size_t i = 0; i < m->n_cgroups; i++)
		for (int knob = 0; knob < KNOB_COUNT; knob++)
			n += m->cgroups[i]->knobs[knob].owned && m->cgroups[i]->knobs[knob].held;
	return n;
}

bool story_check_holds_memory(const struct story *s)
{
	const struct model *m = discover_model(s->state->discover);

	for (size_t i = 0; i < m->n_cgroups; i++)
		if (m->cgroups[i]->knobs[KNOB_MEMORY_HIGH].owned &&
		    m->cgroups[i]->knobs[KNOB_MEMORY_HIGH].held)
			return true;
	return false;
}

/* Files that the script itself changes, or that belong to pods that come and go in it. */
static bool is_of_the_story(const struct story *s, const char *path)
{
	static const char *const loads[] = {"cpu.stat", "cpu.pressure", "memory.current",
					    "memory.stat", "memory.pressure"};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ELEMENTS(loads); i++)
		if (strcmp(name, loads[i]) == 0)
			return true;
	return node_is_below(path, BRIEF_POD) || node_is_below(path, FILLER_POD) ||
	       (s->points.what == WHAT_REBORN && node_is_below(path, BATCH_POD));
}

struct compared {
	struct story *s;
	const char *text;
};

static void on_difference(void *context, const char *path, const char *was, const char *is)
{
	struct compared *c = context;

	/* After a kill: pods that had not appeared yet. */
	if (is_of_the_story(c->s, path) || (c->s->killed && !is))
		return;
	story_wrong(c->s, "%s: %s is %s, %s", c->text, path, is ? is : "gone",
		    was ? was : "not there before");
}

void story_check_same(struct story *s, const struct files *then, const char *text)
{
	struct compared c = {.s = s, .text = text};
	struct files now;

	files_take(&now, s->mount);
	files_diff(then, &now, on_difference, &c);
	files_free(&now);
}

void story_check_not_held(struct story *s)
{
	static const char *const pods[] = {BATCH_POD, HOG_POD, BURSTABLE, BESTEFFORT};
	char text[128];

	for (size_t i = 0; i < ELEMENTS(pods); i++)
		if (tree_knob_read(s->points.dir, pods[i], "cpu.max", text, sizeof(text)) < 0 ||
		    strncmp(text, "max", 3) != 0)
			story_wrong(s, "%s is held: cpu.max is %s", pods[i], text);
}

/* A cgroup made again in the middle has the values that it was made with, or colod's own; after the
 * end, those that it was made with. */
static void check_reborn(struct story *s)
{
	char text[128];

	if (s->points.what != WHAT_REBORN || !s->points.vanished)
		return;
	if (tree_knob_read(s->points.dir, BATCH_POD, "cpu.weight", text, sizeof(text)) < 0 ||
	    strcmp(text, "77") != 0)
		story_wrong(s, "the pod that was made again has cpu.weight %s, not 77", text);
	if (tree_knob_read(s->points.dir, BATCH_POD, "memory.high", text, sizeof(text)) < 0 ||
	    strcmp(text, "123457536") != 0)
		story_wrong(s, "the pod that was made again has memory.high %s, not its own", text);
	if (tree_knob_read(s->points.dir, BATCH_POD, "cpu.max", text, sizeof(text)) < 0 ||
	    strncmp(text, "max", 3) != 0)
		story_wrong(s, "the pod that was made again keeps a quota of %s", text);
}

/* ExecStopPost of the unit runs it in any case, so it does here, without a fault. */
void story_check_restored(struct story *s, const char *text)
{
	int r = restore_run(&s->options);

	if (r != 0)
		story_wrong(s, "%s: colod restore says %d", text, r);
	story_check_same(s, s->base, text);
	check_reborn(s);
	story_evict_check(s, text);
}
