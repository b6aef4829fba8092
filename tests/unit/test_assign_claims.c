// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod may ask for itself where the policy trusts its namespace; the bounded claims are in
// test_assign.c.
#include "tests/lib/test.h"

#include "policy/assign.h"
#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define LEVELS                                                                                     \
	"version: 1\n"                                                                             \
	"levels:\n"                                                                                \
	"  P0: {role: online}\n"                                                                   \
	"  P1: {role: online}\n"                                                                   \
	"  P4: {role: online}\n"                                                                   \
	"  P7: {role: offline, cpu: {yield: ratio 50}}\n"                                          \
	"assign:\n"
#define BY_QOS                                                                                     \
	"- {match: {qos: Guaranteed}, level: P0}\n"                                                \
	"- {match: {qos: Burstable}, level: P4}\n"                                                 \
	"- {match: {qos: BestEffort}, level: P7}\n"
#define TRUST(list)                                                                                \
	"- {match: {annotation: colod.io/level}, level: from-value, trusted-namespaces: " list "}\n"
#define TRUSTED                                                                                    \
	LEVELS TRUST("[payments, 'sh*']") "- {match: {label: class}, level: from-value}\n" BY_QOS

static struct policy *policy;
static struct pod_label claim = {(char *)"colod.io/level", NULL};
static struct pod_label second = {(char *)"class", NULL};
static struct pod_facts facts;
static struct pod pod;
static struct assignment got;

/* A BestEffort pod of the namespace "shop". */
static void use(const char *yaml)
{
	policy = policy_case_read(&yaml, 1);
	facts = (struct pod_facts){.ns = (char *)"shop", .name = (char *)"web-1"};
	pod = (struct pod){.kind = POD_KUBERNETES,
			   .qos = QOS_BESTEFFORT,
			   .facts_state = FACT_KNOWN,
			   .facts = &facts};
}

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	policy = NULL;
	return 0;
}

static void ask(const char *value)
{
	claim.value = (char *)value;
	facts.annotations = &claim;
	facts.n_annotations = 1;
	assign_pod(policy, &pod, &got);
}

/* `rule` is its number among those of the file. */
static void expect_claim(const char *value, enum level level, enum role role, int rule)
{
	int n;

	ask(value);
	n = got.rule;
	for (size_t i = 0; i < policy->n_rules && policy->rules[i].built_in; i++)
		n--;
	assert_int_equal(got.state, ASSIGNMENT_LEVEL);
	assert_int_equal(got.level, level);
	assert_int_equal(got.role, role);
	assert_int_equal(n, rule);
}

TEST(a_claim_of_a_trusted_namespace_is_not_bounded)
{
	use(TRUSTED);
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 0);
	assert_false(got.may_hold);
	expect_claim("P0", LEVEL_P0, ROLE_ONLINE, 0);
	expect_claim("P7", LEVEL_P7, ROLE_OFFLINE, 0);
	assert_true(got.may_hold);
	/* A level that nobody defined still counts for nothing. */
	expect_claim("P3", LEVEL_P7, ROLE_OFFLINE, 4);
	facts.ns = (char *)"payments-2";
	expect_claim("P4", LEVEL_P7, ROLE_OFFLINE, 4);
	facts.ns = NULL;
	expect_claim("P4", LEVEL_P7, ROLE_OFFLINE, 4);
}

TEST(a_second_claim_that_is_not_trusted_bounds_both)
{
	use(TRUSTED);
	facts.labels = &second;
	facts.n_labels = 1;
	second.value = (char *)"P0";
	expect_claim("P4", LEVEL_P7, ROLE_OFFLINE, 4);
	second.value = (char *)"nonsense";
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 0);
}

/* In the other order too: one rule's trust does not take back what another one bounds. */
TEST(a_trusted_claim_does_not_free_one_that_is_bounded)
{
	use(LEVELS "- {match: {label: class}, level: from-value}\n" TRUST("[shop]") BY_QOS);
	facts.labels = &second;
	facts.n_labels = 1;
	second.value = (char *)"P0";
	expect_claim("P4", LEVEL_P7, ROLE_OFFLINE, 4);
	second.value = (char *)"nonsense";
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 1);
}

TEST(a_trusted_claim_needs_no_rule_below_it)
{
	use(LEVELS TRUST("[shop]"));
	expect_claim("P4", LEVEL_P4, ROLE_ONLINE, 0);
	facts.ns = (char *)"other";
	ask("P4");
	assert_int_equal(got.state, ASSIGNMENT_NONE);
	pod.facts = NULL;
	pod.facts_state = FACT_UNKNOWN;
	ask("P4");
	assert_int_equal(got.state, ASSIGNMENT_WAITING);
	assert_string_equal(got.waiting_for, "annotation");
}

TEST(trust_does_not_make_what_is_never_offline_offline)
{
	use(TRUSTED);
	facts.priority_class = (char *)"system-node-critical";
	expect_claim("P7", LEVEL_P1, ROLE_ONLINE, 0);
	assert_true(got.kept_online);
	assert_false(got.may_hold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_claim_of_a_trusted_namespace_is_not_bounded, teardown),
		cmocka_unit_test_teardown(a_second_claim_that_is_not_trusted_bounds_both, teardown),
		cmocka_unit_test_teardown(a_trusted_claim_does_not_free_one_that_is_bounded,
					  teardown),
		cmocka_unit_test_teardown(a_trusted_claim_needs_no_rule_below_it, teardown),
		cmocka_unit_test_teardown(trust_does_not_make_what_is_never_offline_offline,
					  teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
