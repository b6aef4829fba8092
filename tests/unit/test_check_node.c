// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/capability.h"
#include "policy/diag.h"
#include "policy/read.h"

#define ALL ((1u << CAPABILITY_COUNT) - 1)
#define BIT(c) (1u << (c))

static struct diags diags;

static struct policy *read_where(uint32_t probed, uint32_t lacks, const char *text)
{
	const struct policy_node node = {
		.host = "a", .probed = probed, .capabilities = ALL & ~lacks};
	const struct policy_source source = {"a.yaml", text, strlen(text)};
	struct policy *policy = NULL;

	memset(&diags, 0, sizeof(diags));
	(void)policy_read_on(&node, &source, 1, &diags, &policy);
	return policy;
}

#define ASSIGN                                                                                     \
	"assign:\n"                                                                                \
	"- {match: {qos: Guaranteed}, level: P0}\n"                                                \
	"- {match: {qos: Burstable}, level: P4}\n"                                                 \
	"- {match: {qos: BestEffort}, level: P7}\n"
#define LEVELS                                                                                     \
	"version: 1\n"                                                                             \
	"levels:\n"                                                                                \
	"  P0: {role: online, cpu: {weight: request}, memory: {min: request}}\n"                   \
	"  P4: {role: online, memory: {low: 64Mi}, io: {weight: 300}}\n"                           \
	"  P7:\n"                                                                                  \
	"    role: offline\n"                                                                      \
	"    cpu: {yield: ratio 50, squeeze: {target: 65%, floor: 2%}}\n"                          \
	"    memory: {high: 80% of limit}\n"                                                       \
	"    io: {weight: 10}\n"
#define WHOLE                                                                                      \
	LEVELS ASSIGN "pressure: [{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}]\n"

/* Exactly this one warning. */
static void expect(uint32_t lacks, enum capability named, uint32_t line, uint32_t col)
{
	struct policy *policy = read_where(ALL, lacks, WHOLE);
	const struct diag *d = &diags.list[0];
	const struct capability_info *info = capability_info(named);
	char text[DIAG_TEXT_SIZE];

	assert_non_null(policy);
	assert_int_equal(diags.n, 1);
	assert_int_equal(diags.n_errors, 0);
	assert_int_equal(d->severity, DIAG_WARNING);
	assert_true(d->about_node);
	snprintf(text, sizeof(text), "this node lacks %s. Without it: %s", info->name,
		 info->without);
	assert_string_equal(d->text, text);
	assert_non_null(strstr(d->hint, info->how));
	assert_int_equal(d->line, line);
	assert_int_equal(d->col, col);
	assert_true(d->caret > 0);
	policy_free(policy);
}

TEST(what_a_key_needs_and_the_node_lacks_is_warned_of_at_that_key)
{
	expect(BIT(CAPABILITY_CPU_MAX), CAPABILITY_CPU_MAX, 7, 28);
	expect(BIT(CAPABILITY_RECURSIVE_PROT), CAPABILITY_RECURSIVE_PROT, 3, 55);
	expect(BIT(CAPABILITY_IO_COST), CAPABILITY_IO_COST, 4, 48);
	expect(BIT(CAPABILITY_PSI), CAPABILITY_PSI, 14, 1);
	expect(BIT(CAPABILITY_PSI_TRIGGER), CAPABILITY_PSI_TRIGGER, 14, 1);
}

TEST(the_widest_lack_is_named_and_each_only_once)
{
	expect(BIT(CAPABILITY_CPU) | BIT(CAPABILITY_CPU_IDLE) | BIT(CAPABILITY_CPU_MAX),
	       CAPABILITY_CPU, 3, 28);
	expect(BIT(CAPABILITY_MEMORY) | BIT(CAPABILITY_RECURSIVE_PROT), CAPABILITY_MEMORY, 3, 55);
	expect(BIT(CAPABILITY_IO) | BIT(CAPABILITY_IO_WEIGHT) | BIT(CAPABILITY_IO_COST),
	       CAPABILITY_IO, 4, 48);
	expect(BIT(CAPABILITY_PSI) | BIT(CAPABILITY_PSI_TRIGGER), CAPABILITY_PSI, 14, 1);
}

TEST(cpu_idle_is_missed_only_where_it_is_asked_for)
{
	struct policy *policy = read_where(ALL, BIT(CAPABILITY_CPU_IDLE), WHOLE);

	assert_int_equal(diags.n, 0);
	policy_free(policy);
	policy = read_where(ALL, BIT(CAPABILITY_CPU_IDLE),
			    "version: 1\nlevels: {P7: {role: offline, cpu: {yield: idle}}}\n"
			    "assign: [{match: {qos: BestEffort}, level: P7}]\n");
	assert_non_null(policy);
	assert_int_equal(diags.n, 2);
	assert_non_null(strstr(diags.list[1].text, "cpu-idle"));
	assert_false(diags.list[0].about_node);
	policy_free(policy);
}

TEST(what_was_not_looked_for_is_not_missed)
{
	struct policy *policy = read_where(0, ALL, WHOLE);

	assert_non_null(policy);
	assert_int_equal(diags.n, 0);
	policy_free(policy);
	policy = read_where(ALL & ~BIT(CAPABILITY_IO_COST), BIT(CAPABILITY_IO_COST), WHOLE);
	assert_int_equal(diags.n, 0);
	policy_free(policy);
}

TEST(a_policy_that_asks_for_nothing_misses_nothing)
{
	struct policy *policy = read_where(ALL, ALL,
					   "version: 1\n"
					   "levels: {P4: {role: online, cpu: {weight: keep}}}\n"
					   "assign: [{match: {qos: Burstable}, level: P4}]\n");

	assert_non_null(policy);
	assert_int_equal(diags.n, 0);
	policy_free(policy);
}

TEST(a_lack_rejects_nothing_and_of_a_refused_policy_it_is_not_said)
{
	struct policy *policy = read_where(ALL, ALL, WHOLE);

	assert_non_null(policy);
	assert_int_equal(diags.n_errors, 0);
	assert_true(diags.n >= 4);
	policy_free(policy);
	assert_null(read_where(ALL, ALL, WHOLE "mode: sqeeze\n"));
	assert_int_equal(diags.n, 1);
	assert_int_equal(diags.n_errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_key_needs_and_the_node_lacks_is_warned_of_at_that_key),
		cmocka_unit_test(the_widest_lack_is_named_and_each_only_once),
		cmocka_unit_test(cpu_idle_is_missed_only_where_it_is_asked_for),
		cmocka_unit_test(what_was_not_looked_for_is_not_missed),
		cmocka_unit_test(a_policy_that_asks_for_nothing_misses_nothing),
		cmocka_unit_test(a_lack_rejects_nothing_and_of_a_refused_policy_it_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
