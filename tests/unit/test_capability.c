// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/capability.h"

TEST(every_capability_has_all_its_texts_and_a_name_of_its_own)
{
	for (unsigned c = 0; c < CAPABILITY_COUNT; c++) {
		const struct capability_info *info = capability_info((enum capability)c);

		assert_non_null(info);
		assert_non_null(info->name);
		assert_true(strlen(info->gives) > 10);
		assert_true(strlen(info->without) > 10);
		assert_true(strlen(info->how) > 10);
		for (unsigned k = 0; k < c; k++)
			assert_string_not_equal(info->name,
						capability_info((enum capability)k)->name);
	}
	assert_null(capability_info(CAPABILITY_COUNT));
	assert_null(capability_info((enum capability) - 1));
}

TEST(every_name_gives_its_own_bit)
{
	for (unsigned c = 0; c < CAPABILITY_COUNT; c++) {
		uint32_t mask = 0;

		assert_int_equal(
			capability_mask(capability_info((enum capability)c)->name, &mask, NULL), 0);
		assert_int_equal(mask, 1u << c);
	}
}

TEST(a_list_is_the_union_and_all_is_everything)
{
	uint32_t mask;

	assert_int_equal(capability_mask("inotify,psi,psi", &mask, NULL), 0);
	assert_int_equal(mask, 1u << CAPABILITY_INOTIFY | 1u << CAPABILITY_PSI);
	assert_int_equal(capability_mask("all", &mask, NULL), 0);
	assert_int_equal(mask, (1u << CAPABILITY_COUNT) - 1);
}

TEST(an_unknown_name_is_pointed_at)
{
	static const char text[] = "psi,cpu-idel,io";
	static const char *const bad[] = {"", ",", "psi,", ",psi", "PSI", "psi ", "cpu-"};
	uint32_t mask = 4711;
	const char *at = NULL;

	assert_int_equal(capability_mask(text, &mask, &at), -EINVAL);
	assert_ptr_equal(at, text + 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(capability_mask(bad[i], &mask, NULL), -EINVAL);
	assert_int_equal(mask, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_capability_has_all_its_texts_and_a_name_of_its_own),
		cmocka_unit_test(every_name_gives_its_own_bit),
		cmocka_unit_test(a_list_is_the_union_and_all_is_everything),
		cmocka_unit_test(an_unknown_name_is_pointed_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
