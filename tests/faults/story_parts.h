// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of the story share: story.c (the script), story_evict.c (its eviction), story_check.c (what must hold).
#pragma once

#include "tests/faults/story.h"

#define STORY_STEP_US 2000000
/* memory.oom.group of offline pods comes and goes with this. */
#define STORY_OOM_FIRST "levels: {P7: {memory: {oom: first}}}\n"
/* What an eviction leaves on the node for a while. */
#define STORY_TAINT "evict: {taint: true}\n"

void story_must(bool ok, const char *what);
void story_ticks(struct story *s, int n);
void story_reload(struct story *s, const char *mode, const char *more);

/* The episode in which memory stays short until one pod has gone. */
void story_evict(struct story *s);
/* The same after a kill, with an agent that has just started: as far as it had come. */
void story_evict_again(struct story *s);
/* Before each pass. */
void story_evict_step(struct story *s);
/* What holds at any time when no agent runs; `text` says when. */
void story_evict_check(struct story *s, const char *text);

size_t story_check_holds(const struct story *s);
bool story_check_holds_memory(const struct story *s);
void story_check_not_held(struct story *s);
/* All is as it was then. */
void story_check_same(struct story *s, const struct files *then, const char *text);
/* After `colod restore`, which is run once more, without a fault: as ExecStopPost of the unit does. */
void story_check_restored(struct story *s, const char *text);
