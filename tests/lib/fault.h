// SPDX-License-Identifier: LGPL-2.1-or-later
// Faults for tests, through the seam in agent/base/sys.h: the n-th call of a kind fails with an errno,
// is cut short, comes late, or is the last thing this process does. Deterministic as long as what
// runs is; calls of worker threads are counted too.
//
//	fault_begin();                         // counts from here on
//	fault_set(SYS_WRITE, 3, -ENOSPC);      // the third write from now finds the disk full
//	...
//	fault_end();
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/base/sys.h"

/* Installs the hook; no fault is set and every counter is 0. */
void fault_begin(void);
void fault_end(void);

/* The `nth` call (from 1, counted since fault_begin()) gives `result`: a negative errno, or the number
 * of bytes that are taken at most. The last one that was set replaces an earlier one. */
void fault_set(enum sys_call call, unsigned nth, int result);

/* From the `nth` call on, every call of that kind fails so. */
void fault_set_from(enum sys_call call, unsigned nth, int result);

/* Before the `nth` call `late` is called, which moves the test's clock or changes the machine. */
void fault_set_late(enum sys_call call, unsigned nth, void (*late)(void *context), void *context);

/* The process ends before the `nth` call, with this code and without a word, as by SIGKILL. */
void fault_set_end(enum sys_call call, unsigned nth, int code);

/* Calls of a kind so far; whether the fault that was set was met; the path it met, "" for none. */
unsigned fault_count(enum sys_call call);
bool fault_was_met(void);
const char *fault_path(void);
