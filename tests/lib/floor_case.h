// SPDX-License-Identifier: LGPL-2.1-or-later
// A node of 2 CPUs whose seconds are told one by one: what each offline pod used and waited in it,
// what is decided then, and that it is written. Siblings: burstable 2500 (online), besteffort with
// two offline pods, which yields at 50; nothing else, so that it is promised 3.84 % of one CPU.
#pragma once

#include "colod/floor.h"
#include "tests/lib/decide_case.h"

#define FLOOR_CASE_PODS 48

struct floor_case {
	struct fake f;
	struct floor_cpu floor;
	struct pod *pods[FLOOR_CASE_PODS]; /* offline; the first two are in besteffort */
	uint64_t used_us[FLOOR_CASE_PODS], waited_us[FLOOR_CASE_PODS];
	/* in each second, until they are changed */
	uint64_t gets_ppm[FLOOR_CASE_PODS], waits_permille[FLOOR_CASE_PODS];
	/* It is throttled in 9 of 10 periods: by its own quota, or by a container's. */
	bool throttled[FLOOR_CASE_PODS], throttled_inside[FLOOR_CASE_PODS];
	size_t n;
	int64_t now_us;
	bool unwritten;	  /* what is planned is not written, as in mode observe */
	size_t n_changed; /* knobs that the last second wrote */
};

void floor_case_init(struct floor_case *c);
void floor_case_free(struct floor_case *c);

/* One more offline pod; it gets nothing and waits for nothing. */
struct pod *floor_case_add(struct floor_case *c, const char *path, enum qos qos);
/* It ends, and its cgroup is gone. */
void floor_case_remove(struct floor_case *c, size_t pod);

/* A second passes: samples, decisions, writes. */
void floor_case_second(struct floor_case *c);
void floor_case_seconds(struct floor_case *c, unsigned n);

/* The weight that stands on the cgroup now. */
uint64_t floor_case_weight(struct floor_case *c, const char *path);

/* What is watched of that cgroup; fails where nothing is. */
const struct floor_branch *floor_case_branch(struct floor_case *c, const char *path);
