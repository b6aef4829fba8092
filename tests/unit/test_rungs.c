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
	assert_true(rungs_at_least_until_us(&s, RESOURCE_MEMORY) == 0);
}

/* What the ladder's own table says, from when somebody waited last. */
TEST(a_rung_stands_for_its_calm_at_least)
{
	static const int64_t cpu_us[RUNG_COUNT] = {
		[RUNG_SQUEEZE] = 10000000,
		[RUNG_EVICT] = 5000000,
	};
	static const int64_t memory_us[RUNG_COUNT] = {
		[RUNG_SQUEEZE] = 10000000,
		[RUNG_RECLAIM] = 5000000,
		[RUNG_FREEZE] = 1000000,
		[RUNG_EVICT] = 5000000,
	};
	struct serve_case c;
	int64_t now_us;

	serve_case_init(&c);
	now_us = c.snapshot.status->pass_us;
	for (int rung = 0; rung < RUNG_COUNT; rung++) {
		struct ladder *cpu = &c.f.ladders.of[RESOURCE_CPU];
		struct ladder *memory = &c.f.ladders.of[RESOURCE_MEMORY];

		*cpu = *memory = (struct ladder){.rung = (enum rung)rung, .pressure_us = now_us};
		assert_true(rungs_at_least_until_us(&c.snapshot, RESOURCE_CPU) ==
			    (cpu_us[rung] ? now_us + cpu_us[rung] : 0));
		assert_true(rungs_at_least_until_us(&c.snapshot, RESOURCE_MEMORY) ==
			    (memory_us[rung] ? now_us + memory_us[rung] : 0));
		/* It may be left now, and is not: a held pod stands at its bound. */
		cpu->pressure_us = now_us - cpu_us[rung];
		memory->pressure_us = now_us - memory_us[rung];
		assert_true(rungs_at_least_until_us(&c.snapshot, RESOURCE_CPU) == 0);
		assert_true(rungs_at_least_until_us(&c.snapshot, RESOURCE_MEMORY) == 0);
		assert_true(rungs_at_least_until_us(&c.snapshot, RESOURCE_IO) == 0);
	}
	serve_case_free(&c);
}

/* A freeze that ends by its own bound first. */
TEST(no_rung_stands_longer_at_least_than_at_most)
{
	struct serve_case c;
	int64_t now_us;

	serve_case_init(&c);
	now_us = c.snapshot.status->pass_us;
	assert_int_equal(plan_reserve_freezes(&c.f.plan, &c.f.model), 0);
	c.f.plan.freezes[c.batch->slot] = (struct plan_freeze){.state = FREEZE_DUE,
							       .serial = c.batch->serial,
							       .since_us = now_us - 4600000,
							       .most_us = 5000000};
	c.f.ladders.of[RESOURCE_MEMORY] =
		(struct ladder){.rung = RUNG_FREEZE, .pressure_us = now_us};
	assert_true(rungs_at_least_until_us(&c.snapshot, RESOURCE_MEMORY) == now_us + 400000);
	assert_true(rungs_until_us(&c.snapshot, RESOURCE_MEMORY) == now_us + 400000);
	serve_case_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_freeze_has_a_known_end),
		cmocka_unit_test(nothing_decided_yet_is_no_end),
		cmocka_unit_test(a_rung_stands_for_its_calm_at_least),
		cmocka_unit_test(no_rung_stands_longer_at_least_than_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
