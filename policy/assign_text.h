// SPDX-License-Identifier: LGPL-2.1-or-later
// What a condition of a rule asks for and what a pod has of it, as text. Pure.
#pragma once

#include <stddef.h>

#include "policy/assign.h"

/* Longer values of labels and annotations are cut. */
#define ASSIGN_TEXT_SIZE 320

/* "no", "waits", "claims", "no-claim", "matches": static text, "?" out of range. */
const char *assign_text_outcome(enum assign_outcome outcome);

/* What the pod has where the condition looks: "default", "app=web", "no label app", "not known yet".
 * Always NUL-terminated; returns buf. */
const char *assign_text_has(const struct match *match, const struct pod *pod, char *buf,
			    size_t size);

/* The value that a pod gave where a rule with level from-value looks; NULL where there is none. */
const char *assign_text_claim(const struct assign_rule *rule, const struct pod *pod);
