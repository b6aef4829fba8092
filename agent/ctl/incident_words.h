// SPDX-License-Identifier: LGPL-2.1-or-later
// An incident in words, for its lines and its plot.
#pragma once

#include <cjson/cJSON.h>
#include <stddef.h>

#define INCIDENT_WORDS_SIZE 512

/* "Incident 7: default/web (P0) waited for cpu". Each returns buf, of INCIDENT_WORDS_SIZE bytes or as given. */
const char *incident_words_title(const cJSON *summary, char *buf, size_t size);

/* When, for how long, how bad, whom it may have been by: without what is not known. */
const char *incident_words_facts(const cJSON *summary, char *buf, size_t size);

/* What one mark says: "squeeze, from calm: why". */
const char *incident_words_mark(const cJSON *mark, char *buf, size_t size);

/* When it was, from the opening on: "-0.4 s", "+61 s". */
const char *incident_words_when(const cJSON *mark, char *buf, size_t size);
