// SPDX-License-Identifier: LGPL-2.1-or-later
// As test_names.c: every value of every enum has a name of its own that leads back to it; and each level has a mark
// of its own that no unmarked packet has.
#include "policy/names_net.h"

#include "tests/lib/names_check.h"

TEST(each_name_leads_back_to_its_value)
{
	CHECK_NAMES(net_refusal, enum net_refusal, NET_REFUSAL_COUNT);
	CHECK_NAMES(net_speed_from, enum net_speed_from, NET_SPEED_FROM_COUNT);
	CHECK_NAMES(net_root, enum net_root, NET_ROOT_COUNT);
	CHECK_NAMES(net_user, enum net_mark_user, NET_USER_COUNT);
	assert_string_equal(names_net_user(NET_USER_NONE), "?");
}

TEST(every_level_has_a_mark_of_its_own_under_the_mask)
{
	const struct net_mark mark = {.mask = 0xf00, .value = 0x800, .shift = 8};
	uint32_t seen = 0;

	for (int i = 0; i < LEVEL_COUNT; i++) {
		uint32_t of = net_mark_of(&mark, (enum level)i);

		assert_int_not_equal(of, 0);
		assert_int_equal(of & ~mark.mask, 0);
		assert_int_equal(of & mark.value, mark.value);
		seen |= 1u << (of >> 8);
	}
	assert_int_equal(seen, 0xff00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_leads_back_to_its_value),
		cmocka_unit_test(every_level_has_a_mark_of_its_own_under_the_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
