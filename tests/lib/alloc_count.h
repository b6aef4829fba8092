// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts allocations of the test program and of the libraries it calls: a steady pass of the
// agent allocates nothing, and this is how a test sees that.
#pragma once

#include <stdbool.h>

/* Calls of malloc, calloc, realloc and their aligned kin since the program started; growing only.
 * Calls from all threads are counted. */
unsigned long alloc_count(void);
/* Those of the calling thread alone: where others are at work. */
unsigned long alloc_count_own(void);

/* The `nth` allocation from now on (of all threads; 0: none) finds no memory, once. Does nothing in a
 * sanitizer build, whose allocator is its own: alloc_can_fail() says so. */
void alloc_fail_at(unsigned long nth);
bool alloc_can_fail(void);
bool alloc_did_fail(void);

/* Blocks that are allocated now; 0 in a sanitizer build, which finds leaks itself. */
long alloc_live(void);
