// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/apply/net_tc.h"

#define L0 (NET_TC_CLASS_LEVEL + 0)
#define L7 (NET_TC_CLASS_LEVEL + 7)

static const struct net_mark mark = {.mask = 0xf00000, .value = 0x800000, .shift = 20};

/* A link of 100 Mbit/s, P0 online and P7 offline. */
static struct net_shape usual(void)
{
	struct net_class c = {.rate_bytes_per_s = 1000000,
			      .ceil_bytes_per_s = 12500000,
			      .burst_bytes = 20000,
			      .cburst_bytes = 20000,
			      .quantum_bytes = 3000};

	return (struct net_shape){.root = c,
				  .unmarked = c,
				  .offline = c,
				  .level = {[0] = c, [4] = c, [7] = c},
				  .levels = 1 | 1u << 7,
				  .offline_levels = 1u << 7};
}

static uint32_t parent_of(const struct net_shape *shape, unsigned i)
{
	if (i == NET_TC_CLASS_ROOT)
		return UINT32_MAX;
	return net_tc_class_id(
		i >= NET_TC_CLASS_LEVEL && (shape->offline_levels >> (i - NET_TC_CLASS_LEVEL) & 1)
			? NET_TC_CLASS_OFFLINE
			: NET_TC_CLASS_ROOT);
}

static void stand(struct net_tc_link *link, const struct net_shape *shape, unsigned i,
		  const struct net_class *class)
{
	link->classes[i] = (struct net_tc_found_class){.there = true,
						       .parent = parent_of(shape, i),
						       .leaf = 0x80010000 + (i << 16),
						       .htb = net_tc_htb_of(class)};
}

/* What is there when `shape` was made. */
static struct net_tc_link made(const struct net_shape *shape)
{
	struct net_tc_link link = {.ifindex = 7, .root = NET_ROOT_OURS};

	stand(&link, shape, NET_TC_CLASS_ROOT, &shape->root);
	stand(&link, shape, NET_TC_CLASS_UNMARKED, &shape->unmarked);
	stand(&link, shape, NET_TC_CLASS_OFFLINE, &shape->offline);
	link.classes[NET_TC_CLASS_ROOT].leaf = link.classes[NET_TC_CLASS_OFFLINE].leaf = 0;
	for (unsigned level = 0; level < LEVEL_COUNT; level++) {
		if (!(shape->levels >> level & 1))
			continue;
		stand(&link, shape, NET_TC_CLASS_LEVEL + level, &shape->level[level]);
		link.filters[link.n_filters++] = (struct net_tc_found_filter){
			.prio = NET_TC_PRIO,
			.mark = net_mark_of(&mark, (enum level)level),
			.mask = mark.mask,
			.class_id = net_tc_class_id(NET_TC_CLASS_LEVEL + level)};
	}
	return link;
}

/* "add class 2, add leaf 2, …" */
static const char *text_of(const struct net_tc_steps *steps)
{
	static char text[2048];
	size_t n = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < steps->n; i++) {
		const struct net_tc_step *s = &steps->list[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "",
				      net_tc_do_name(s->what));
		if (s->mark)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %x@%x", s->mark,
					      s->prio);
		if (s->id)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %x", s->id & 0xffff);
		if (s->parent)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "<%x",
					      s->parent & 0xffff);
		assert_int_equal(s->ifindex, 7);
	}
	return text;
}

static const char *plan(const struct net_tc_link *found, const struct net_shape *shape,
			const struct net_mark *m)
{
	static struct net_tc_steps steps, after;
	static char text[4096];

	net_tc_plan_link(found, shape, m, &steps, &after);
	(void)snprintf(text, sizeof(text), "%s", text_of(&steps));
	if (after.n > 0)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "; after: %s",
			       text_of(&after));
	assert_false(after.again);
	return text;
}

static bool again(const struct net_tc_link *found, const struct net_shape *shape)
{
	static struct net_tc_steps steps, after;

	net_tc_plan_link(found, shape, &mark, &steps, &after);
	return steps.again;
}

TEST(the_default_class_comes_before_all_that_can_be_marked)
{
	const struct net_tc_link found = {.ifindex = 7, .root = NET_ROOT_DEFAULT};
	struct net_shape shape = usual();

	assert_string_equal(plan(&found, &shape, &mark),
			    "add root, add class 1<0, add class 2<1, add leaf 2, add class 3<1, "
			    "add class 10<1, add leaf 10, add class 17<3, add leaf 17, "
			    "add filter 800000@c01d 10, add filter f00000@c01d 17");
	assert_false(again(&found, &shape));
}

TEST(without_a_level_that_has_a_share_the_root_is_the_kernels)
{
	const struct net_tc_link found = {.ifindex = 7, .root = NET_ROOT_DEFAULT};
	struct net_shape shape = usual();
	const struct net_tc_link was = made(&shape);

	shape.levels = shape.offline_levels = 0;
	assert_string_equal(plan(&found, &shape, &mark), "");
	assert_string_equal(plan(&was, &shape, &mark), "delete root");
}

TEST(a_set_up_that_was_cut_off_is_gone_on_with)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	found.n_filters = 0;
	found.classes[L7] = (struct net_tc_found_class){0};
	found.classes[L0].leaf = 0;
	assert_string_equal(plan(&found, &shape, &mark),
			    "add leaf 10, add class 17<3, add leaf 17, "
			    "add filter 800000@c01d 10, add filter f00000@c01d 17");
}

/* An agent was killed between a class and its leaf: what waits in the kernel's own would be lost. */
TEST(a_class_that_packets_wait_in_keeps_its_leaf)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	found.classes[NET_TC_CLASS_UNMARKED].leaf = 0;
	found.classes[NET_TC_CLASS_UNMARKED].counts.backlog_bytes = 1500;
	shape.unmarked.rate_bytes_per_s++;
	assert_string_equal(plan(&found, &shape, &mark), "set class 2<1");
	/* That may last. */
	assert_false(again(&found, &shape));
	found.classes[NET_TC_CLASS_UNMARKED].counts.backlog_bytes = 0;
	assert_string_equal(plan(&found, &shape, &mark), "set class 2<1, add leaf 2");
}

TEST(what_stands_is_left_alone)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	/* The kernel keeps neither of a class with others below it. */
	found.classes[NET_TC_CLASS_OFFLINE].htb.quantum_bytes = 4711;
	found.classes[NET_TC_CLASS_ROOT].htb.prio = 3;
	assert_string_equal(plan(&found, &shape, &mark), "");
	assert_false(again(&found, &shape));
}

TEST(a_leaf_of_somebody_else_stays)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	found.classes[L0].leaf = 0;
	found.classes[L0].foreign_leaf = true;
	assert_string_equal(plan(&found, &shape, &mark), "");
}

TEST(each_number_is_changed_in_place)
{
	struct net_shape shape = usual(), other = usual();
	struct net_tc_link found = made(&shape);

	other.offline.ceil_bytes_per_s /= 2;
	assert_string_equal(plan(&found, &other, &mark), "set class 3<1");
	other = usual();
	other.level[0].rate_bytes_per_s++;
	assert_string_equal(plan(&found, &other, &mark), "set class 10<1");
	other = usual();
	other.level[0].quantum_bytes++;
	assert_string_equal(plan(&found, &other, &mark), "set class 10<1");
	other = usual();
	other.level[7].prio = 1;
	assert_string_equal(plan(&found, &other, &mark), "set class 17<3");
	other = usual();
	other.unmarked.burst_bytes *= 2;
	assert_string_equal(plan(&found, &other, &mark), "set class 2<1");
	other = usual();
	other.root.cburst_bytes *= 2;
	assert_string_equal(plan(&found, &other, &mark), "set class 1<0");
}

TEST(a_level_more_gets_its_class_before_its_filter)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	shape.levels |= 1u << 4;
	assert_string_equal(plan(&found, &shape, &mark),
			    "add class 14<1, add leaf 14, add filter c00000@c01d 14");
}

TEST(a_class_that_nobody_wants_goes_when_it_is_empty)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	found.classes[L0].counts.backlog_bytes = 1500;
	shape.levels &= ~1u;
	assert_string_equal(plan(&found, &shape, &mark), "; after: delete filter 800000@c01d");
	assert_true(again(&found, &shape));
	found.filters[0] = found.filters[--found.n_filters];
	assert_string_equal(plan(&found, &shape, &mark), "");
	assert_true(again(&found, &shape));
	found.classes[L0].counts.backlog_bytes = 0;
	assert_string_equal(plan(&found, &shape, &mark), "delete class 10");
	assert_false(again(&found, &shape));
}

TEST(a_level_that_changes_its_role_moves_when_its_class_is_empty)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	shape.offline_levels = 0;
	assert_string_equal(plan(&found, &shape, &mark), "; after: delete filter f00000@c01d");
	assert_true(again(&found, &shape));
	found.n_filters = 1;
	assert_string_equal(
		plan(&found, &shape, &mark),
		"delete class 17, add class 17<1, add leaf 17, add filter f00000@c01d 17");
	/* Its old parent, too, once nothing is below it. */
	assert_true(again(&found, &shape));
	found = made(&shape);
	assert_string_equal(plan(&found, &shape, &mark), "delete class 3");
}

TEST(another_mask_comes_beside_the_old_one_before_that_goes)
{
	const struct net_mark other = {.mask = 0xf000000, .value = 0x8000000, .shift = 24};
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	assert_string_equal(plan(&found, &shape, &other),
			    "add filter 8000000@c01e 10, add filter f000000@c01e 17; "
			    "after: delete filter 800000@c01d, delete filter f00000@c01d");
	/* Filters of one prio have one mask: those of a third one are in the way. */
	found.filters[1].prio = NET_TC_PRIO + 1;
	found.filters[1].mask = 0xf0000;
	found.filters[1].mark = 0xf0000;
	assert_string_equal(plan(&found, &shape, &other),
			    "delete filter f0000@c01e, add filter 8000000@c01e 10, "
			    "add filter f000000@c01e 17; after: delete filter 800000@c01d");
}

TEST(filters_stay_at_the_place_that_they_came_to)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	found.filters[0].prio = found.filters[1].prio = NET_TC_PRIO + 1;
	assert_string_equal(plan(&found, &shape, &mark), "");
	/* Cut off between the one and the other place. */
	found.filters[1].prio = NET_TC_PRIO;
	assert_string_equal(plan(&found, &shape, &mark),
			    "add filter f00000@c01e 17; after: delete filter f00000@c01d");
}

TEST(a_filter_that_was_led_astray_is_led_back)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	found.filters[1].class_id = net_tc_class_id(L0);
	assert_string_equal(plan(&found, &shape, &mark), "add filter f00000@c01d 17");
}

TEST(only_our_own_root_is_removed)
{
	struct net_shape shape = usual();
	struct net_tc_link found = made(&shape);

	assert_string_equal(plan(&found, NULL, &mark), "delete root");
	assert_string_equal(plan(&found, &shape, &(struct net_mark){0}), "delete root");
	found.root = NET_ROOT_FOREIGN;
	assert_string_equal(plan(&found, NULL, &mark), "");
	assert_string_equal(plan(&found, &shape, &mark), "");
	found.root = NET_ROOT_DEFAULT;
	assert_string_equal(plan(&found, NULL, &mark), "");
	found.root = NET_ROOT_UNKNOWN;
	assert_string_equal(plan(&found, &shape, &mark), "");
}

static const char *plan_end(const struct net_tc_end *end, bool wanted, enum net_refusal refusal)
{
	static struct net_tc_steps steps;

	assert_int_equal(net_tc_plan_end(end, wanted, 0xf00000, 0xf00000, &steps), refusal);
	return text_of(&steps);
}

TEST(a_pods_end_is_marked_changed_in_place_and_cleared)
{
	struct net_tc_end end = {.ifindex = 7};

	assert_string_equal(plan_end(&end, true, NET_FINE), "add clsact, add mark f00000@0 1");
	assert_string_equal(plan_end(&end, false, NET_FINE), "");
	end = (struct net_tc_end){.ifindex = 7,
				  .ingress_kind = "clsact",
				  .ours = true,
				  .mark = 0xf00000,
				  .mask = 0xf00000};
	assert_string_equal(plan_end(&end, true, NET_FINE), "");
	end.mark = 0x800000;
	assert_string_equal(plan_end(&end, true, NET_FINE), "set mark f00000@0 1");
	end.mark = end.mask = 0xf000000;
	assert_string_equal(plan_end(&end, true, NET_FINE), "set mark f00000@0 1");
	assert_string_equal(plan_end(&end, false, NET_FINE), "delete mark 1, delete clsact");
	/* Somebody has come to use it. */
	end.n_others = 1;
	assert_string_equal(plan_end(&end, false, NET_FINE), "delete mark 1");
}

TEST(a_place_that_somebody_has_is_left_alone)
{
	struct net_tc_end end = {.ifindex = 7, .ingress_kind = "clsact", .n_others = 1};

	assert_string_equal(plan_end(&end, true, NET_FOREIGN_CLSACT), "");
	assert_string_equal(plan_end(&end, false, NET_FINE), "");
	end = (struct net_tc_end){.ifindex = 7, .ingress_kind = "ingress"};
	assert_string_equal(plan_end(&end, true, NET_FOREIGN_CLSACT), "");
	assert_string_equal(plan_end(&end, false, NET_FINE), "");
}

/* Of an agent that was killed, or of somebody who will have it back. */
TEST(an_empty_clsact_is_used_and_stays)
{
	struct net_tc_end end = {.ifindex = 7, .ingress_kind = "clsact"};

	assert_string_equal(plan_end(&end, false, NET_FINE), "");
	assert_string_equal(plan_end(&end, true, NET_FINE), "add mark f00000@0 2");
	end.ours = end.borrowed = true;
	assert_string_equal(plan_end(&end, true, NET_FINE), "set mark f00000@0 2");
	assert_string_equal(plan_end(&end, false, NET_FINE), "delete mark 2");
	/* Somebody has come to use it. */
	end.n_others = 1;
	assert_string_equal(plan_end(&end, true, NET_FINE), "set mark f00000@0 2");
	assert_string_equal(plan_end(&end, false, NET_FINE), "delete mark 2");
}

TEST(ticks_are_64_ns_of_sending)
{
	assert_int_equal(net_tc_ticks(64, 1000000000), 1);
	assert_int_equal(net_tc_ticks(65, 1000000000), 2);
	assert_int_equal(net_tc_ticks(20000, 1000000), 312500);
	assert_int_equal(net_tc_ticks(0, 1000000), 1);
	assert_int_equal(net_tc_ticks(UINT64_MAX, 1), UINT32_MAX);
	assert_int_equal(net_tc_ticks(1, 0), UINT32_MAX);
	assert_int_equal(net_tc_ticks(1, UINT64_MAX), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_class_comes_before_all_that_can_be_marked),
		cmocka_unit_test(without_a_level_that_has_a_share_the_root_is_the_kernels),
		cmocka_unit_test(a_set_up_that_was_cut_off_is_gone_on_with),
		cmocka_unit_test(a_class_that_packets_wait_in_keeps_its_leaf),
		cmocka_unit_test(what_stands_is_left_alone),
		cmocka_unit_test(a_leaf_of_somebody_else_stays),
		cmocka_unit_test(each_number_is_changed_in_place),
		cmocka_unit_test(a_level_more_gets_its_class_before_its_filter),
		cmocka_unit_test(a_class_that_nobody_wants_goes_when_it_is_empty),
		cmocka_unit_test(a_level_that_changes_its_role_moves_when_its_class_is_empty),
		cmocka_unit_test(another_mask_comes_beside_the_old_one_before_that_goes),
		cmocka_unit_test(filters_stay_at_the_place_that_they_came_to),
		cmocka_unit_test(a_filter_that_was_led_astray_is_led_back),
		cmocka_unit_test(only_our_own_root_is_removed),
		cmocka_unit_test(a_pods_end_is_marked_changed_in_place_and_cleared),
		cmocka_unit_test(a_place_that_somebody_has_is_left_alone),
		cmocka_unit_test(an_empty_clsact_is_used_and_stays),
		cmocka_unit_test(ticks_are_64_ns_of_sending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
