// SPDX-License-Identifier: LGPL-2.1-or-later
// A knob is one file of one cgroup. Names, formats and comparison are in policy/knob.c; exactly
// one file under agent/apply/ writes each of them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/cpu_set.h"
#include "colod/disk.h"

/* So many disks may be bounded at a time. */
#define KNOB_IO_MAX_DISKS 4

enum knob {
	KNOB_CPU_WEIGHT,
	KNOB_CPU_IDLE,
	KNOB_CPU_MAX,
	KNOB_MEMORY_MIN,
	KNOB_MEMORY_LOW,
	KNOB_MEMORY_HIGH,
	KNOB_MEMORY_MAX, /* says a pod's limit; written of pods that ask for colod.io/batch-memory alone */
	KNOB_IO_WEIGHT,
	KNOB_CPU_MAX_BURST,
	KNOB_CPUSET_CPUS,
	KNOB_CPUSET_EXCLUSIVE,
	KNOB_CPUSET_PARTITION,
	KNOB_MEMORY_OOM_GROUP, /* 1: the kernel ends all of it, or nothing of it */
	KNOB_OOM_SCORE_ADJ, /* no file: what the processes of a pod have, each its own (policy/oom_score.h) */
	KNOB_CGROUP_FREEZE, /* 1: everything in it stands still; only ever a hold */
	KNOB_IO_BFQ_WEIGHT, /* BFQ's own weight; the file comes and goes with its module, and values with it */
	KNOB_SCHED_POLICY, /* no file: that of each thread of a pod, sched(7)'s number (KNOB_SCHED_IDLE) */
	KNOB_IO_MAX, /* one disk's line of io.max, which its value names; only ever a hold */
	KNOB_IO_MAX_LAST = KNOB_IO_MAX + KNOB_IO_MAX_DISKS - 1, /* another disk's, each */
	KNOB_COUNT,
};

/* The kernel's word "max". Never produced by arithmetic: sums saturate below it. */
#define KNOB_VALUE_MAX UINT64_MAX

enum knob_value_state {
	KNOB_UNREAD,  /* not read yet, or the last read failed */
	KNOB_MISSING, /* the file is not there: controller off, or the kernel lacks the knob */
	KNOB_KNOWN,
};

/* What cpuset.cpus.partition is asked to be: the low byte of its value. */
enum partition {
	PARTITION_MEMBER,
	PARTITION_ROOT,
	PARTITION_ISOLATED,
	PARTITION_COUNT,
};
#define PARTITION_MASK 0xffu

/* What a score of 0 is in oom_score_adj's value. */
#define KNOB_SCORE_ZERO 1000

/* Scheduling policies, as the kernel numbers them. */
#define KNOB_SCHED_OTHER 0
#define KNOB_SCHED_IDLE 5

/* Of one disk, a second: KNOB_VALUE_MAX where there is no bound, 0 where nothing is said of it (written: it stays what it
 * is). 0:0 for no disk: the file is there, and nobody has asked for a line of it. */
struct io_max {
	uint32_t major, minor;
	uint64_t bytes[DISK_DIRECTIONS];
	uint64_t requests[DISK_DIRECTIONS];
};

/* Which disks' lines KNOB_IO_MAX and those behind it are about; 0:0: nobody's. */
struct knob_disks {
	struct {
		uint32_t major, minor;
	} of[KNOB_IO_MAX_DISKS];
};

/* value: weight 1..10000 (0: what 6.1 shows for an idle group; BFQ's 1..1000), idle 0/1, bytes, quota_us, burst_us, a number of sched(7), or
 * a score of -1000 to 1000 and 1000 more, or enum partition with, above it, why the kernel calls it invalid (knob_partition_why()).
 * period_us: only cpu.max, 0 elsewhere.
 * cpus: instead of both, cpuset.cpus and cpuset.cpus.exclusive (knob_is_cpus()). io: io.max. They share their room:
 * there are four values in each knob of each cgroup, and most cgroups never see a set. */
struct knob_value {
	enum knob_value_state state;
	union {
		struct {
			uint64_t value;
			uint64_t period_us;
		};
		struct cpu_set cpus;
		struct io_max io; /* unread: of this disk it shall be */
	};
};

/* What is known about one knob of one cgroup. `original` and `written` are meaningful only while
 * `owned`: the last value somebody else wrote, and the one colod wrote over it. */
struct knob_state {
	struct knob_value now;
	struct knob_value original;
	struct knob_value written;
	/* What systemd was last told to write there: it may do so late, over a newer value of colod's. */
	struct knob_value told;
	bool owned;
	bool held;	/* the written value is a hold: it must not outlive the agent */
	uint32_t would; /* which value was last told of as one the mode withholds; 0: none */
	int64_t held_since_us;
	/* Somebody keeps writing over it: repaired only once in a while (policy/fight.h). */
	bool contested;
	uint32_t rewrites; /* how often somebody wrote over colod's value; the last is `original` */
	bool under_way; /* a write of colod's has not ended: `now` may be of before it or after */
};

/* What a write does to the pod; the mode says which of these are allowed. */
enum effect {
	EFFECT_SHARE,	   /* weights, idle: mode protect */
	EFFECT_PROTECTION, /* memory.min/low: mode protect */
	EFFECT_LIMIT,	   /* a static bound on offline work: mode squeeze */
	EFFECT_HOLD, /* taken away while there is pressure: mode squeeze (full for a freeze), never outlives colod */
	EFFECT_COUNT,
};
