// SPDX-License-Identifier: LGPL-2.1-or-later
// Names of cgroups and units.
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/apply/unit_name.h"

TEST(slices_scopes_and_services_are_units_and_nothing_else_is)
{
	assert_true(unit_name_is_unit("kubepods.slice"));
	assert_true(unit_name_is_unit("cri-containerd-0a.scope"));
	assert_true(unit_name_is_unit("nginx.service"));
	assert_false(unit_name_is_unit("kubepods"));
	assert_false(unit_name_is_unit(".slice"));
	assert_false(unit_name_is_unit("a.slice.d"));
	assert_false(unit_name_is_unit("home.mount"));
	assert_false(unit_name_is_unit(""));
}

TEST(the_runtimes_scopes_are_told_from_others)
{
	assert_true(unit_name_is_container("cri-containerd-0a.scope"));
	assert_true(unit_name_is_container("crio-0a.scope"));
	assert_true(unit_name_is_container("docker-0a.scope"));
	assert_true(unit_name_is_container("libpod-0a.scope"));
	assert_false(unit_name_is_container("docker-0a.slice"));
	assert_false(unit_name_is_container("docker.service"));
	assert_false(unit_name_is_container("session-1.scope"));
}

TEST(the_unit_of_a_cgroup_is_its_name_without_systemds_escape)
{
	char unit[UNIT_NAME_SIZE] = "before", longest[UNIT_NAME_SIZE + 8];

	assert_int_equal(unit_name_of("batch-x.slice", unit), 0);
	assert_string_equal(unit, "batch-x.slice");
	assert_int_equal(unit_name_of("_cpu.slice", unit), 0);
	assert_string_equal(unit, "cpu.slice");
	assert_int_equal(unit_name_of("getty@tty1\\x2d0.service", unit), 0);
	assert_string_equal(unit, "getty@tty1\\x2d0.service");
	assert_int_equal(unit_name_of("with blank.slice", unit), -EINVAL);
	assert_int_equal(unit_name_of("..slice", unit), -EINVAL);
	assert_int_equal(unit_name_of("farm", unit), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + UNIT_NAME_SIZE - 6, ".slice", 7);
	assert_int_equal(unit_name_of(longest, unit), -EINVAL);
	assert_int_equal(unit_name_of(longest + 1, unit), 0);
}

TEST(the_interface_goes_by_the_suffix)
{
	assert_string_equal(unit_name_interface("a.slice"), "org.freedesktop.systemd1.Slice");
	assert_string_equal(unit_name_interface("a.scope"), "org.freedesktop.systemd1.Scope");
	assert_string_equal(unit_name_interface("a.service"), "org.freedesktop.systemd1.Service");
	assert_null(unit_name_interface("a.mount"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_scopes_and_services_are_units_and_nothing_else_is),
		cmocka_unit_test(the_runtimes_scopes_are_told_from_others),
		cmocka_unit_test(the_unit_of_a_cgroup_is_its_name_without_systemds_escape),
		cmocka_unit_test(the_interface_goes_by_the_suffix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
