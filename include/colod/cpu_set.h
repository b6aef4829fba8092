// SPDX-License-Identifier: LGPL-2.1-or-later
// A set of CPUs by their kernel id, as the cpuset.* files list them. A value like a number: it is
// copied by assignment and owns nothing. Functions: policy/cpu_set.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ids 0..511. A node with larger ones gets no cpuset feature at all. */
#define CPU_SET_MAX 512

/* What cpu_set_format() may need: 171 pairs "a-b" with a comma or the NUL behind each. */
#define CPU_SET_TEXT_SIZE 1296

struct cpu_set {
	uint64_t words[CPU_SET_MAX / 64];
};

/* An id >= CPU_SET_MAX is left out: ask for it before, where it matters. */
void cpu_set_add(struct cpu_set *set, unsigned cpu);

bool cpu_set_has(const struct cpu_set *set, unsigned cpu);
size_t cpu_set_count(const struct cpu_set *set);
bool cpu_set_is_empty(const struct cpu_set *set);
bool cpu_set_equal(const struct cpu_set *a, const struct cpu_set *b);

/* Whether they share a CPU. */
bool cpu_set_overlaps(const struct cpu_set *a, const struct cpu_set *b);

/* Whether every CPU of `part` is in `whole`; an empty part is. */
bool cpu_set_contains(const struct cpu_set *whole, const struct cpu_set *part);

/* *to becomes what is in either, what is not in *from, what is in both. */
void cpu_set_union(struct cpu_set *to, const struct cpu_set *from);
void cpu_set_minus(struct cpu_set *to, const struct cpu_set *from);
void cpu_set_intersect(struct cpu_set *to, const struct cpu_set *from);

/* The kernel's list: "0-3,8", with or without a newline; "" is the empty set. 0, -EINVAL for what
 * is no list, -ERANGE for an id >= CPU_SET_MAX; *ret untouched on failure. */
int cpu_set_parse(const char *text, struct cpu_set *ret);

/* The same list without a newline, "" for the empty set. `buf` of CPU_SET_TEXT_SIZE bytes holds
 * any set; a smaller one gets as many whole ranges as fit. Returns buf. */
const char *cpu_set_format(const struct cpu_set *set, char *buf, size_t size);
