// SPDX-License-Identifier: LGPL-2.1-or-later
// See returned_case.h.
#include "tests/lib/returned_case.h"

#include <stdio.h>

#include "tests/lib/test.h"

void returned_case_init(struct returned_case *c)
{
	struct model *m = &c->f.model;

	fake_init(&c->f);
	fake_service(&c->f, "system.slice");
	c->web = decide_pod(&c->f, G1, QOS_GUARANTEED, LEVEL_P0);
	c->back = decide_pod(&c->f, O1, QOS_BESTEFFORT, LEVEL_P7);
	(void)decide_pod(&c->f, O2, QOS_BESTEFFORT, LEVEL_P7);
	(void)snprintf(m->node.kernel, sizeof(m->node.kernel), "7.3.4-cloud-amd64");
	c->f.policy.levels[LEVEL_P7].cpu.squeeze_floor_permille = 20;
	m->returned[0] = c->back->serial;
	m->n_returned = 1;
}

struct pod *returned_case_inner(struct returned_case *c)
{
	struct pod *inner = decide_pod(&c->f, O1 "/inner", QOS_BESTEFFORT, LEVEL_P7);

	fake_waiting(&c->f, inner);
	return inner;
}

void returned_case_left_alone(struct returned_case *c, enum knob knob)
{
	c->f.plan.assignments[c->back->slot].may_hold = false;
	decide_run(&c->f);
	assert_int_equal(decide_want(&c->f, O1, knob), -1);
	fake_waiting(&c->f, c->back);
	decide_run(&c->f);
	assert_int_equal(decide_want(&c->f, O1, knob), -1);
}
