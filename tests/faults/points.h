// SPDX-License-Identifier: LGPL-2.1-or-later
// The calls of a story, numbered in the order in which the agent makes them, and what happens at one
// of them. Also watches which files the agent opens for writing.
//
// A directory of files keeps nothing when it is opened with O_TRUNC and then not written to, while
// a kernel's knob keeps its value: such a file gets its text back.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/base/sys.h"

enum point_place {
	PLACE_CGROUP, /* below the cgroup2 mount */
	PLACE_STATE,  /* run/colod */
	PLACE_OTHER,  /* proc, sys, etc */
	PLACE_COUNT,
};

struct point {
	enum sys_call call;
	enum point_place place;
	int flags;
	bool inotify;
	char path[192]; /* below the tree, as far as known */
};

enum point_what {
	WHAT_NOTHING,
	WHAT_ERROR,	/* the call fails with `error` */
	WHAT_LASTING,	/* it and all later ones of that kind and place do, to the end of the script */
	WHAT_SHORT,	/* one byte is transferred */
	WHAT_VANISH,	/* a pod's cgroups are gone before it */
	WHAT_REBORN,	/* gone, and made again with the same path and other values */
	WHAT_KILL,	/* SIGKILL before it */
	WHAT_TORN_KILL, /* SIGKILL in the middle of a write */
	WHAT_MEMORY,	/* an allocation finds none: `at` counts allocations, not calls */
	WHAT_COUNT,
};

#define POINTS_KILLED 77

struct points {
	char *dir;     /* the tree */
	char pod[256]; /* the cgroup that vanishes, below the mount */
	enum point_what what;
	unsigned at; /* the point concerned, from 1 */
	int error;   /* a positive errno */
	/* Called for each file below the cgroup2 mount that is opened for writing. */
	void (*on_write)(void *context, const char *path);
	void *context;

	bool on; /* the agent runs, not the test */
	unsigned n;
	unsigned long n_allocations, allocations_before;
	bool met;
	struct point here;    /* the point that was met */
	struct point *record; /* when not NULL: all of them, room for `cap` */
	unsigned cap;

	bool vanished;
	char cut_path[512]; /* absolute, "" for none: opened with O_TRUNC, not written yet */
	char cut_text[256];
};

/* One at a time; NULL ends it. */
void points_use(struct points *points);

/* Around what the agent does. */
void points_enter(struct points *points);
void points_leave(struct points *points);

const char *point_what_name(enum point_what what);
