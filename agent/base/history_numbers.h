// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers of a record, as data beside its sentence: "estimate_bytes=7340032,usage_bytes=-". What was not
// measured is there too, and has no value.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/history.h"

#define HISTORY_KEY_SIZE 32

/* Adds one; `key` is of a-z, 0-9 and _, begins with a letter and is shorter than HISTORY_KEY_SIZE. One that does not
 * fit any more is left out whole. */
void history_number(struct history_record *record, const char *key, int64_t value);
void history_number_unknown(struct history_record *record, const char *key);

/* history_number() where `known`, which tells whether it was measured; else history_number_unknown(). */
void history_number_if(struct history_record *record, const char *key, bool known, uint64_t value);

struct history_number {
	char key[HISTORY_KEY_SIZE];
	bool known;
	int64_t value;
};

/* The number at *at, which is moved on. False at the end, and where what is there is none. */
bool history_numbers_next(const char **at, struct history_number *ret_number);

/* Whether a text is one or more numbers, each in the only form that is written. */
bool history_numbers_valid(const char *text);
