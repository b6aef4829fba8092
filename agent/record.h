// SPDX-License-Identifier: LGPL-2.1-or-later
// colod --record FILE: the record of a run (policy/record.h) on its way to a file. Whatever goes
// wrong with that file ends the recording and nothing else.
#pragma once

#include "agent/options.h"
#include "policy/read.h"
#include "policy/record.h"

struct record;

/* Opens the file that the options name (a new one: none is ever overwritten) and starts the thread
 * that writes it. NULL where none is asked for, or with a warning in the log where it cannot be
 * made: the agent goes on. */
struct record *record_open(const struct options *options);

/* Each of these accepts NULL. The loop makes the text in memory and hands it over with
 * record_flush(), once a pass; it never waits for the disk. */
void record_policy(struct record *record, const struct policy_source *sources, size_t n);
void record_pass(struct record *record, const struct record_pass *pass);
void record_flush(struct record *record);

/* Waits until what was recorded is written. */
void record_close(struct record *record);
