// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/serve/rungs.h"
#include "tests/lib/serve_case.h"
#include "tests/lib/test.h"

#include "policy/decide.h"

TEST(only_a_freeze_has_a_known_end)
{
	struct serve_case c;
	struct plan_freeze *f;

	serve_case_init(&c);
	assert_int_equal(plan_reserve_freezes(&c.f.plan, &c.f.model), 0);
	f = &c.f.plan.freezes[c.batch->slot];
	*f = (struct plan_freeze){.state = FREEZE_DUE,
				  .serial = c.batch->serial,
				  .since_us = 7000000,
				  .most_us = 5000000};
	for (int rung = 0; rung < RUNG_COUNT; rung++) {
		c.f.ladders.of[RESOURCE_MEMORY].rung = (enum rung)rung;
		c.f.ladders.of[RESOURCE_CPU].rung = (enum rung)rung;
		assert_true(rungs_until_us(&c.snapshot, RESOURCE_CPU) == 0);
		assert_true(rungs_until_us(&c.snapshot, RESOURCE_MEMORY) ==
			    (rung == RUNG_FREEZE ? 12000000 : 0));
	}
	f->state = FREEZE_RESTS;
	c.f.ladders.of[RESOURCE_MEMORY].rung = RUNG_FREEZE;
	assert_true(rungs_until_us(&c.snapshot, RESOURCE_MEMORY) == 0);
	serve_case_free(&c);
}

TEST(nothing_decided_yet_is_no_end)
{
	const struct snapshot s = {0};

	assert_true(rungs_until_us(&s, RESOURCE_MEMORY) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_freeze_has_a_known_end),
		cmocka_unit_test(nothing_decided_yet_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
