// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernel releases as Debian and others write them.
#include "policy/release.h"

#include "tests/lib/test.h"

TEST(releases_compare_by_number)
{
	assert_true(release_at_least("6.12.94+deb13-cloud-amd64", 6, 12));
	assert_true(release_at_least("6.12", 6, 12));
	assert_true(release_at_least("7.0.1", 6, 12));
	assert_true(release_at_least("6.100.0", 6, 18));
	assert_false(release_at_least("6.1.0-49-amd64", 6, 12));
	assert_false(release_at_least("6.2.0", 6, 18));
	assert_false(release_at_least("5.19.0", 6, 1));
}

TEST(what_is_no_release_counts_as_old)
{
	assert_false(release_at_least("", 0, 0));
	assert_false(release_at_least("linux", 0, 0));
	assert_false(release_at_least("6", 6, 0));
	assert_false(release_at_least("6.", 6, 0));
	assert_false(release_at_least("-6.12", 6, 0));
	assert_false(release_at_least("99999999999999999999.1", 6, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases_compare_by_number),
		cmocka_unit_test(what_is_no_release_counts_as_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
