// SPDX-License-Identifier: LGPL-2.1-or-later
// What was measured, and when. Times are CLOCK_BOOTTIME microseconds, handed in by the loop. A
// value that could not be read has its valid bit clear and must not be used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/disk_use.h"
#include "colod/level.h"
#include "colod/memory_nodes.h"

/* 64 samples: a minute at the steady 1 s, and the 10 s window even at the 100 ms of a storm
 * once it is thinned. 64 * sizeof(struct pod_sample) is the whole memory cost of a pod. */
#define SAMPLE_RING 64

enum sample_valid {
	SAMPLE_CPU = 1 << 0,
	SAMPLE_MEMORY = 1 << 1,
	SAMPLE_PSI_CPU = 1 << 2, /* SAMPLE_PSI_CPU << enum resource */
	SAMPLE_PSI_MEMORY = 1 << 3,
	SAMPLE_PSI_IO = 1 << 4,
	SAMPLE_QUOTA_UNSEEN = 1 << 5,  /* what a container's quota did until then is not known */
	SAMPLE_MEMORY_EVENTS = 1 << 6, /* read only while the pod waits for memory */
	/* SAMPLE_TOLD_CPU << enum resource: since the sample before, the kernel told that the pod waited for as much of a
	 * window as the rule for the resource names. Two samples may stand so that neither shows it. */
	SAMPLE_TOLD_CPU = 1 << 8,
	SAMPLE_TOLD_MEMORY_FULL = 1 << 11, /* by the rule for memory.full */
};

/* Totals since boot, as the kernel counts them. */
struct psi_total {
	uint64_t some_us;
	uint64_t full_us;
};

struct pod_sample {
	int64_t at_us;
	uint32_t valid;
	/* How long it was throttled, on all its CPUs, by its own quota or that of the container that had most, from sample to sample;
	 * a counter of 32 bits, which is not recorded: nothing is decided by it. */
	uint32_t throttled_us;
	uint64_t cpu_usage_us;
	uint64_t cpu_periods;
	uint64_t cpu_throttled; /* periods in which it was throttled */
	uint64_t cpu_throttled_us;
	uint64_t memory_bytes;
	struct psi_total psi[RESOURCE_COUNT];
	/* Of the quotas that its containers have of their own, which the counters above know nothing of: from
	 * sample to sample those of the container that had most. */
	uint64_t inner_periods;
	uint64_t inner_throttled;
	uint64_t memory_bounded; /* how often it, or a container of it, met its own memory.high or max */
};

struct node_sample {
	int64_t at_us;
	uint32_t valid;
	uint32_t reserved;
	uint64_t cpu_busy_us; /* all CPUs, everything but idle and iowait */
	uint64_t memory_available_bytes;
	uint64_t memory_free_bytes;
	uint64_t memory_inactive_file_bytes;
	struct psi_total psi[RESOURCE_COUNT];
	uint64_t memory_nodes; /* those of which the next were measured, in this order; 0: none */
	struct memory_node_use memory_node[MEMORY_NODES_MAX];
};

/* Of disks that a pod uses so many are looked at. */
#define POD_DISKS_MAX 8

/* What a pod does on one disk, a second. */
struct pod_disk {
	uint32_t major, minor;
	uint64_t bytes_per_s[DISK_DIRECTIONS];
	uint64_t requests_per_s[DISK_DIRECTIONS];
	int64_t used_us; /* when it last did anything there */
	bool bounded;	 /* somebody bounds it there, and it is at that bound: it waits by that */
};

/* Only while some online pod waits for IO (observe_want_pod_disks()). */
struct pod_disks {
	int64_t at_us; /* the end of the second; 0: nothing was measured */
	uint32_t n;
	struct pod_disk list[POD_DISKS_MAX];
};

/* Cycles an instruction, kernel and user together. Only of online pods that an sli of cpi is about. */
struct pod_cpi {
	int64_t at_us; /* the end of the second; 0: nothing was measured */
	uint32_t milli;
	uint32_t reserved;
};

#define POD_CPI_FRESH_US 3000000

static inline bool pod_cpi_is_fresh(const struct pod_cpi *cpi, int64_t now_us)
{
	return cpi->at_us > 0 && now_us >= cpi->at_us && now_us - cpi->at_us <= POD_CPI_FRESH_US;
}

#define POD_MEMORY_UNKNOWN UINT64_MAX

/* Of memory.stat, of an online pod, while it waits for memory. The pages are those of the second that ended then: read again soon
 * after they were taken, and looked through by tasks that had to wait for memory themselves. */
struct pod_memory {
	int64_t at_us; /* 0: nothing was measured */
	uint64_t anon_bytes;
	uint64_t file_bytes;
	uint64_t refaults_per_s; /* POD_MEMORY_UNKNOWN: not measured, as the next */
	uint64_t direct_per_s;
};

/* What an online pod waits where nobody hurts it, by its workload's baseline at its load of now (score.h): median and
 * deviation, permille of the time; zeros: none is valid. Taken from the scores of the pass before. */
struct pod_usual {
	uint16_t median_permille[RESOURCE_COUNT];
	uint16_t sigma_permille[RESOURCE_COUNT];
};

/* A ring: `count` samples, the newest at (head + SAMPLE_RING - 1) % SAMPLE_RING. */
struct pod_history {
	uint64_t serial; /* of the pod these belong to */
	uint32_t head;
	uint32_t count;
	struct pod_disks disks;
	struct pod_cpi cpi;
	struct pod_memory memory;
	struct pod_usual usual;
	struct pod_sample ring[SAMPLE_RING];
};

struct node_history {
	uint32_t head;
	uint32_t count;
	struct node_sample ring[SAMPLE_RING];
};

struct samples {
	struct node_history node;
	struct disk_samples disks;
	struct disk_uses uses;
	struct pod_history **pods; /* by pod->slot, NULL where no pod was; owned */
	size_t n_slots;
	struct memory_there *there; /* by pod->slot; NULL on a machine with one memory node; owned */
	size_t n_there;
};
