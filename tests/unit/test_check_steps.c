// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define TAIL "assign: [{match: {qos: BestEffort}, level: P7}]\n"
#define SQUEEZED(floor) "{role: offline, cpu: {squeeze: {target: 90%, floor: " floor "}}}"

TEST(what_several_levels_are_promised_must_fit_together)
{
	static const struct policy_case cases[] = {
		{"version: 1\nlevels:\n  P6: " SQUEEZED("60%") "\n  P7: " SQUEEZED("50%") "\n" TAIL,
		 4, 52, "floors of all levels together are more than the node", "lower one"},
	};
	const char *fine[] = {
		"version: 1\nlevels:\n  P6: " SQUEEZED("50%") "\n  P7: " SQUEEZED("50%") "\n" TAIL,
		NULL};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
	policy_free(policy_case_read(fine, 1));
}

#define DO(steps) "version: 1\nlevels: {P7: {role: offline}}\n" TAIL "pressure: [" steps "]\n"

TEST(a_step_that_nothing_can_be_done_for_earns_a_warning)
{
	static const struct policy_case cases[] = {
		{DO("{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}"), 4, 1,
		 "the step squeeze cpu does nothing", "squeeze: {target"},
		{DO("{when: io.some of online > 5% over 2s, do: [squeeze io]}"), 4, 1,
		 "the step squeeze io does nothing", "squeeze: {floor"},
		{"version: 1\nlevels: {P0: {role: online}}\nassign: [{match: {qos: Guaranteed}, "
		 "level: P0}]\npressure: [{when: memory.empty of node in 3s, do: [kill]}]\n",
		 4, 1, "the step kill does nothing", "role: offline"},
	};

	policy_case_warned(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(the_step_evict_needs_a_way_to_evict)
{
	static const struct policy_case c = {
		DO("{when: memory.some of online > 5% over 2s, do: [evict]}") "evict: {by: []}\n",
		4, 1, "evict.by is empty", "by: [kubernetes, kill]"};

	policy_case_refused(&c, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_several_levels_are_promised_must_fit_together),
		cmocka_unit_test(a_step_that_nothing_can_be_done_for_earns_a_warning),
		cmocka_unit_test(the_step_evict_needs_a_way_to_evict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
