// SPDX-License-Identifier: LGPL-2.1-or-later
// When another writer's rewriting of one knob is regular (the kubelet's minute loop, a daemon-reload
// now and then) and when it is a fight, which is bounded: one repair per interval, 5 s at first, twice
// as long each time the repair is overwritten, at most 60 s. Pure; times are any one clock's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* More rewrites of one knob than this within a minute are a fight. */
#define FIGHT_BURST 6
#define FIGHT_WINDOW_US 60000000
#define FIGHT_FIRST_US 5000000
#define FIGHT_LONGEST_US 60000000

/* Zeroed at first. */
struct fight {
	int64_t paid_us;     /* when the budget of rewrites is whole again */
	int64_t since_us;    /* when the fight began; only while `on` */
	int64_t repaired_us; /* the last repair of the fight, or its begin */
	uint32_t interval_us;
	uint32_t rewrites;	  /* ever seen: at least so many, as nobody counts while waiting */
	uint32_t rewrites_before; /* of those, before the fight */
	bool on;
	bool waiting; /* their value stands until the interval is over */
};

enum fight_verdict {
	FIGHT_REPAIR, /* put the value back now */
	FIGHT_BEGINS, /* leave theirs, and say so: it is a fight from here on */
	FIGHT_WAIT,   /* leave theirs a while longer */
};

/* The knob has a value of somebody else's: newly, or still. */
enum fight_verdict fight_rewritten(struct fight *f, int64_t now_us);

/* The knob has colod's value. True when that ends a fight: it stood for the whole interval. */
bool fight_stands(struct fight *f, int64_t now_us);
