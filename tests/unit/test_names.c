// SPDX-License-Identifier: LGPL-2.1-or-later
// Every value of every enum has a name of its own that leads back to it, and nothing else does.
#include "policy/names.h"

#include "tests/lib/names_check.h"

TEST(every_level_has_a_name_and_back)
{
	CHECK_NAMES(level, enum level, LEVEL_COUNT);
	assert_string_equal(names_level(LEVEL_P7), "P7");
	assert_int_equal(names_level_from("P8"), -EINVAL);
}

TEST(no_level_is_a_dash_and_leads_to_none)
{
	assert_string_equal(names_level(LEVEL_NONE), "-");
	assert_int_equal(names_level_from("-"), LEVEL_NONE);
}

TEST(every_role_has_a_name_and_back)
{
	CHECK_NAMES(role, enum role, ROLE_COUNT);
	assert_string_equal(names_role(ROLE_INVALID), "?");
}

TEST(every_mode_has_a_name_and_back)
{
	CHECK_NAMES(mode, enum mode, MODE_COUNT);
	assert_string_equal(names_mode(MODE_INVALID), "?");
	assert_int_equal(names_mode_from("squeeze"), MODE_SQUEEZE);
	CHECK_NAMES(mode_source, enum mode_source, MODE_SOURCE_COUNT);
	assert_string_equal(names_mode_source(MODE_SOURCE_NONE), "?");
}

TEST(every_qos_class_has_the_name_that_kubernetes_gives_it)
{
	CHECK_NAMES(qos, enum qos, QOS_COUNT);
	assert_string_equal(names_qos(QOS_BESTEFFORT), "BestEffort");
	assert_string_equal(names_qos(QOS_INVALID), "?");
}

TEST(every_resource_has_a_name_and_back)
{
	CHECK_NAMES(resource, enum resource, RESOURCE_COUNT);
	assert_string_equal(names_resource(RESOURCE_INVALID), "?");
}

/* The network has a mode, and a place in no other array by resource. */
TEST(what_has_a_mode_is_the_resources_and_the_network)
{
	CHECK_NAMES(mode_of, enum resource, RESOURCE_MODES);
	for (int r = 0; r < RESOURCE_COUNT; r++)
		assert_string_equal(names_mode_of((enum resource)r),
				    names_resource((enum resource)r));
	assert_int_equal(names_mode_of_from("net"), RESOURCE_NET);
	assert_int_equal(names_resource_from("net"), -EINVAL);
}

TEST(every_runtime_and_driver_has_a_name_and_back)
{
	CHECK_NAMES(runtime, enum runtime, RUNTIME_COUNT);
	CHECK_NAMES(driver, enum cgroup_driver, DRIVER_COUNT);
}

TEST(every_fact_state_has_a_name_and_back)
{
	CHECK_NAMES(fact, enum fact_state, FACT_STATE_COUNT);
}

TEST(every_rung_and_effect_has_a_name_and_back)
{
	CHECK_NAMES(rung, enum rung, RUNG_COUNT);
	CHECK_NAMES(effect, enum effect, EFFECT_COUNT);
}

TEST(every_refusal_has_a_phrase_of_its_own)
{
	CHECK_NAMES(refusal, enum refusal, REFUSAL_COUNT);
}

TEST(every_score_state_has_a_name_and_back)
{
	CHECK_NAMES(score, enum score_state, SCORE_STATE_COUNT);
	CHECK_NAMES(score_basis, enum score_basis, SCORE_BASIS_COUNT);
	assert_string_equal(names_score(SCORE_NO_BASELINE), "no calm baseline");
	CHECK_NAMES(culprits, enum culprits_state, CULPRITS_STATE_COUNT);
	CHECK_NAMES(verdict, enum culprit_verdict, CULPRIT_VERDICT_COUNT);
	CHECK_NAMES(sli_verdict, enum sli_verdict, SLI_VERDICT_COUNT);
	CHECK_NAMES(confidence, enum culprit_confidence, CULPRIT_CONFIDENCE_COUNT);
}

TEST(shares_and_protection_need_protect_limits_and_holds_need_squeeze)
{
	assert_int_equal(names_effect_mode(EFFECT_SHARE), MODE_PROTECT);
	assert_int_equal(names_effect_mode(EFFECT_PROTECTION), MODE_PROTECT);
	assert_int_equal(names_effect_mode(EFFECT_LIMIT), MODE_SQUEEZE);
	assert_int_equal(names_effect_mode(EFFECT_HOLD), MODE_SQUEEZE);
	/* what is no effect at all is allowed by no lower mode than the highest */
	assert_int_equal(names_effect_mode(EFFECT_COUNT), MODE_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_level_has_a_name_and_back),
		cmocka_unit_test(no_level_is_a_dash_and_leads_to_none),
		cmocka_unit_test(every_role_has_a_name_and_back),
		cmocka_unit_test(every_mode_has_a_name_and_back),
		cmocka_unit_test(every_qos_class_has_the_name_that_kubernetes_gives_it),
		cmocka_unit_test(every_resource_has_a_name_and_back),
		cmocka_unit_test(what_has_a_mode_is_the_resources_and_the_network),
		cmocka_unit_test(every_runtime_and_driver_has_a_name_and_back),
		cmocka_unit_test(every_fact_state_has_a_name_and_back),
		cmocka_unit_test(every_rung_and_effect_has_a_name_and_back),
		cmocka_unit_test(every_refusal_has_a_phrase_of_its_own),
		cmocka_unit_test(every_score_state_has_a_name_and_back),
		cmocka_unit_test(shares_and_protection_need_protect_limits_and_holds_need_squeeze),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
