// SPDX-License-Identifier: LGPL-2.1-or-later
// Why a value is what it is: the numbers that were used, kept as data from the decision to the
// log line. policy/reason.c turns it into the one sentence that everybody prints.
#pragma once

#include <stdint.h>

#include "colod/level.h"

#define REASON_WHO_SIZE 128

enum reason_code {
	REASON_NONE,
	REASON_WEIGHT_REQUEST, /* observed: CPU request in milli */
	REASON_WEIGHT_FIXED,   /* limit: weight of the level */
	REASON_YIELD_RATIO, /* observed: weight of the online siblings, limit: ratio, extra: sharers */
	REASON_YIELD_REQUEST, /* observed, limit as above; extra: the weight that its request allows;
			       * who: the sibling with less for its own request, "" for none */
	REASON_YIELD_IDLE,    /* the policy's opt-in */
	REASON_FLOOR_RAISED, /* it starved: observed: what it got, limit: what its weight promises, in
			      * millionths of one CPU, for_us: window, extra: the weight without that,
			      * who: the pod that waited */
	REASON_MIXED_IDLE,   /* offline pod in a class that also holds an online pod (who) */
	REASON_MIXED_WEIGHT, /* that class: observed W of its siblings, limit: ratio; never lowered */
	REASON_BURST,	     /* observed: the pod's quota in milli, limit: permille of it */
	REASON_BURST_RESIZE,   /* none: observed: the quota, limit: what the spec asks for */
	REASON_BURST_HELD,     /* none while colod holds the pod */
	REASON_BURST_NO_QUOTA, /* none: the pod as a whole has no CPU limit */
	REASON_CPU_BATCH, /* a limit: observed: what it asks for as colod.io/batch-cpu, in milli */
	REASON_MEMORY_BATCH,	/* the same: as colod.io/batch-memory, in bytes */
	REASON_MEMORY_REQUEST,	/* observed: memory request in bytes */
	REASON_MEMORY_FIXED,	/* limit: bytes from the policy */
	REASON_MEMORY_CHILDREN, /* observed: what the children need, extra: how many pods */
	REASON_MEMORY_BOUND,	/* observed: wanted, limit: what the node can promise */
	REASON_MEMORY_OF_LIMIT, /* observed: limit in bytes, limit: permille */
	REASON_MEMORY_OF_NODE,	/* no limit: observed: allocatable bytes, limit: permille */
	REASON_MEMORY_HEADROOM, /* observed: request, limit: permille, extra: limit or allocatable */
	REASON_MEMORY_SYSTEM,	/* limit: bytes, by the built-in rule */
	REASON_MEMORY_LIFT, /* online: observed: permille of for_us that it stood still by a bound of its own,
			     * limit: bytes, what the policy asks for */
	REASON_MEMORY_LIFTED, /* that was so before, or it used more when colod came: limit: as above */
	REASON_SCHED_IDLE, /* the level's threads yield wherever somebody wakes up */
	REASON_OOM_FIRST,  /* the level is first in the kernel's OOM order */
	REASON_OOM_WHOLE,  /* the level is first in the kernel's OOM order: all of it or nothing */
	REASON_EASED, /* observed: bytes in use, limit: what could not be reclaimed down to, for_us: rest */
	REASON_IO_LEVEL, /* limit: weight of the level */
	REASON_IO_CLASS, /* the largest weight of the levels below: limit, extra: how many pods */
	REASON_SQUEEZE,	 /* who waited; observed: permille, limit: threshold, for_us: window,
				   * extra: the quota's share of the node in permille */
	REASON_SQUEEZE_FLOOR, /* as SQUEEZE, the floor decided */
	REASON_IO_WAITS, /* who waited for IO; observed: permille, limit: threshold, for_us: window, extra: the part of what
			  * the disk does that offline work may do, in permille */
	REASON_IO_FLOOR, /* the same: never less */
	REASON_IO_WORSE, /* writes or reads are bounded no more, as who waited longer since: observed: permille, limit:
			  * before, for_us: not again for so long, extra: enum disk_direction */
	REASON_MEMORY_WAITS, /* who waited for memory; observed: permille, limit: threshold, for_us: window,
			      * extra: 1 where all that it has to run waited (memory.full), else 0 */
	REASON_MEMORY_EMPTY, /* observed: fall of the room in bytes/s, for_us: time to empty, limit: less than
			      * that (us), extra: the room in bytes */
	REASON_MEMORY_MARK, /* observed: bytes available, limit: the level's watermark */
	REASON_MEMORY_GROWTH, /* a hold: observed: growth in bytes/s, limit: what it may grow in a second,
			       * extra: the room, for_us: measured over, who: who waits, or "" */
	REASON_RELEASED, /* a hold ended: for_us: calm for so long, extra: enum resource */
	REASON_INEFFECTIVE, /* a hold did not help who: observed: permille that it waits, limit: what it
			       * waited before, for_us: not tried again for so long, extra: enum resource */
	REASON_NOT_PLANNED, /* no rule asks for it any more: the original comes back */
	REASON_MODE,	    /* the mode does not allow it any more: the original comes back */
	REASON_STOP,	    /* the agent stops: the original comes back */
	REASON_GAP,	    /* for_us: nobody looked for so long, so every hold ended */

	/* cores of its own, and siblings without offline work */
	REASON_CORES_OWN, /* observed: request in milli, limit: CPUs, extra: 1: only offline work is off */
	REASON_CORES_CLASS,   /* observed: CPUs that pods below own, or did */
	REASON_CORES_OFFLINE, /* offline: observed: CPUs it is kept off, limit: CPUs it may use */
	REASON_SMT_OFFLINE,   /* the same, for the siblings of a pinned pod (who) too */
	REASON_SMT_AVOIDED, /* observed: siblings without offline work, limit: CPUs it is pinned to */
	/* why a pod has no cores of its own */
	REASON_CORES_IDS,     /* observed: the highest CPU id, limit: the highest that is handled */
	REASON_CORES_STATIC,  /* the kubelet's CPU manager gives CPUs itself */
	REASON_CORES_UNSURE,  /* its record cannot be read */
	REASON_CORES_REQUEST, /* its CPU request is not known */
	REASON_CORES_SMALL,   /* observed: request, limit: the least */
	REASON_CORES_LIMIT,   /* observed: its limit (or none), limit: what its cores would give */
	REASON_CORES_NO_CPUSET, /* no cpuset files there */
	REASON_CORES_FOREIGN,	/* who: the cgroup whose CPUs somebody else has set */
	REASON_CORES_UNREAD,	/* some cpuset could not be read */
	REASON_CORES_ENDING,	/* the pod ends */
	REASON_CORES_WAITS,	/* who: the pod whose request is not known yet */
	REASON_CORES_FREE,	/* observed: CPUs on whole free cores, limit: CPUs asked for */
	REASON_CORES_ROOM,	/* observed: milli left for all others, limit: what they need */
	REASON_CORES_KERNEL,	/* the kernel called the partition invalid; extra: its value */
	/* why no siblings are kept free */
	REASON_SMT_NOT_PINNED,
	REASON_SMT_NO_SIBLING, /* limit: CPUs it is pinned to */
	REASON_SMT_ROOM,       /* observed: siblings; no whole core would be left to offline work */

	/* a freeze, and why there is none */
	REASON_FREEZE, /* observed: growth in bytes/s, extra: the room, for_us: at most so long,
			      * who: who waits, or "" */
	REASON_FREEZE_OVER, /* observed: so long it was, limit: at most (us), for_us: not again for so long */
	REASON_FREEZE_ENDS,  /* the same, before its time: memory is no longer short */
	REASON_FREEZE_ALL,   /* the rung ends: nobody is frozen any more who may be */
	REASON_FREEZE_MAY,   /* for_us: at most so long */
	REASON_FREEZE_OTHER, /* somebody else froze it, or thawed it */
	REASON_FREEZE_GUARD, /* nobody would thaw it if colod died */
	REASON_FREEZE_START, /* an earlier colod died: for_us: none so long after its end */
	REASON_FREEZE_FACTS, /* not all that matters is known of it */
	REASON_FREEZE_ENDING,
	REASON_FREEZE_CLASS, /* who: its runtime class */
	REASON_FREEZE_IPC,
	REASON_FREEZE_VOLUME, /* who: the volume */
	REASON_FREEZE_PROBE, /* observed: its probes give up after so long, limit: less than that (us) */
	REASON_FREEZE_INNER, /* other pods or levels below it, or its file was not read */

	REASON_RETURNED, /* a hold: its like was evicted a moment ago; extra: the quota's share of the node in
			  * permille */
	REASON_RETURNED_IO, /* the same: limit: its io.weight */
	REASON_MANUAL, /* somebody (who) ordered it: observed: when (CLOCK_REALTIME, us), for_us: for so long,
			* extra: enum manual_kind; level: the one that was ordered */
	REASON_CALIBRATE, /* a hold: to see what online pods wait with offline work at its floor: for_us: for so long, extra: the
			   * quota's share of the node in permille */

	/* the ceiling of offline work on a link (who) */
	REASON_NET_ONLINE, /* observed: what online work sends, limit: the link, extra: the ceiling; all bytes/s */
	REASON_NET_FLOOR, /* the same: never less */
	REASON_NET_IDLE, /* none any more: observed: what online work sends, limit: less than that, for_us: since */
	REASON_NET_NOBODY, /* none any more: no offline pod is left */
	REASON_NET_BLIND,  /* none any more: for_us: not measured for so long */
	/* the same of what arrives; in the order of those before */
	REASON_NET_RX_ONLINE,
	REASON_NET_RX_FLOOR,
	REASON_NET_RX_IDLE,
	REASON_NET_RX_NOBODY,
	REASON_NET_RX_BLIND,
	REASON_NET_RX_GROWS, /* observed: what online work is about to receive, limit, extra: as before */
	REASON_NET_RX_CROWDED, /* online work uses it and may wait: observed: what arrives in all, limit, extra: as before */
	REASON_COUNT,
};

struct reason {
	enum reason_code code;
	enum level level; /* LEVEL_NONE for a class */
	int32_t rule;	  /* index into policy->rules, -1 for none */
	uint64_t observed;
	uint64_t limit;
	uint64_t for_us;
	uint64_t extra;
	uint64_t nodes; /* of REASON_MEMORY_*: the memory nodes whose room it is about; 0: the machine's */
	uint64_t usual_permille; /* of who waited: what is usual for it; observed is over that. 0: nothing was taken off */
	char who[REASON_WHO_SIZE]; /* the pod that is the cause, for people; "" for none */
};
