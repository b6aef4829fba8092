// SPDX-License-Identifier: LGPL-2.1-or-later
// An incident: an online pod was hurt for want of one resource, with its scene: samples from a minute before to a minute after,
// who seems to have done it, what was done and what came of it. For people; nothing is decided by it.
//
// Memory: sizeof(struct incident), at most 74 KiB, for each of at most INCIDENTS_OPEN that go on or wait for the disk, from
// the moment they are opened, and sizeof(struct incidents), at most 32 KiB, always. Nothing for a pod: the last minute of it is kept
// anyway (seconds.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/culprit.h"
#include "colod/history.h"
#include "colod/level.h"
#include "colod/modes.h"
#include "colod/pressure.h"
#include "colod/reason.h"

#define INCIDENT_BEFORE_US 60000000
#define INCIDENT_AFTER_US 60000000
/* What hurts for longer than this is one incident of this length, and no other one until it has stopped for INCIDENT_AFTER_US, or
 * an hour has passed. */
#define INCIDENT_MOST_US 600000000
#define INCIDENT_AGAIN_US 3600000000
#define INCIDENTS_OPEN 8
/* Two minutes of seconds; of a longer one the points behind those become coarser. */
#define INCIDENT_POINTS 240
#define INCIDENT_FINE_POINTS 120
/* The victim, and who uses most or is suspected. */
#define INCIDENT_PODS 8
#define INCIDENT_MARKS 32
#define INCIDENT_TRIALS 4

enum incident_cause {
	INCIDENT_RUNG,	/* the ladder of the resource left calm because of it */
	INCIDENT_SCORE, /* its excess is over the policy's bound */
	INCIDENT_SLI,	/* an SLI of the policy is violated */
	INCIDENT_CAUSE_COUNT,
};

/* Not measured. */
#define INCIDENT_UNKNOWN UINT32_MAX
#define INCIDENT_UNKNOWN_STALL UINT16_MAX

struct incident_use {
	uint32_t cpu_milli; /* thousandths of a CPU */
	uint32_t memory_kib;
	uint32_t disk_kib_s; /* read and written, on all disks; measured while somebody waits for IO */
	uint32_t sent_kib_s; /* of a pod whose traffic is marked; as last measured, at rest a mean of 10 s */
};

/* Of what goes through the uplinks that colod shapes; as last measured, at rest a mean of 10 s. */
struct incident_flow {
	uint32_t sent_kib_s;
	uint32_t arrived_kib_s;
	uint32_t dropped_per_s; /* packets, of what was to be sent */
	uint32_t waiting_kib;	/* in the queues, when it was looked */
};

struct incident_net {
	struct incident_flow online, offline;
};

/* Of who was hurt. Of its memory from when it waits for memory until ten seconds after. */
struct incident_victim {
	uint32_t throttled_permille; /* of a CPU: by a quota, its own or a container's, on all its CPUs */
	uint32_t memory_full_permille; /* in which all of it waited, as the next */
	uint32_t io_full_permille;
	uint32_t anon_kib;
	uint32_t file_kib;
	uint32_t refaults_per_s; /* pages that were read again soon after they were taken */
	uint32_t direct_per_s; /* pages of it that were looked through by who had to wait for memory */
};

/* What was so on average in the span_ms before at_us; memory: at its end. */
struct incident_point {
	int64_t at_us;
	uint32_t span_ms;
	uint16_t stalled_permille[RESOURCE_COUNT]; /* of the victim */
	struct incident_victim victim;
	struct incident_use node; /* busy CPUs, and memory that is available */
	struct incident_net net;
	struct incident_use pods[INCIDENT_PODS];
};

struct incident_pod {
	uint64_t serial; /* 0: this place is free */
	uint32_t slot;
	bool suspected;
	enum role role; /* ROLE_INVALID: no rule decided it */
	enum level level;
	char name[REASON_WHO_SIZE];
};

/* What was done, as the history has it; of the same thing again within some seconds one, with its last value. */
struct incident_mark {
	int64_t at_us;
	int64_t last_us;
	uint32_t n;
	enum history_kind kind;
	enum effect effect;
	bool would;
	char pod[REASON_WHO_SIZE];
	char what[96]; /* of a path its end */
	char knob[HISTORY_KNOB_SIZE];
	char from[HISTORY_VALUE_SIZE];
	char to[HISTORY_VALUE_SIZE];
	char why[160];
};

struct incident_node {
	char kernel[65];
	uint32_t n_cpus;
	uint64_t memory_bytes;
	uint32_t n_pods;
	enum mode mode; /* for the resource */
};

struct incident {
	uint64_t id; /* one more than that of the one before, over restarts too: never a time */
	bool closed;
	bool spent;	 /* it was as long as one may be */
	uint32_t causes; /* 1 << enum incident_cause: all that were seen */
	enum incident_cause cause;
	enum resource resource;
	struct incident_node node;
	int64_t wall_us; /* CLOCK_REALTIME when it was opened, for people */
	int64_t opened_us;
	int64_t hurt_us; /* when it was last hurt */
	int64_t ended_us;
	enum rung rung;	  /* the highest of the resource's */
	bool stall_known; /* else the next one is 0 because nothing was measured */
	uint32_t worst_stalled_permille;
	uint32_t worst_excess_permille;
	uint64_t changes;	       /* what is kept on disk is older where this has grown */
	struct culprits_kept culprits; /* the last ranking, or why there was none */
	struct culprit_trial trials[INCIDENT_TRIALS];
	struct incident_pod pods[INCIDENT_PODS]; /* the victim first */
	uint32_t n_marks;
	uint32_t marks_left_out;
	struct incident_mark marks[INCIDENT_MARKS]; /* in their order */
	uint32_t n_points;
	uint32_t coarse_ms; /* the span of what is behind the fine points */
	struct incident_point points[INCIDENT_POINTS];
};

_Static_assert(sizeof(struct incident) <= 74 * 1024, "the memory is as it is said above");

#define INCIDENT_RECENT 16
#define INCIDENT_NODE_SECONDS 64
#define INCIDENTS_RESTING 16

struct incident_second {
	int64_t at_us;
	uint64_t cpu_busy_us;
	uint32_t available_kib; /* INCIDENT_UNKNOWN: both were not measured */
	struct incident_net net;
};

/* A pod that was hurt for too long. */
struct incident_rest {
	uint64_t serial; /* 0: this place is free */
	enum resource resource;
	int64_t hurt_us;
	int64_t until_us;
};

#define INCIDENT_EVENTS 16
#define INCIDENT_DONE_SIZE 128

/* That one was opened or closed, with what is told of it then: it may be on disk and gone from memory when it is told. */
struct incident_event {
	uint64_t id;
	bool closed;
	uint64_t serial;
	enum level level;
	enum resource resource;
	enum incident_cause cause;
	bool suspected; /* somebody is, with some confidence, or a hold confirmed it */
	bool confirmed;
	enum culprit_confidence confidence;
	uint64_t hurt_us; /* from when it was opened to when it was last hurt: not hurt all the time, it may be */
	bool stall_known; /* else nothing was measured */
	uint32_t worst_stalled_permille;
	char pod[REASON_WHO_SIZE];
	char culprit[REASON_WHO_SIZE];
	char done[INCIDENT_DONE_SIZE];
};

struct incidents {
	struct incident *list[INCIDENTS_OPEN]; /* NULL: free; owned */
	uint64_t next_id;
	uint64_t opened;   /* since start */
	uint64_t left_out; /* since start: no place or no memory for them */
	uint32_t seconds_head, n_seconds;
	struct incident_second seconds[INCIDENT_NODE_SECONDS];
	uint32_t n_recent;
	struct incident_mark recent[INCIDENT_RECENT]; /* what was done when none may have been open */
	struct incident_rest resting[INCIDENTS_RESTING];
	struct incident_rest missed[INCIDENTS_RESTING]; /* hurt, and left out */
	uint64_t n_events;				/* since start */
	struct incident_event
		events[INCIDENT_EVENTS]; /* the last ones: n_events modulo their number is next */
};

_Static_assert(sizeof(struct incidents) <= 32 * 1024, "the memory is as it is said above");
