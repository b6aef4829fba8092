// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/options.h"
#include "colod/model.h"

#define PARSE(o, ...)                                                                              \
	options_parse((int)(sizeof((char *[]){"colod", __VA_ARGS__}) / sizeof(char *)),            \
		      (char *[]){"colod", __VA_ARGS__, NULL}, o)

TEST(without_arguments_the_daemon_runs_and_the_policy_decides_the_mode)
{
	char *argv[] = {"colod", NULL};
	struct options o;

	assert_int_equal(options_parse(1, argv, &o), 0);
	assert_int_equal(o.action, OPTIONS_RUN);
	assert_string_equal(o.root, "/");
	assert_int_equal(o.mode, MODE_FULL);
	assert_false(o.mode_given);
	assert_int_equal(o.switched_off, 0);
}

TEST(once_with_mode_root_and_policy_is_taken_over)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--once", "--mode", "observe", "--root=/tmp/x", "--policy", "a",
			       "--policy", "b", "--json"),
			 0);
	assert_int_equal(o.action, OPTIONS_ONCE);
	assert_int_equal(o.mode, MODE_OBSERVE);
	assert_true(o.mode_given);
	assert_string_equal(o.root, "/tmp/x");
	assert_int_equal(o.n_policy_files, 2);
	assert_string_equal(o.policy_files[1], "b");
	assert_true(o.json);
}

TEST(a_mode_for_one_resource_leaves_the_others_alone)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--mode", "memory=observe", "--mode=squeeze", "--mode", "io=off",
			       "--mode", "io=protect"),
			 0);
	assert_int_equal(o.mode, MODE_SQUEEZE);
	assert_true(o.mode_by_given[RESOURCE_MEMORY]);
	assert_int_equal(o.mode_by[RESOURCE_MEMORY], MODE_OBSERVE);
	assert_int_equal(o.mode_by[RESOURCE_IO], MODE_PROTECT);
	assert_false(o.mode_by_given[RESOURCE_CPU]);
	assert_int_equal(PARSE(&o, "--mode", "cpu="), -EINVAL);
	assert_int_equal(PARSE(&o, "--mode", "=off"), -EINVAL);
	assert_int_equal(PARSE(&o, "--mode", "gpu=off"), -EINVAL);
	assert_int_equal(PARSE(&o, "--mode", "cpu=off,io=off"), -EINVAL);
	assert_int_equal(PARSE(&o, "--mode", "cpucpucpucpucpucpu=off"), -EINVAL);
}

TEST(without_names_capabilities_and_adds_up)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--without", "psi,smt", "--without", "numa"), 0);
	assert_int_equal(o.switched_off,
			 1u << CAPABILITY_PSI | 1u << CAPABILITY_SMT | 1u << CAPABILITY_NUMA);
}

TEST(an_unknown_mode_capability_verb_or_option_is_refused_and_changes_nothing)
{
	struct options o = {.root = "untouched"};

	assert_int_equal(PARSE(&o, "--mode", "Observe"), -EINVAL);
	assert_int_equal(PARSE(&o, "--without", "psi,warp-drive"), -EINVAL);
	assert_int_equal(PARSE(&o, "restart"), -EINVAL);
	assert_int_equal(PARSE(&o, "restore", "now"), -EINVAL);
	assert_int_equal(PARSE(&o, "--nonsense"), -EINVAL);
	assert_string_equal(o.root, "untouched");
}

TEST(too_many_policy_files_are_refused)
{
	char *argv[2 * (OPTIONS_POLICY_FILES_MAX + 1) + 2] = {"colod"};
	struct options o;
	int argc = 1;

	for (int i = 0; i <= OPTIONS_POLICY_FILES_MAX; i++) {
		argv[argc++] = "--policy";
		argv[argc++] = "x.yaml";
	}
	assert_int_equal(options_parse(argc - 2, argv, &o), 0);
	assert_int_equal(options_parse(argc, argv, &o), -EINVAL);
}

TEST(restore_takes_holds_or_auto_and_nothing_else_does)
{
	struct options o;

	assert_int_equal(PARSE(&o, "restore", "--holds"), 0);
	assert_int_equal(o.action, OPTIONS_RESTORE);
	assert_true(o.holds_only);
	assert_int_equal(PARSE(&o, "--once", "--holds"), -EINVAL);
	assert_int_equal(PARSE(&o, "restore", "--auto"), 0);
	assert_true(o.restore_auto && !o.holds_only);
	assert_int_equal(PARSE(&o, "--auto"), -EINVAL);
	assert_int_equal(PARSE(&o, "restore", "--auto", "--holds"), -EINVAL);
}

TEST(guard_is_a_verb_and_an_agent_may_start_its_own)
{
	struct options o;

	assert_int_equal(PARSE(&o, "guard"), 0);
	assert_int_equal(o.action, OPTIONS_GUARD);
	assert_int_equal(o.guard_for, 0);
	assert_int_equal(PARSE(&o, "guard", "--for", "4711"), 0);
	assert_int_equal(o.guard_for, 4711);
	assert_int_equal(PARSE(&o, "guard", "--for", "x"), -EINVAL);
	assert_int_equal(PARSE(&o, "guard", "--for", "-1"), -EINVAL);
	assert_int_equal(PARSE(&o, "guard", "now"), -EINVAL);
	assert_int_equal(PARSE(&o, "--for", "4711"), -EINVAL);
	assert_int_equal(PARSE(&o, "--with-guard"), 0);
	assert_int_equal(o.action, OPTIONS_RUN);
	assert_true(o.with_guard);
	assert_int_equal(PARSE(&o, "--once", "--with-guard"), -EINVAL);
}

TEST(a_record_has_a_bound_and_a_replay_is_its_own_action)
{
	struct options o;

	assert_int_equal(PARSE(&o, "--record", "a.record"), 0);
	assert_int_equal(o.action, OPTIONS_RUN);
	assert_string_equal(o.record_file, "a.record");
	assert_true(o.record_max_bytes == 64ull << 20 && !o.record_pseudonyms);
	assert_int_equal(PARSE(&o, "--record", "a", "--record-max", "1Mi", "--record-pseudonyms"),
			 0);
	assert_true(o.record_max_bytes == 1ull << 20 && o.record_pseudonyms);
	assert_int_equal(PARSE(&o, "--record-max", "1Ki"), -EINVAL);
	assert_int_equal(PARSE(&o, "--record-max", "2Gi"), -EINVAL);
	assert_int_equal(PARSE(&o, "--record-max", "much"), -EINVAL);
	assert_int_equal(PARSE(&o, "--replay", "a.record", "--policy", "x.yaml"), 0);
	assert_int_equal(o.action, OPTIONS_REPLAY);
	assert_string_equal(o.replay_file, "a.record");
	assert_int_equal(o.n_policy_files, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_the_daemon_runs_and_the_policy_decides_the_mode),
		cmocka_unit_test(once_with_mode_root_and_policy_is_taken_over),
		cmocka_unit_test(a_mode_for_one_resource_leaves_the_others_alone),
		cmocka_unit_test(without_names_capabilities_and_adds_up),
		cmocka_unit_test(
			an_unknown_mode_capability_verb_or_option_is_refused_and_changes_nothing),
		cmocka_unit_test(too_many_policy_files_are_refused),
		cmocka_unit_test(guard_is_a_verb_and_an_agent_may_start_its_own),
		cmocka_unit_test(restore_takes_holds_or_auto_and_nothing_else_does),
		cmocka_unit_test(a_record_has_a_bound_and_a_replay_is_its_own_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
