// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether what is measured now is what online pods look like when nobody disturbs them, so that it may be
// learned from. Pure: samples, plan and ladders are arguments.
//
// What the rule asks for and what stands for it: the offline work's share of the node's CPU is measured; what
// it does to devices is not sampled, so that the time in which it waits for IO stands for it, which misses an
// offline writer that the page cache takes everything from; that the node reclaims is not sampled either, so that the
// node's memory pressure, in which kswapd counts, stands for it. Whatever is not known is not calm.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/model.h"
#include "colod/plan.h"
#include "colod/pressure.h"
#include "colod/sample.h"

/* The window that is learned, and the one before it. */
#define CALM_SPAN_US 20000000
#define CALM_RUNGS_US 30000000
#define CALM_GAP_US 3000000

enum calm {
	CALM_YES,
	CALM_UNMEASURED, /* the samples do not cover the span without a gap */
	CALM_OFFLINE_CPU, /* offline work uses 2 % of the node's CPU, or came, or went, in that time */
	CALM_OFFLINE_IO,  /* it waits for devices */
	CALM_NODE_MEMORY, /* the node is short of memory */
	CALM_RUNG,	  /* a rung is up, or was within 30 s */
	CALM_COUNT,
};

struct calm_look {
	const struct model *model;
	const struct samples *samples;
	const struct plan *plan; /* for the assignments */
	const struct ladders *ladders;
	int64_t now_us;
};

/* The first thing that is not calm about the node. */
enum calm calm_node(const struct calm_look *look);

/* "" for CALM_YES, else what a person is told: "offline work runs". */
const char *calm_text(enum calm calm);

/* Some rung is up, or was within 30 s. */
bool calm_rung_is_up(const struct calm_look *look);

/* What nobody knows yet may be offline work. */
bool calm_may_be_offline(const struct calm_look *look, const struct pod *pod);

/* Whether the samples of a pod cover the span up to now without a gap; with the one half a span before the newest,
 * and the one a whole span before. */
bool calm_covered(const struct pod_history *history, uint32_t valid, int64_t now_us,
		  const struct pod_sample **ret_half, const struct pod_sample **ret_whole);

/* Who is offline, or may be, as a number: another one where somebody came or went. */
uint64_t calm_offline_set(const struct calm_look *look);
