// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts allocations of the test program and of the libraries it calls: a steady pass of the
// agent allocates nothing, and this is how a test sees that.
#pragma once

/* Calls of malloc, calloc, realloc and their aligned kin since the program started; growing only.
 * Calls from all threads are counted. */
unsigned long alloc_count(void);
