// SPDX-License-Identifier: LGPL-2.1-or-later
// The bytes that are sent, as they are, and read back by the reader of the kernel's answers.
#include "tests/lib/test.h"

#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "agent/apply/net_tc.h"

/* libnl marks what is nested (0x80 in a type). Without the length, flags as they are before netlink_ask(), no sequence and port. */
static void bytes_are(const struct net_tc_step *step, const char *expected)
{
	struct nl_msg *message = net_tc_message(step);
	const unsigned char *b;
	char text[1024] = "";
	size_t n = 0;

	assert_non_null(message);
	b = (const unsigned char *)nlmsg_hdr(message);
	for (uint32_t i = 4; i < nlmsg_hdr(message)->nlmsg_len; i++) {
		if (i >= 8 && i < 16)
			continue;
		if (i % 4 == 0 && i > 4)
			text[n++] = ' ';
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%02x", b[i]);
	}
	nlmsg_free(message);
	assert_string_equal(text, expected);
}

static struct tc_object read_back(const struct net_tc_step *step)
{
	struct nl_msg *message = net_tc_message(step);
	struct tc_object o;

	assert_non_null(message);
	assert_int_equal(netlink_tc_read(nlmsg_hdr(message), &o), 0);
	nlmsg_free(message);
	return o;
}

TEST(the_root_is_new_and_names_its_default)
{
	/* RTM_NEWQDISC, CREATE | EXCL; parent root, handle c01d:; kind htb; version 3, r2q 10, default 2. */
	bytes_are(
		&(struct net_tc_step){.what = NET_TC_ADD_ROOT, .ifindex = 7},
		"24000006 00000000 07000000 00001dc0 ffffffff 00000000 08000100 68746200 1c000280 18000200 03000000 0a000000 02000000 00000000 00000000");
}

TEST(a_class_is_changed_only_where_it_is)
{
	struct net_tc_step step = {
		.what = NET_TC_SET_CLASS,
		.ifindex = 7,
		.id = 0xc01d0010,
		.parent = 0xc01d0001,
		.htb = {.rate_bytes_per_s = 1000000,
			.ceil_bytes_per_s = 2500000,
			.burst_ticks = 312500,
			.cburst_ticks = 125000,
			.quantum_bytes = 3000,
			.prio = 1},
	};

	/* RTM_NEWTCLASS without CREATE: one that is gone is not made again. */
	bytes_are(
		&step,
		"28000000 00000000 07000000 10001dc0 01001dc0 00000000 08000100 68746200 34000280 30000100 00010000 00000000 40420f00 00010000 00000000 a0252600 b4c40400 48e80100 b80b0000 00000000 01000000");
	step.what = NET_TC_ADD_CLASS;
	bytes_are(
		&step,
		"28000006 00000000 07000000 10001dc0 01001dc0 00000000 08000100 68746200 34000280 30000100 00010000 00000000 40420f00 00010000 00000000 a0252600 b4c40400 48e80100 b80b0000 00000000 01000000");
}

TEST(a_class_of_more_than_34_gbit_is_what_it_is)
{
	const struct net_tc_step step = {
		.what = NET_TC_ADD_CLASS,
		.id = 0xc01d0001,
		.htb = {.rate_bytes_per_s = UINT64_C(12500000000),
			.ceil_bytes_per_s = UINT64_C(4294967296),
			.burst_ticks = 1,
			.cburst_ticks = 2,
			.quantum_bytes = 60000,
			.prio = 3},
	};
	struct tc_object o = read_back(&step);

	assert_true(o.has_htb);
	assert_memory_equal(&o.htb, &step.htb, sizeof(o.htb));
}

TEST(a_leaf_is_fq_codel_and_the_kernel_numbers_it)
{
	bytes_are(
		&(struct net_tc_step){.what = NET_TC_ADD_LEAF, .ifindex = 7, .id = 0xc01d0010},
		"24000006 00000000 07000000 00000000 10001dc0 00000000 0d000100 66715f63 6f64656c 00000000");
}

TEST(a_filter_leads_a_mark_to_its_class)
{
	const struct net_tc_step step = {.what = NET_TC_ADD_FILTER,
					 .ifindex = 7,
					 .id = 0xc01d0017,
					 .prio = NET_TC_PRIO,
					 .mark = 0x00f00000,
					 .mask = 0x00f00000};
	struct tc_object o = read_back(&step);

	bytes_are(
		&step,
		"2c000004 00000000 07000000 0000f000 00001dc0 00031dc0 07000100 66770000 14000280 08000100 17001dc0 08000500 0000f000");
	assert_true(o.has_fw);
	assert_int_equal(o.fw_class, 0xc01d0017);
	assert_int_equal(o.fw_mask, 0x00f00000);
	assert_int_equal(o.handle, 0x00f00000);
	assert_int_equal(o.info >> 16, NET_TC_PRIO);
}

TEST(a_mark_is_set_under_its_mask_and_others_go_on)
{
	struct net_tc_step step = {.what = NET_TC_ADD_MARK,
				   .ifindex = 7,
				   .id = NET_TC_MARK_OWN,
				   .mark = 0x00f00000,
				   .mask = 0x00f00000};
	struct tc_object o = read_back(&step);

	/* The action is to continue (-1): filters of somebody else see the packet, too. */
	bytes_are(
		&step,
		"2c000006 00000000 07000000 01000000 f2ffffff 00031dc0 0a000100 62617369 63000000 44000280 40000380 3c000180 0c000100 736b6265 64697400 2c000280 18000200 00000000 00000000 ffffffff 00000000 00000000 08000500 0000f000 08000800 0000f000");
	assert_true(o.has_skbedit);
	assert_int_equal(o.mark, 0x00f00000);
	assert_int_equal(o.mark_mask, 0x00f00000);
	step.what = NET_TC_SET_MARK;
	bytes_are(
		&step,
		"2c000001 00000000 07000000 01000000 f2ffffff 00031dc0 0a000100 62617369 63000000 44000280 40000380 3c000180 0c000100 736b6265 64697400 2c000280 18000200 00000000 00000000 ffffffff 00000000 00000000 08000500 0000f000 08000800 0000f000");
}

TEST(a_removal_names_place_handle_and_kind)
{
	bytes_are(&(struct net_tc_step){.what = NET_TC_DEL_ROOT, .ifindex = 7},
		  "25000000 00000000 07000000 00001dc0 ffffffff 00000000 08000100 68746200");
	bytes_are(&(struct net_tc_step){.what = NET_TC_DEL_CLASS, .ifindex = 7, .id = 0xc01d0010},
		  "29000000 00000000 07000000 10001dc0 00000000 00000000 08000100 68746200");
	bytes_are(&(struct net_tc_step){.what = NET_TC_DEL_FILTER,
					.ifindex = 7,
					.prio = NET_TC_PRIO,
					.mark = 0x00f00000},
		  "2d000000 00000000 07000000 0000f000 00001dc0 00031dc0 07000100 66770000");
	bytes_are(
		&(struct net_tc_step){.what = NET_TC_DEL_MARK, .ifindex = 7, .id = NET_TC_MARK_OWN},
		"2d000000 00000000 07000000 01000000 f2ffffff 00031dc0 0a000100 62617369 63000000");
	bytes_are(
		&(struct net_tc_step){.what = NET_TC_DEL_CLSACT, .ifindex = 7},
		"25000000 00000000 07000000 0000ffff f1ffffff 00000000 0b000100 636c7361 63740000");
	bytes_are(
		&(struct net_tc_step){.what = NET_TC_ADD_CLSACT, .ifindex = 7},
		"24000006 00000000 07000000 0000ffff f1ffffff 00000000 0b000100 636c7361 63740000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_is_new_and_names_its_default),
		cmocka_unit_test(a_class_is_changed_only_where_it_is),
		cmocka_unit_test(a_class_of_more_than_34_gbit_is_what_it_is),
		cmocka_unit_test(a_leaf_is_fq_codel_and_the_kernel_numbers_it),
		cmocka_unit_test(a_filter_leads_a_mark_to_its_class),
		cmocka_unit_test(a_mark_is_set_under_its_mask_and_others_go_on),
		cmocka_unit_test(a_removal_names_place_handle_and_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
