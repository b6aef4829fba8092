// SPDX-License-Identifier: LGPL-2.1-or-later
// A score, and what a share of time stalled is held against, in words.
#pragma once

#include <cjson/cJSON.h>
#include <stddef.h>

#define SCORE_WORDS_SIZE 192

/* The pod's whole number: "at least 9.4 of 100", or "none: learning". */
void score_words_number(const cJSON *score, char buf[SCORE_WORDS_SIZE]);

/* One resource of it: "12.4 % (usual is 2.0 %: 412 calm windows, the last 2 h ago)". Empty where nothing was measured. */
void score_words_stalled(const cJSON *value, char buf[SCORE_WORDS_SIZE]);
