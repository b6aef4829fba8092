// SPDX-License-Identifier: LGPL-2.1-or-later
// The one sentence that logs, D-Bus, coloctl and incidents print for a reason. Pure.
#pragma once

#include <stddef.h>

#include "colod/policy.h"
#include "colod/reason.h"
#include "policy/text_out.h"

#define REASON_TEXT_SIZE 320

/* E.g. "default/web-1 waited 12.4 % of 2 s for CPU, more than 5 %: quota 41 % of the node (rule
 * default.yaml:31)". Uses only numbers stored in the reason. `policy` (may be NULL) names the
 * rule. buf is always NUL-terminated; returns buf. */
const char *reason_text(const struct reason *reason, const struct policy *policy, char *buf,
			size_t size);

/* "qos: BestEffort": one condition of a rule. */
const char *reason_text_match(const struct match *match, char *buf, size_t size);

/* "P7 by default.yaml:31 (qos: BestEffort)": why an assignment is what it is. */
const char *reason_text_rule(const struct policy *policy, int rule, char *buf, size_t size);

/* The same: "who waited for WHAT 12 % of 2 s [over its usual 3 %], more than 5 %". */
void reason_text_waited(struct text_out *out, const struct reason *r, const char *what);

/* For the files of reason_text, and for who shows the same numbers. "1.5 CPUs" into buf of REASON_TEXT_UNIT_SIZE bytes, which is returned;
 * and the sentences about cores and siblings, and about freezing: nothing is put for any other reason. */
#define REASON_TEXT_UNIT_SIZE 32
const char *reason_text_cpus(uint64_t milli, char *buf);
/* "1.5 MiB"; buf as above. */
const char *reason_text_bytes(uint64_t bytes, char *buf);
/* "1.5 s"; buf as above. */
const char *reason_text_duration(uint64_t us, char *buf);
/* "12.4 %"; buf as above. */
const char *reason_text_percent(uint64_t permille, char *buf);
/* "9.6 Gbit/s"; buf as above. */
const char *reason_text_rate(uint64_t bytes_per_s, char *buf);
/* "NUMA node 1", "NUMA nodes 0-1"; buf of REASON_TEXT_NODES_SIZE bytes. */
#define REASON_TEXT_NODES_SIZE 160
const char *reason_text_nodes(uint64_t nodes, char *buf);
void reason_text_memory(struct text_out *out, const struct reason *reason);

/* Of limits that a pod asks for by colod.io/batch-*. */
void reason_text_batch(struct text_out *out, const struct reason *reason);
/* Of the scheduling policy of threads. */
void reason_text_sched(struct text_out *out, const struct reason *reason);
void reason_text_cores(struct text_out *out, const struct reason *reason);
void reason_text_net(struct text_out *out, const struct reason *reason);
void reason_text_io(struct text_out *out, const struct reason *reason);
void reason_text_freeze(struct text_out *out, const struct reason *reason);
void reason_text_manual(struct text_out *out, const struct reason *reason);
