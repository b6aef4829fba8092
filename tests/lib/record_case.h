// SPDX-License-Identifier: LGPL-2.1-or-later
// Records in tests: a fake node (tests/lib/fake.h) that decides pass after pass into a record, and
// the way back.
#pragma once

#include "policy/record_read.h"
#include "policy/record_write.h"
#include "tests/lib/fake.h"

/* A policy in text, with rules for fake pods: two levels, a squeeze. */
#define RECORD_CASE_POLICY                                                                         \
	"version: 1\n"                                                                             \
	"mode: squeeze\n"                                                                          \
	"facts: {from: 'file:///pods.json'}\n"                                                     \
	"levels:\n"                                                                                \
	"  P1: {role: online, cpu: {weight: request}}\n"                                           \
	"  P4: {role: online, cpu: {weight: request}, memory: {low: request}}\n"                   \
	"  P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: 65%, floor: 2%}},\n"       \
	"       memory: {high: 80% of limit}, io: {weight: 10, squeeze: {floor: 10%}}}\n"          \
	"assign:\n"                                                                                \
	"  - {match: {label: tier=gold}, level: P1}  # a comment\n"                                \
	"  - {match: {annotation: team.example/level}, level: from-value}\n"                       \
	"  - {match: {qos: Guaranteed, runtime: docker}, level: P4}\n"                             \
	"  - {match: {qos: Guaranteed}, level: P1}\n"                                              \
	"  - {match: {qos: Burstable}, level: P4}\n"                                               \
	"  - {match: {qos: BestEffort}, level: P7}\n"                                              \
	"  - {match: {unit: 'job*.service'}, level: P7}\n"                                         \
	"pressure:\n"                                                                              \
	"  - {when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}\n"                         \
	"  - {when: io.some of online > 5% over 2s, do: [squeeze io]}\n"

struct record_case {
	struct record_writer *writer;
	struct record_buf text;
	struct policy *policy; /* RECORD_CASE_POLICY */
	struct modes modes;    /* squeeze everywhere */
	struct ladders ladders;
	struct floor_cpu floor;
	struct plan plan;
	struct scores scores;
	struct changes changes;
	/* The network, as the agent has it. */
	const struct net_view *view;		   /* NULL: nobody looks at it */
	const struct net_sent *sent;		   /* by slot, as many as view has pods */
	const struct net_counts *counted, *counts; /* as net_pass_in.before and .now */
	bool unasked;
	bool busy; /* a round that is due is not handed in */
	struct net_state net;
};

/* The head and the policy are written. Aborts without memory, as everything here. */
void record_case_open(struct record_case *c, const struct record_names *names);
/* The same with another policy. */
void record_case_open_with(struct record_case *c, const struct record_names *names,
			   const char *policy);
void record_case_close(struct record_case *c);

/* Decides the model and samples of `f` and records the pass. */
void record_case_pass(struct record_case *c, const struct fake *f, int64_t now_us);

/* Writes what was decided last into the fake model. */
void record_case_apply(struct record_case *c, struct fake *f);

/* Reads the record of `text` from its first pass on; fails the test where it cannot be read. */
struct record_reader *record_case_read(const struct record_buf *text);

/* Replays all of it: how many passes there are. *ret_differs: the first that decides something
 * else than what was recorded, from 1; 0 for none. Fails the test for a text that cannot be read. */
uint64_t record_case_replay(const struct record_buf *text, uint64_t *ret_differs);

/* Whether two models and samples are the same, in what a record holds. What differs is printed. */
bool record_case_same(const struct model *a, const struct samples *as, const struct model *b,
		      const struct samples *bs);

/* Whether the text has this somewhere. */
bool record_case_has(const struct record_buf *text, const char *part);
