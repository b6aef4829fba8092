// SPDX-License-Identifier: LGPL-2.1-or-later
// Nodes made at random for property tests: the same seed gives the same node on every machine.
#pragma once

#include "tests/lib/fake.h"

/* The time of the newest samples. */
#define FAKE_RANDOM_NOW_US 1000000000ll

/* Initialises *f: both drivers and several kernels, pods of all classes with levels, without and
 * waiting; units, some nested; knobs with values of others, of colod, or missing; six seconds of
 * samples; in half of the cases a squeeze that is under way. */
void fake_random(struct fake *f, uint64_t seed);

/* The next number of a sequence, 0 <= number < n: for what a test draws itself. *state is its seed, not 0. */
uint64_t fake_random_below(uint64_t *state, uint64_t n);
