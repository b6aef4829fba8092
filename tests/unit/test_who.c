// SPDX-License-Identifier: LGPL-2.1-or-later
// A cause's name fits its field and stays UTF-8.
#include "policy/who.h"

#include "tests/lib/fake.h"
#include "tests/lib/test.h"

TEST(a_short_name_is_copied_whole)
{
	struct reason r = {.who = "something longer before"};

	who_set(&r, "default/web-1");
	assert_string_equal(r.who, "default/web-1");
}

TEST(a_long_name_is_cut_between_characters)
{
	struct reason r = {0};
	char name[2 * REASON_WHO_SIZE] = "x";

	for (size_t i = 1; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 3);
	who_set(&r, name);
	assert_int_equal(strlen(r.who), REASON_WHO_SIZE - 1);
	who_set(&r, name + 1);
	assert_int_equal(strlen(r.who), REASON_WHO_SIZE - 2);
	assert_int_equal((unsigned char)r.who[REASON_WHO_SIZE - 3], 0xa4);
}

TEST(no_pod_has_no_name)
{
	struct reason r = {.who = "before"};
	struct fake f;

	fake_init(&f);
	who_set_pod(&r, &f.model, UINT32_MAX);
	assert_string_equal(r.who, "");
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_name_is_copied_whole),
		cmocka_unit_test(a_long_name_is_cut_between_characters),
		cmocka_unit_test(no_pod_has_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
