// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/net_mark.h"

TEST(three_bits_beside_the_value_are_for_the_level)
{
	static const struct {
		uint32_t value, mask;
		enum net_mark_fault fault;
		uint32_t shift;
	} cases[] = {
		{0x800, 0xf00, NET_MARK_FINE, 8},	    {0x100, 0xf00, NET_MARK_FINE, 9},
		{0x80000000, 0x80000007, NET_MARK_FINE, 0}, {0x1, 0xe0000001, NET_MARK_FINE, 29},
		{0x10800, 0x10f00, NET_MARK_FINE, 8},	    {0x1000, 0xf00, NET_MARK_OUTSIDE, 0},
		{0, 0x700, NET_MARK_NO_VALUE, 0},	    {0, 0, NET_MARK_NO_VALUE, 0},
		{0x800, 0xb00, NET_MARK_BITS, 0},	    {0x800, 0x1f00, NET_MARK_BITS, 0},
		{0x200, 0xf00, NET_MARK_BITS, 0},	    {0xf00, 0xf00, NET_MARK_BITS, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct net_mark mark = {.mask = 1};
		enum net_mark_fault fault = net_mark_make(cases[i].value, cases[i].mask, &mark);

		assert_int_equal(fault, cases[i].fault);
		assert_int_equal(mark.mask, fault == NET_MARK_FINE ? cases[i].mask : 1);
		assert_int_equal(mark.shift, cases[i].shift);
		for (int l = 0; l < LEVEL_COUNT && fault == NET_MARK_FINE; l++)
			assert_int_equal(net_mark_of(&mark, (enum level)l) & ~mark.mask, 0);
	}
}

TEST(a_mark_is_two_hexadecimal_numbers)
{
	static const char *const bad[] = {
		"",	    "0x800",	   "0x800/",	   "0x800/0xf00/",  "0x/0xf00",
		"800/f00",  "2048/3840",   "0x800/0xf00 ", "0x123456789/1", "0xg00/0xf",
		"x800/0xf", " 0x800/0xf00"};
	uint32_t value = 1, mask = 2;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(net_mark_parse(bad[i], &value, &mask), -EINVAL);
		assert_int_equal(value, 1);
		assert_int_equal(mask, 2);
	}
	assert_int_equal(net_mark_parse("0x8A0/0XffFF0000", &value, &mask), 0);
	assert_int_equal(value, 0x8a0);
	assert_int_equal(mask, 0xffff0000);
}

TEST(bits_of_others_are_found)
{
	assert_int_equal(net_mark_clash(0xf00, 0), NET_USER_NONE);
	assert_int_equal(net_mark_clash(0x4000, 0), NET_USER_KUBE_PROXY);
	assert_int_equal(net_mark_clash(0x8000, 0), NET_USER_KUBE_PROXY);
	assert_int_equal(net_mark_clash(0x2000, 0), NET_USER_PORTMAP);
	/* where they are at work */
	assert_int_equal(net_mark_clash(0xf0000, 0), NET_USER_NONE);
	assert_int_equal(net_mark_clash(0xf0000, 1u << NET_USER_CALICO), NET_USER_CALICO);
	assert_int_equal(net_mark_clash(0xf00, 1u << NET_USER_CALICO), NET_USER_NONE);
	assert_int_equal(net_mark_clash(0xf00, 1u << NET_USER_CILIUM), NET_USER_CILIUM);
	assert_int_equal(net_mark_clash(0xf0, 1u << NET_USER_AWS), NET_USER_AWS);
	assert_int_equal(net_mark_clash(0xf0000, 1u << NET_USER_TAILSCALE), NET_USER_TAILSCALE);
	assert_int_equal(net_mark_bits(NET_USER_COUNT), 0);
	assert_int_equal(net_mark_bits(NET_USER_NONE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_bits_beside_the_value_are_for_the_level),
		cmocka_unit_test(a_mark_is_two_hexadecimal_numbers),
		cmocka_unit_test(bits_of_others_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
