// SPDX-License-Identifier: LGPL-2.1-or-later
// The scene of the tests of agent/apply/reclaim.c: two offline pods with page cache in a fake tree, and a real lane.
// What the kernel answers to a write of memory.reclaim comes from the seam (agent/base/sys.h); a full pipe in
// its place makes a write last for as long as the test wants.
#pragma once

#include "agent/apply/reclaim.h"
#include "tests/lib/fake.h"

#define HOG "batch.slice/hog.slice"
#define INNOCENT "batch.slice/innocent.slice"
#define MIB ((uint64_t)1 << 20)
#define S_US ((int64_t)1000000)

struct reclaim_case {
	char *dir;
	int root_fd, cgroup_fd;
	struct fake f;
	struct lanes lanes;
	struct reclaim *r;
	int64_t now_us;
	int pipe;
	/* what the kernel does with a slice; the takes are the hog's */
	int answer;
	uint64_t takes;
	/* what was seen */
	unsigned n_writes, n_looks, n_results;
	struct reclaim_result last;
	uint64_t asked_bytes;
};

/* There is one. */
extern struct reclaim_case reclaim_case;

/* For cmocka. A slice lasts until the test ends it. */
int reclaim_case_setup(void **state);
int reclaim_case_teardown(void **state);

/* Another lane, whose patience has an end. */
void reclaim_case_restart(uint64_t patience_us);

/* A pod with so much page cache; one that is there already has so much now. */
struct cgroup *reclaim_case_add(const char *path, uint64_t file_mib);
struct cgroup *reclaim_case_cgroup(const char *path);
uint64_t reclaim_case_number(const char *path, const char *file);

/* A pass that wants so much of one pod, a second after the last. */
struct reclaim_said reclaim_case_want(const char *path, uint64_t mib);
void reclaim_case_want_nothing(void);

void reclaim_case_collect(void);
/* Waits until no slice is under way, and takes up what came of them. */
void reclaim_case_settle(void);

/* Writes of this cgroup's memory.reclaim last until they are cut short. */
void reclaim_case_block(const char *path);
void reclaim_case_wait_begun(void);
