// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads a record, pass by pass: rebuilds what the deciders were given, and hands out what came of it
// then. From memory; nothing in the text is trusted. Pure.
#pragma once

#include "policy/read.h"
#include "policy/record.h"
#include "policy/record_text.h"

struct record_reader;

/* What one pass had, valid until the next one is read. */
struct record_evict_given;
struct record_net_given;

struct record_replayed {
	int64_t now_us;
	uint64_t line; /* of its "t" */
	struct model *model;
	const struct samples *samples;
	const uint32_t *ids; /* of model->cgroups, for steps_tell() */
	const struct modes *modes;
	/* Set where a ladder did not stand where the last pass left it, and in the first pass. */
	const struct ladder *ladders[RESOURCE_COUNT];
	const struct io_holds *holds;  /* the same */
	const struct floor_cpu *floor; /* set where it did not stand where the last pass left it */
	/* Set where it was looked whom to kill: how that stood before, and what was measured, by slot. */
	const struct memory_kill *kill;
	const struct victim_memory *kill_memory;
	size_t n_kill_memory;
	const struct record_evict_given *evict; /* set where it was looked whom to evict */
	const struct evict_order *order;	/* set where somebody ordered an eviction */
	const struct record_net_given *net;	/* set where somebody looked at the network */
	const struct policy *policy;
	/* With pseudonyms: by slot, for all pods of the model; else NULL. */
	const struct assignment *assignments;
	size_t n_assignments;
	/* What it decided, as steps_tell() with the prefix "" tells it; not NUL-terminated. */
	const char *steps;
	size_t steps_len;
	const uint64_t *step_lines; /* the line of each */
	size_t n_steps;
};

#define RECORD_ERROR_SIZE 256

/* `text` is borrowed until record_reader_free(). 0; -EBADMSG where this is no record that can be
 * read, with the sentence in `error`; -ENOMEM. */
int record_reader_new(const char *text, size_t len, char error[RECORD_ERROR_SIZE],
		      struct record_reader **ret_reader);
void record_reader_free(struct record_reader *reader);

/* 1 with the next pass, 0 at the end, -EBADMSG ("line 17: ..." in `error`), -ENOMEM. */
int record_reader_pass(struct record_reader *reader, char error[RECORD_ERROR_SIZE],
		       struct record_replayed *ret_pass);

/* What the head of the record says. */
bool record_reader_has_steps(const struct record_reader *reader);
bool record_reader_has_names(const struct record_reader *reader);
/* At the end: the last pass is not whole, because whoever wrote it was stopped. */
bool record_reader_is_torn(const struct record_reader *reader);
/* The policy files in force, for whoever wants to show them. */
const struct policy_source *record_reader_sources(const struct record_reader *reader,
						  size_t *ret_n);
