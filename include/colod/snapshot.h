// SPDX-License-Identifier: LGPL-2.1-or-later
// What the serving stage may see: const views of the last pass. Nothing in it is owned.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/culprit.h"
#include "colod/diag.h"
#include "colod/disk_use.h"
#include "colod/floor.h"
#include "colod/history.h"
#include "colod/incident.h"
#include "colod/lend.h"
#include "colod/model.h"
#include "colod/modes.h"
#include "colod/net.h"
#include "colod/plan.h"
#include "colod/policy.h"
#include "colod/pressure.h"
#include "colod/sample.h"
#include "colod/score.h"
#include "colod/sli.h"

struct baselines;
struct calibration;

#define STATUS_NOTE_SIZE 512

/* Who ends the agent's holds when it dies or hangs. */
enum guard_by {
	GUARD_BY_NOBODY,
	GUARD_BY_WATCHDOG, /* systemd: WatchdogSec= and ExecStopPost= */
	GUARD_BY_PROCESS,  /* colod guard */
	GUARD_BY_COUNT,
};

/* What there is to say of evictions. */
struct status_evict {
	bool on;	 /* the policy asks for them */
	const char *why; /* static text: why nobody is asked to go now; NULL: nothing is known yet */
	int64_t until_us;   /* CLOCK_BOOTTIME: until when that holds; 0: it does not say */
	uint32_t pending;   /* asked, or going */
	uint32_t in_hour;   /* in the last one */
	uint64_t evictions; /* since start */
	const char *off;    /* static text: what a person has to mend; NULL: nothing */
	bool doubt;
	bool taint_up;
	int64_t cool_until_us; /* after the last one; 0: no cool-down is on */
};

/* The agent about itself. Counters are since start. */
struct status {
	struct modes modes;	    /* in force */
	struct mode_says mode_says; /* what each source says, and why */
	int64_t pause_until_us;	    /* CLOCK_BOOTTIME; 0: not paused, or until it is resumed */
	char policy_state[STATUS_NOTE_SIZE]; /* "ok", or why the last good one is in force */
	char policy_digest[17];		     /* of the policy in force: show_digest() in hex */
	uint32_t policy_unenforced; /* keys and steps of it that this version does not act on */
	uint32_t policy_lacks;	    /* what it asks of this node's kernel and the node has not */
	uint64_t passes;
	uint64_t writes; /* knobs written, restores not counted */
	uint64_t restores;
	uint64_t refusals;
	uint64_t rewrites;   /* values of colod's that somebody else wrote over */
	uint64_t fights;     /* begun */
	uint32_t contested;  /* knobs in a fight now */
	uint32_t units_told; /* systemd units that have properties of colod's now */
	uint32_t units_waiting; /* of the last pass: units that systemd has not been told all of, or is at work for */
	uint64_t unit_calls; /* calls of properties that systemd took */
	uint64_t unit_refusals;
	uint64_t withheld; /* of the last pass: changes the mode does not allow */
	uint64_t pending;  /* of the last pass: changes that are still to come */
	int64_t started_us;
	int64_t pass_us;   /* when the last pass began */
	uint32_t triggers; /* PSI triggers armed */
	uint64_t trigger_events;
	uint32_t unsampled; /* pods whose files could not be opened for want of fds */
	uint64_t log_suppressed;
	enum guard_by guard;
	uint32_t guard_pid;	/* GUARD_BY_PROCESS: 1 where its number is not known */
	int64_t guard_bound_us; /* a hold ends at most so long after the last pass */
	uint64_t slow_writes; /* that a worker made, because the kernel may make the writer wait */
	uint64_t slow_cut;    /* of those: cut short after 200 ms */
	uint64_t slow_longest_us;
	uint64_t reclaim_asked_bytes; /* of offline pods, since start */
	uint64_t reclaim_got_bytes;
	uint64_t scores_raised;	      /* processes whose oom_score_adj was raised, since start */
	uint64_t scores_given_back;   /* by the running agent */
	uint64_t policies_set;	      /* threads that were given a scheduling policy, since start */
	uint64_t policies_given_back; /* by the running agent */
	uint64_t kills;		      /* offline pods that were killed for memory, since start */
	struct status_evict evict;
};

struct snapshot {
	const struct model *model;
	const struct samples *samples;
	const struct policy *policy;
	const struct plan *plan;
	const struct changes *changes; /* of the last pass that had any */
	const struct scores *scores;
	const struct baselines *baselines;	     /* what they are held against; may be NULL */
	const struct culprit_watch *culprits;	     /* who makes online pods wait; may be NULL */
	const struct culprit_trials *culprit_trials; /* the same */
	const struct calibration *calibration;	     /* the same */
	const struct sli_watch *slis;		     /* may be NULL */
	const struct lend_sum *lend; /* LEND_OF_COUNT of them; NULL: nothing was worked out yet */
	const struct incidents *incidents; /* in memory; may be NULL */
	const struct losses *losses;
	const struct net_shown *net; /* NULL: nothing looks at the network */
	const struct ladders *ladders;
	const struct floor_cpu *floor_cpu;
	const struct disk_uses *disk_uses;
	const struct status *status;
	const struct history *history;
	const struct diags *diags; /* of the last policy read */
};
