// SPDX-License-Identifier: LGPL-2.1-or-later
// The mode in force: every pair of sources with every pair of modes, whole and per resource, and
// that one more source never raises anything.
#include "tests/lib/test.h"

#include <stdio.h>
#include <string.h>

#include "policy/mode.h"
#include "policy/names.h"

/* Everything, then each resource: where a source may speak. */
#define SCOPES (RESOURCE_MODES + 1)

static enum resource scope_of(int i)
{
	return i == 0 ? RESOURCE_INVALID : (enum resource)(i - 1);
}

static void say(struct mode_says *says, int source, int scope, int mode)
{
	char why[32];

	snprintf(why, sizeof(why), "%d of %d", source, scope);
	mode_say(says, (enum mode_source)source, scope_of(scope), (enum mode)mode, why);
}

static enum mode lower(enum mode a, enum mode b)
{
	return a < b ? a : b;
}

/* What a sentence must be: the one of whichever spoke lower, of equal ones the first one's. */
static void check_pair(int source_a, int scope_a, int mode_a, int source_b, int scope_b, int mode_b)
{
	struct mode_says says = {0};
	struct modes modes;

	say(&says, source_a, scope_a, mode_a);
	say(&says, source_b, scope_b, mode_b);
	mode_lowest(&says, &modes);
	for (int scope = 0; scope < SCOPES; scope++) {
		enum mode a = scope_a == 0 || scope_a == scope ? (enum mode)mode_a : MODE_FULL;
		enum mode b = scope_b == 0 || scope_b == scope ? (enum mode)mode_b : MODE_FULL;
		enum mode got = scope == 0 ? modes.all : modes.by[scope - 1];
		char wa[32], wb[32];
		const char *why = mode_why(&says, &modes, scope_of(scope));

		assert_int_equal(got, lower(a, b));
		assert_true(got <= modes.all);
		snprintf(wa, sizeof(wa), "%d of %d", source_a, scope_a);
		snprintf(wb, sizeof(wb), "%d of %d", source_b, scope_b);
		if (got == MODE_FULL)
			assert_string_equal(why, "nothing lowers it");
		else if (a != b)
			assert_string_equal(why, a < b ? wa : wb);
		else
			assert_true(strcmp(why, wa) == 0 || strcmp(why, wb) == 0);
	}
}

TEST(the_lower_of_every_pair_of_sources_wins_and_is_named)
{
	unsigned pairs = 0;

	for (int a = 0; a < MODE_SOURCE_COUNT; a++)
		for (int b = 0; b < MODE_SOURCE_COUNT; b++)
			for (int sa = 0; sa < SCOPES; sa++)
				for (int sb = 0; sb < SCOPES; sb++)
					for (int ma = 0; ma < MODE_COUNT; ma++)
						for (int mb = 0; mb < MODE_COUNT; mb++) {
							/* one source says one thing of one scope */
							if (a == b && sa == sb)
								continue;
							check_pair(a, sa, ma, b, sb, mb);
							pairs++;
						}
	assert_int_equal(pairs, (MODE_SOURCE_COUNT * MODE_SOURCE_COUNT * SCOPES * SCOPES -
				 MODE_SOURCE_COUNT * SCOPES) *
					MODE_COUNT * MODE_COUNT);
}

TEST(of_equal_sources_the_first_is_named)
{
	struct mode_says says = {0};
	struct modes modes;

	mode_say(&says, MODE_SOURCE_DISABLE, RESOURCE_INVALID, MODE_OFF, "the file");
	mode_say(&says, MODE_SOURCE_POLICY, RESOURCE_INVALID, MODE_OFF, "the policy");
	mode_say(&says, MODE_SOURCE_KERNEL, RESOURCE_CPU, MODE_OFF, "the kernel");
	mode_lowest(&says, &modes);
	assert_int_equal(modes.all_from, MODE_SOURCE_POLICY);
	assert_int_equal(modes.by_from[RESOURCE_CPU], MODE_SOURCE_POLICY);
	assert_false(modes.by_own[RESOURCE_CPU]);
	assert_string_equal(mode_why(&says, &modes, RESOURCE_CPU), "the policy");
}

static void say_at_random(struct mode_says *says)
{
	int scope = rand() % SCOPES, source = rand() % MODE_SOURCE_COUNT;
	struct mode_say *old = scope == 0 ? &says->all[source] : &says->by[source][scope - 1];

	if (!old->given)
		say(says, source, scope, rand() % MODE_COUNT);
}

TEST(one_more_source_never_raises_anything)
{
	srand(20);
	for (int round = 0; round < 2000; round++) {
		struct mode_says says = {0};
		struct modes before, after;

		mode_lowest(&says, &before);
		for (int n = 0; n < 12; n++) {
			say_at_random(&says);
			mode_lowest(&says, &after);
			assert_true(after.all <= before.all);
			for (int r = 0; r < RESOURCE_MODES; r++) {
				assert_true(after.by[r] <= before.by[r]);
				assert_true(after.by[r] <= after.all);
			}
			before = after;
		}
	}
}

TEST(nobody_lowers_it)
{
	struct mode_says says = {0};
	struct modes modes;

	mode_lowest(&says, &modes);
	assert_int_equal(modes.all, MODE_FULL);
	assert_int_equal(modes.all_from, MODE_SOURCE_NONE);
	assert_int_equal(modes.by[RESOURCE_IO], MODE_FULL);
	assert_string_equal(mode_why(&says, &modes, RESOURCE_INVALID), "nothing lowers it");
	assert_string_equal(mode_why(&says, &modes, RESOURCE_MODES), "nothing lowers it");
}

/* A source that was not asked has MODE_OFF in its zeroed memory: that must not count. */
TEST(a_source_that_says_nothing_lowers_nothing)
{
	struct mode_says says = {0};
	struct modes modes;

	mode_say(&says, MODE_SOURCE_POLICY, RESOURCE_INVALID, MODE_SQUEEZE, "the policy");
	mode_lowest(&says, &modes);
	assert_int_equal(modes.all, MODE_SQUEEZE);
}

TEST(differing_and_highest)
{
	struct modes modes = mode_of_all(MODE_PROTECT);

	assert_false(mode_differs(&modes));
	assert_int_equal(mode_highest(&modes), MODE_PROTECT);
	modes.by[RESOURCE_MEMORY] = MODE_OFF;
	assert_true(mode_differs(&modes));
	assert_int_equal(mode_highest(&modes), MODE_PROTECT);
	modes.by[RESOURCE_CPU] = modes.by[RESOURCE_IO] = MODE_OBSERVE;
	/* The network still has protect, but nothing is done to it. */
	assert_int_equal(modes.by[RESOURCE_NET], MODE_PROTECT);
	assert_int_equal(mode_highest(&modes), MODE_OBSERVE);
	modes.by[RESOURCE_IO] = MODE_SQUEEZE;
	assert_int_equal(mode_highest(&modes), MODE_SQUEEZE);
}

TEST(a_freeze_needs_the_highest_mode_and_no_other_hold_does)
{
	for (int k = 0; k < KNOB_COUNT; k++)
		assert_int_equal(mode_needed((enum knob)k, EFFECT_HOLD),
				 k == KNOB_CGROUP_FREEZE ? MODE_FULL : MODE_SQUEEZE);
	assert_int_equal(mode_needed(KNOB_MEMORY_LOW, EFFECT_PROTECTION), MODE_PROTECT);
	assert_int_equal(mode_of_rung(RUNG_CALM), MODE_OFF);
	assert_int_equal(mode_of_rung(RUNG_SQUEEZE), MODE_SQUEEZE);
	assert_int_equal(mode_of_rung(RUNG_RECLAIM), MODE_SQUEEZE);
	assert_int_equal(mode_of_rung(RUNG_FREEZE), MODE_FULL);
	assert_int_equal(mode_of_rung(RUNG_EVICT), MODE_FULL);
}

TEST(a_long_sentence_is_cut)
{
	struct mode_says says = {0};
	char text[2 * MODE_WHY_SIZE];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mode_say(&says, MODE_SOURCE_BUS, RESOURCE_IO, MODE_OFF, text);
	assert_int_equal(strlen(says.by[MODE_SOURCE_BUS][RESOURCE_IO].why), MODE_WHY_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lower_of_every_pair_of_sources_wins_and_is_named),
		cmocka_unit_test(of_equal_sources_the_first_is_named),
		cmocka_unit_test(one_more_source_never_raises_anything),
		cmocka_unit_test(nobody_lowers_it),
		cmocka_unit_test(a_source_that_says_nothing_lowers_nothing),
		cmocka_unit_test(differing_and_highest),
		cmocka_unit_test(a_freeze_needs_the_highest_mode_and_no_other_hold_does),
		cmocka_unit_test(a_long_sentence_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
