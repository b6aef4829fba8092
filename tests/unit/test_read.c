// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/diag.h"
#include "policy/read.h"
#include "policy/rule.h"
#include "tests/lib/policy_case.h"

#define BASE                                                                                        \
	"version: 1\n"                                                                              \
	"mode: protect\n"                                                                           \
	"facts: {from: file:///var/pods.json}\n"                                                    \
	"levels:\n"                                                                                 \
	"  P4: {role: online, cpu: {weight: request}, memory: {low: request}, io: {weight: 300}}\n" \
	"  P7:\n"                                                                                   \
	"    role: offline\n"                                                                       \
	"    cpu: {yield: ratio 50, squeeze: {target: 65%, floor: 2%}}\n"                           \
	"assign:\n"                                                                                 \
	"- {match: {namespace: a}, level: P4}\n"                                                    \
	"- {match: {qos: BestEffort}, level: P7}\n"                                                 \
	"pressure: [{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}]\n"

static struct policy *policy;
static struct diags diags;

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	policy = NULL;
	return 0;
}

static void read_two(const char *second)
{
	const char *files[] = {BASE, second};

	policy_free(policy);
	policy = NULL;
	policy = policy_case_read(files, 2);
}

static const struct assign_rule *rule_by_user(size_t n)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		if (!policy->rules[i].built_in && n-- == 0)
			return &policy->rules[i];
	}
	fail_msg("no such rule");
	return NULL;
}

TEST(no_source_gives_the_policy_that_does_nothing)
{
	memset(&diags, 0, sizeof(diags));
	assert_int_equal(policy_read(NULL, 0, &diags, &policy), 0);
	assert_int_equal(diags.n, 0);
	assert_int_equal(policy->mode, MODE_OBSERVE);
	assert_int_equal(policy->facts, FACTS_CGROUP);
	assert_int_equal(policy->n_rules, 0);
	assert_false(policy->pressure_cpu.on);
	for (int i = 0; i < LEVEL_COUNT; i++)
		assert_false(policy->levels[i].defined);
}

TEST(a_file_that_says_nothing_observes_and_asks_the_kubelet)
{
	const char *yaml = "version: 1\nassign: [{match: {name: a}, level: P4}]\n"
			   "levels: {P4: {role: online}}\n";

	policy = policy_case_read(&yaml, 1);
	assert_int_equal(policy->version, 1);
	assert_int_equal(policy->mode, MODE_OBSERVE);
	assert_int_equal(policy->facts, FACTS_KUBELET);
	assert_null(policy->facts_path);
	assert_false(policy->pressure_cpu.on);
}

TEST(the_whole_of_a_file_is_read)
{
	const char *yaml = BASE;

	policy = policy_case_read(&yaml, 1);
	assert_int_equal(policy->mode, MODE_PROTECT);
	assert_int_equal(policy->facts, FACTS_FILE);
	assert_string_equal(policy->facts_path, "/var/pods.json");
	assert_int_equal(policy->pressure_cpu.threshold_permille, 50);
	assert_string_equal(policy->origin, "etc/a.yaml");
	assert_string_equal(rule_by_user(0)->file, "a.yaml");
}

TEST(the_built_in_rules_come_first_and_give_p1)
{
	const char *const *units = rule_system_units();
	size_t n = 0;

	read_two("version: 1\n");
	for (; units[n]; n++) {
		assert_true(policy->rules[n].built_in);
		assert_int_equal(policy->rules[n].level, LEVEL_P1);
		assert_int_equal(policy->rules[n].n_matches, 1);
		assert_int_equal(policy->rules[n].matches[0].kind, MATCH_UNIT);
		assert_string_equal(policy->rules[n].matches[0].pattern, units[n]);
		assert_string_equal(policy->rules[n].file, "built-in");
	}
	assert_true(n >= 5);
	assert_false(policy->rules[n].built_in);
	assert_int_equal(policy->n_rules, n + 2);
}

TEST(a_later_files_single_values_win_and_the_others_stay)
{
	read_two("version: 1\nmode: squeeze\nlevels: {P4: {memory: {low: none}, "
		 "cpu: {weight: 7}}}\n");
	assert_int_equal(policy->mode, MODE_SQUEEZE);
	assert_int_equal(policy->facts, FACTS_FILE);
	assert_int_equal(policy->levels[LEVEL_P4].memory.low.kind, AMOUNT_NONE);
	assert_int_equal(policy->levels[LEVEL_P4].cpu.weight, WEIGHT_FIXED);
	assert_int_equal(policy->levels[LEVEL_P4].cpu.weight_value, 7);
	assert_int_equal(policy->levels[LEVEL_P4].io.weight, 300);
	assert_int_equal(policy->levels[LEVEL_P4].role, ROLE_ONLINE);
	assert_int_equal(policy->levels[LEVEL_P7].cpu.yield_ratio, 50);
	assert_true(policy->pressure_cpu.on);
	assert_string_equal(policy->origin, "etc/a.yaml b.yaml");
}

TEST(a_part_of_a_squeeze_can_be_changed_and_the_whole_taken_back)
{
	read_two("version: 1\nlevels: {P7: {cpu: {squeeze: {floor: 5%}}}}\n");
	assert_true(policy->levels[LEVEL_P7].cpu.squeeze);
	assert_int_equal(policy->levels[LEVEL_P7].cpu.squeeze_target_permille, 650);
	assert_int_equal(policy->levels[LEVEL_P7].cpu.squeeze_floor_permille, 50);
	read_two("version: 1\npressure: []\nlevels: {P7: {cpu: {squeeze: none}}}\n");
	assert_false(policy->levels[LEVEL_P7].cpu.squeeze);
	assert_false(policy->pressure_cpu.on);
}

TEST(an_offline_level_that_does_not_say_how_it_yields_gets_the_ratio_of_50)
{
	read_two("version: 1\nlevels: {P6: {role: offline}, P3: {role: online}}\n");
	assert_int_equal(policy->levels[LEVEL_P6].cpu.yield, YIELD_RATIO);
	assert_int_equal(policy->levels[LEVEL_P6].cpu.yield_ratio, 50);
	assert_int_equal(policy->levels[LEVEL_P3].cpu.yield, YIELD_NONE);
	assert_int_equal(policy->levels[LEVEL_P5].cpu.yield, YIELD_NONE);
}

TEST(a_later_yield_takes_back_an_earlier_none)
{
	const char *files[] = {BASE, "version: 1\nlevels: {P7: {cpu: {yield: none}}}\n",
			       "version: 1\nlevels: {P7: {cpu: {yield: ratio 90}}}\n"};

	policy = policy_case_read(files, 3);
	assert_int_equal(policy->levels[LEVEL_P7].cpu.yield, YIELD_RATIO);
	assert_int_equal(policy->levels[LEVEL_P7].cpu.yield_ratio, 90);
}

TEST(a_later_file_replaces_where_facts_come_from)
{
	read_two("version: 1\nfacts: {from: kubelet}\n");
	assert_int_equal(policy->facts, FACTS_KUBELET);
	assert_null(policy->facts_path);
	read_two("version: 1\nfacts: {from: file:///b}\n");
	assert_string_equal(policy->facts_path, "/b");
}

#define SECOND                                                                                     \
	"version: 1\nassign:\n- {match: {name: b1}, level: P4}\n"                                  \
	"- {match: {name: b2}, level: P7}\n"
#define THIRD "version: 1\nassign:\n- {match: {name: c1}, level: P4}\n"

TEST(a_later_files_rules_are_tried_before_an_earlier_ones_in_their_own_order)
{
	const char *files[] = {BASE, SECOND, THIRD};

	policy = policy_case_read(files, 3);
	assert_string_equal(rule_by_user(0)->matches[0].pattern, "c1");
	assert_string_equal(rule_by_user(1)->matches[0].pattern, "b1");
	assert_string_equal(rule_by_user(2)->matches[0].pattern, "b2");
	assert_string_equal(rule_by_user(3)->matches[0].pattern, "a");
	assert_int_equal(rule_by_user(4)->matches[0].kind, MATCH_QOS);
	assert_string_equal(rule_by_user(0)->file, "c.yaml");
	assert_int_equal(rule_by_user(0)->line, 3);
	assert_string_equal(rule_by_user(4)->file, "a.yaml");
	assert_int_equal(rule_by_user(4)->line, 11);
}

TEST(every_mode_can_be_asked_for)
{
	static const char *const words[] = {"off", "observe", "protect", "squeeze", "full"};
	char yaml[64];

	for (int i = 0; i < MODE_COUNT; i++) {
		snprintf(yaml, sizeof(yaml), "version: 1\nmode: %s\n", words[i]);
		read_two(yaml);
		assert_int_equal(policy->mode, i);
	}
}

#define RULES                                                                                      \
	"assign: [{match: {name: a}, level: P4}]\n"                                                \
	"levels: {P4: {role: online}}\n"

TEST(a_bad_top_level_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{RULES, 1, 1, "no version", "version: 1"},
		{"version: 2\n" RULES, 1, 10, "does not know version 2", "accepted: 1"},
		{"version: 1.0\n" RULES, 1, 10, "does not know version 1.0", "accepted: 1"},
		{"version:\n" RULES, 1, 9, "found nothing", ""},
		{"version: [1]\n" RULES, 1, 10, "found a list", ""},
		{"version: 1\nmdoe: off\n" RULES, 2, 1, "unknown key \"mdoe\" in a policy",
		 "did you mean \"mode\"? accepted: version, mode, modes, facts, levels, assign, pressure"},
		{"version: 1\nlent: {}\n" RULES, 2, 1, "unknown key \"lent\"", "accepted: version"},
		{"version: 1\nevicts: {}\n" RULES, 2, 1, "unknown key \"evicts\"",
		 "accepted: version"},
		{"version: 1\nmode: protct\n" RULES, 2, 7, "\"protct\" is not a mode",
		 "did you mean \"protect\"? accepted: off, observe, protect, squeeze, full"},
		{"version: 1\nmode: {cpu: off}\n" RULES, 2, 7, "expects a mode, found a mapping",
		 ""},
		{"version: 1\nfacts: kubelet\n" RULES, 2, 8, "facts is a mapping", "{key"},
		{"version: 1\nfacts: {form: kubelet}\n" RULES, 2, 9,
		 "unknown key \"form\" in facts", "did you mean \"from\"?"},
		{"version: 1\nfacts: {from: Kubelet}\n" RULES, 2, 15, "is not a source of facts",
		 "did you mean \"kubelet\"? accepted: kubelet, cgroup, file:///path"},
		{"version: 1\nfacts: {from: /pods.json}\n" RULES, 2, 15, "is not a source of facts",
		 "file:///path"},
		{"version: 1\nfacts: {from: file://host/pods}\n" RULES, 2, 22,
		 "needs an absolute path", "file:///var"},
		{"version: 1\nfacts: {from: \"file:///\"}\n" RULES, 2, 23, "needs an absolute path",
		 "file:///var"},
		{"- version: 1\n", 1, 1, "a policy is a mapping, found a list", "{key"},
		{"version\n", 1, 1, "a policy is a mapping, found a single value", "{key"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

static int read_sources(const char *const *texts, size_t n)
{
	static const char *const names[] = {"a", "b", "c"};
	struct policy_source sources[3];

	memset(&diags, 0, sizeof(diags));
	for (size_t i = 0; i < n; i++)
		sources[i] = (struct policy_source){
			.name = names[i], .text = texts[i], .len = strlen(texts[i])};
	return policy_read(sources, n, &diags, &policy);
}

static void expect_diag(size_t i, const char *file, uint32_t line, const char *says)
{
	assert_true(i < diag_count(&diags));
	assert_string_equal(diags.list[i].file, file);
	assert_int_equal(diags.list[i].line, line);
	if (!strstr(diags.list[i].text, says))
		fail_msg("\"%s\" does not say \"%s\"", diags.list[i].text, says);
}

TEST(all_mistakes_of_all_files_are_told_in_one_run)
{
	const char *texts[] = {
		"version: 1\nmode: x\nlevels: {P4: {role: online, io: {weight: 0}}}\n",
		"version: [\n",
		"version: 3\nassign:\n- {match: {qos: x}, level: P4}\n- {level: P9}\n"};

	assert_int_equal(read_sources(texts, 3), -EINVAL);
	assert_null(policy);
	assert_int_equal(diags.n_errors, 7);
	expect_diag(0, "a", 2, "\"x\" is not a mode");
	expect_diag(1, "a", 3, "out of range");
	expect_diag(2, "b", 2, "YAML syntax");
	expect_diag(3, "c", 1, "version 3");
	expect_diag(4, "c", 3, "QoS");
	expect_diag(5, "c", 4, "\"P9\" is not a level");
	expect_diag(6, "c", 4, "without \"match\"");
}

TEST(a_file_that_cannot_be_parsed_does_not_make_the_others_look_wrong)
{
	const char *texts[] = {"version: 1\nlevels: {P4: {role: online}\n",
			       "version: 1\nassign: [{match: {name: a}, level: P4}]\n"};

	assert_int_equal(read_sources(texts, 2), -EINVAL);
	assert_int_equal(diags.n_errors, 1);
	expect_diag(0, "a", 3, "YAML syntax");
}

TEST(the_whole_is_checked_too_when_single_values_are_wrong)
{
	const char *texts[] = {"version: 1\nmode: x\nlevels: {P4: {cpu: {weight: 5}}}\n"};

	assert_int_equal(read_sources(texts, 1), -EINVAL);
	assert_int_equal(diags.n_errors, 2);
	expect_diag(0, "a", 2, "is not a mode");
	expect_diag(1, "a", 3, "P4 has no role");
}

TEST(a_contradiction_between_two_files_names_the_place_that_made_it)
{
	const char *texts[] = {BASE, "version: 1\n\nlevels:\n  P7: {role: online}\n"};

	assert_int_equal(read_sources(texts, 2), -EINVAL);
	assert_int_equal(diags.n_errors, 2);
	expect_diag(0, "a", 8, "P7 is online: it does not yield");
	expect_diag(1, "a", 8, "P7 is online: it is never squeezed");
}

TEST(more_mistakes_than_the_list_holds_are_counted)
{
	char text[16384] = "version: 1\nassign:\n";
	const char *texts[] = {text};

	for (size_t i = 0; i < 200; i++)
		strcat(text, "- {match: {qos: x}, level: P4}\n");
	assert_int_equal(read_sources(texts, 1), -EINVAL);
	assert_int_equal(diags.n_errors, 200);
	expect_diag(DIAGS_MAX - 1, "a", DIAGS_MAX + 2, "QoS");
}

TEST(too_many_files_are_refused)
{
	static struct policy_source sources[POLICY_FILES_MAX + 1];

	memset(&diags, 0, sizeof(diags));
	for (size_t i = 0; i <= POLICY_FILES_MAX; i++)
		sources[i] = (struct policy_source){"dir/n.yaml", "version: 1\n", 11};
	assert_int_equal(policy_read(sources, POLICY_FILES_MAX + 1, &diags, &policy), -EINVAL);
	assert_null(policy);
	expect_diag(0, "dir/n.yaml", 0, "too many policy files");
	memset(&diags, 0, sizeof(diags));
	assert_int_equal(policy_read(sources, POLICY_FILES_MAX, &diags, &policy), 0);
	assert_string_equal(policy->origin + strlen(policy->origin) - 15, " dir/n.yaml ...");
}

TEST(free_takes_nothing_and_half_built_objects)
{
	struct policy *half = calloc(1, sizeof(*half));

	assert_non_null(half);
	policy_free(NULL);
	half->rules = calloc(2, sizeof(*half->rules));
	assert_non_null(half->rules);
	half->n_rules = 2;
	half->rules[1].matches = calloc(1, sizeof(struct match));
	assert_non_null(half->rules[1].matches);
	half->rules[1].n_matches = 1;
	policy_free(half);
}

TEST(what_a_file_took_back_does_not_come_back_with_a_later_one)
{
	static const char *const texts[] = {
		("version: 1\nlevels: {P7: {role: offline, cpu: {squeeze: {target: 65%, floor: 2%}}}}\n"
		 "assign: [{match: {qos: BestEffort}, level: P7}]\n"),
		"version: 1\nlevels: {P7: {cpu: {squeeze: none}}}\n",
		"version: 1\nlevels: {P7: {cpu: {squeeze: {floor: 3%}}}}\n",
	};
	struct policy_source sources[3];
	struct policy *none = NULL;

	memset(&diags, 0, sizeof(diags));
	for (size_t i = 0; i < 3; i++)
		sources[i] = (struct policy_source){
			.name = "f.yaml", .text = texts[i], .len = strlen(texts[i])};
	assert_int_equal(policy_read(sources, 3, &diags, &none), -EINVAL);
	assert_non_null(strstr(diags.list[0].text, "squeeze without a target"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_file_took_back_does_not_come_back_with_a_later_one),
		cmocka_unit_test_teardown(no_source_gives_the_policy_that_does_nothing, teardown),
		cmocka_unit_test_teardown(a_file_that_says_nothing_observes_and_asks_the_kubelet,
					  teardown),
		cmocka_unit_test_teardown(the_whole_of_a_file_is_read, teardown),
		cmocka_unit_test_teardown(the_built_in_rules_come_first_and_give_p1, teardown),
		cmocka_unit_test_teardown(a_later_files_single_values_win_and_the_others_stay,
					  teardown),
		cmocka_unit_test_teardown(
			a_part_of_a_squeeze_can_be_changed_and_the_whole_taken_back, teardown),
		cmocka_unit_test_teardown(
			an_offline_level_that_does_not_say_how_it_yields_gets_the_ratio_of_50,
			teardown),
		cmocka_unit_test_teardown(a_later_yield_takes_back_an_earlier_none, teardown),
		cmocka_unit_test_teardown(a_later_file_replaces_where_facts_come_from, teardown),
		cmocka_unit_test_teardown(
			a_later_files_rules_are_tried_before_an_earlier_ones_in_their_own_order,
			teardown),
		cmocka_unit_test_teardown(every_mode_can_be_asked_for, teardown),
		cmocka_unit_test(a_bad_top_level_is_refused_where_it_stands),
		cmocka_unit_test_teardown(all_mistakes_of_all_files_are_told_in_one_run, teardown),
		cmocka_unit_test_teardown(
			a_file_that_cannot_be_parsed_does_not_make_the_others_look_wrong, teardown),
		cmocka_unit_test_teardown(the_whole_is_checked_too_when_single_values_are_wrong,
					  teardown),
		cmocka_unit_test_teardown(
			a_contradiction_between_two_files_names_the_place_that_made_it, teardown),
		cmocka_unit_test_teardown(more_mistakes_than_the_list_holds_are_counted, teardown),
		cmocka_unit_test_teardown(too_many_files_are_refused, teardown),
		cmocka_unit_test(free_takes_nothing_and_half_built_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
