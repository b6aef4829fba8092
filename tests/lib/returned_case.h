// SPDX-License-Identifier: LGPL-2.1-or-later
// A pod whose like was evicted a moment ago, beside another offline one and an online one: for the tests of
// decide_*_returned.c.
#pragma once

#include "tests/lib/decide_case.h"

struct returned_case {
	struct fake f;
	struct pod *web;  /* G1 */
	struct pod *back; /* O1; O2 is the other one */
};

/* On a kernel that throttles tasks one by one; offline work keeps 2 %. */
void returned_case_init(struct returned_case *c);

/* It holds another pod, which is not known yet. */
struct pod *returned_case_inner(struct returned_case *c);

/* Nothing is planned of this knob for it while it may not be held, nor while it waits for facts. */
void returned_case_left_alone(struct returned_case *c, enum knob knob);
