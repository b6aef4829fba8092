// SPDX-License-Identifier: LGPL-2.1-or-later
// A choice among pods as sentences for people: why this one, and why not the others. Pure.
#pragma once

#include <stddef.h>

#include "policy/victim.h"

#define VICTIM_TEXT_SIZE 384

/* Why list->list[0] is the choice, out of how many, and how many offline pods could not be taken: "first of 19 by its
 * level …". Each of these ends buf with a NUL and returns it; what does not fit is cut. */
const char *victim_text_choice(const struct victim_list *list, char *buf, size_t size);

/* Why list->list[i], 0 < i < list->n, is not, with its numbers and those that decided. */
const char *victim_text_passed(const struct victim_list *list, size_t i,
			       const struct evict_policy *evict, char *buf, size_t size);

/* Why one of list->left could not be taken. */
const char *victim_text_left(const struct victim_left *left, char *buf, size_t size);

/* Offline pods that were no candidates: those of list->left and those beyond them. */
uint32_t victim_text_n_left(const struct victim_list *list);

/* "0.48 CPUs"; buf of REASON_TEXT_UNIT_SIZE bytes. */
const char *victim_text_rate(const struct victim *victim, uint64_t rate, char *buf);
