// SPDX-License-Identifier: LGPL-2.1-or-later
// The line, the room above it and the time until it is gone, with the numbers of one small node.
#include "policy/room.h"

#include "policy/ring.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct model model;
static struct samples samples;

static int setup(void **state)
{
	(void)state;
	memset(&samples, 0, sizeof(samples));
	model = (struct model){
		.driver = DRIVER_SYSTEMD,
		.node = {.memory_bytes = 4 * GIB, .zones_high_bytes = 30 * MIB},
	};
	return 0;
}

/* In MiB. */
static void sample(int64_t at_us, uint64_t available, uint64_t free_pages, uint64_t inactive_file)
{
	const struct node_sample s = {
		.at_us = at_us,
		.valid = SAMPLE_MEMORY,
		.memory_available_bytes = available * MIB,
		.memory_free_bytes = free_pages * MIB,
		.memory_inactive_file_bytes = inactive_file * MIB,
	};

	assert_int_equal(ring_add_node(&samples.node, &s), 0);
}

static struct room look(int64_t now_us)
{
	struct room room = {0};

	assert_true(room_look(&model, &samples, NULL, now_us, &room));
	return room;
}

TEST(the_line_is_the_highest_of_four)
{
	assert_true(room_line_bytes(&model, 0) ==
		    200 * MIB); /* a kubelet of which nothing is known */
	model.node.evict_hard_known = true;
	model.node.evict_hard_bytes = 500 * MIB;
	assert_true(room_line_bytes(&model, 0) == 1000 * MIB);
	model.node.evict_hard_bytes = 0; /* it never evicts */
	assert_true(room_line_bytes(&model, 0) == 64 * MIB);
	model.node.memory_bytes = 100 * GIB;
	assert_true(room_line_bytes(&model, 0) == GIB);
	model.node.zones_high_bytes = 2 * GIB;
	assert_true(room_line_bytes(&model, 0) == 2 * GIB);
	model.node = (struct node){.memory_bytes = 4 * GIB};
	model.driver = DRIVER_NONE;
	assert_true(room_line_bytes(&model, 0) == 64 * MIB);
}

TEST(the_kubelets_count_is_taken_where_it_is_lower_and_there_is_a_kubelet)
{
	sample(SECOND, 1500, 600, 300);
	assert_true(look(SECOND).available_bytes == 900 * MIB);
	assert_int_equal(look(SECOND).room_bytes, 700 * MIB);
	model.driver = DRIVER_NONE;
	assert_true(look(SECOND).available_bytes == 1500 * MIB);
	model.driver = DRIVER_CGROUPFS;
	sample(2 * SECOND, 1500, 1000, 900);
	assert_true(look(2 * SECOND).available_bytes == 1500 * MIB);
}

TEST(what_falls_is_empty_at_some_time_and_what_does_not_never)
{
	sample(1 * SECOND, 2000, 2000, 0);
	assert_true(look(SECOND).time_to_empty_us == ROOM_NEVER);
	assert_true(look(SECOND).fall_span_us == 0); /* one sample tells nothing of a fall */
	sample(2 * SECOND, 1800, 1800, 0);
	assert_true(look(2 * SECOND).fall_bytes_per_s == 200 * MIB);
	assert_true(look(2 * SECOND).time_to_empty_us == 8 * SECOND); /* 1600 above the line */
	sample(3 * SECOND, 1900, 1900, 0);
	assert_true(look(3 * SECOND).fall_bytes_per_s == 0);
	assert_true(look(3 * SECOND).fall_span_us == SECOND);
	assert_true(look(3 * SECOND).time_to_empty_us == ROOM_NEVER);
}

/* A burst of 300 MiB in 100 ms after a calm second is 273 MiB a second over the 1.1 s there are. */
TEST(a_fall_is_a_mean_over_a_second_at_least)
{
	sample(0 * SECOND, 2000, 2000, 0);
	sample(SECOND, 2000, 2000, 0);
	sample(SECOND + SECOND / 10, 1700, 1700, 0);
	assert_true(look(SECOND + SECOND / 10).fall_span_us == SECOND + SECOND / 10);
	assert_true(look(SECOND + SECOND / 10).fall_bytes_per_s / MIB == 272);
	/* 16 TiB do not overflow. */
	sample(4 * SECOND, 16u << 20, 16u << 20, 0);
	sample(5 * SECOND, 8u << 20, 8u << 20, 0);
	assert_true(look(5 * SECOND).fall_bytes_per_s == 8ull << 40);
	assert_true(look(5 * SECOND).time_to_empty_us / 1000 == 999);
}

TEST(below_the_line_it_is_empty_now)
{
	sample(1 * SECOND, 150, 150, 0);
	assert_int_equal(look(SECOND).room_bytes, -50 * (int64_t)MIB);
	assert_true(look(SECOND).time_to_empty_us == 0);
	sample(2 * SECOND, 150, 150, 0); /* it rests there */
	assert_true(look(2 * SECOND).fall_bytes_per_s == 0);
	assert_true(look(2 * SECOND).time_to_empty_us == 0);
}

/* --- of some memory nodes ------------------------------------------------------------------------ */

/* Three nodes of 2, 1 and 1 GiB, an online pod on the first and one on the other two. */
static const struct plan bound = {.bounds = {{.nodes = 1}, {.nodes = 6}}, .n_bounds = 2};

static void three_nodes(void)
{
	model.node.memory_nodes = (struct memory_nodes){
		.n = 3,
		.list = {{.id = 0, .bytes = 2 * GIB, .high_bytes = 80 * MIB},
			 {.id = 1, .bytes = GIB, .high_bytes = 40 * MIB},
			 {.id = 2, .bytes = GIB, .high_bytes = 40 * MIB}},
	};
}

/* In MiB: what is free on each; 2000 are in the machine. */
static void nodes_sample(int64_t at_us, uint64_t a, uint64_t b, uint64_t c)
{
	struct node_sample s = {
		.at_us = at_us,
		.valid = SAMPLE_MEMORY,
		.memory_available_bytes = 2000 * MIB,
		.memory_free_bytes = 2000 * MIB,
		.memory_nodes = 7,
		.memory_node = {{a * MIB, 0, 0}, {b * MIB, 0, 0}, {c * MIB, 0, 0}},
	};

	assert_int_equal(ring_add_node(&samples.node, &s), 0);
}

static struct room tightest(int64_t now_us)
{
	struct room room = {0};

	assert_true(room_look(&model, &samples, &bound, now_us, &room));
	return room;
}

TEST(each_set_of_nodes_has_its_own_line)
{
	three_nodes();
	assert_true(room_line_bytes(&model, 1) == 80 * MIB); /* no kubelet's threshold */
	assert_true(room_line_bytes(&model, 2) == 64 * MIB);
	assert_true(room_line_bytes(&model, 6) == 80 * MIB);
	model.node.memory_nodes.list[0].bytes = 100 * GIB;
	assert_true(room_line_bytes(&model, 1) == GIB);
}

TEST(file_pages_of_a_node_count_the_active_ones_half)
{
	struct node_sample s = {.at_us = SECOND, .valid = SAMPLE_MEMORY, .memory_nodes = 7};
	struct room room;

	three_nodes();
	s.memory_node[1] = (struct memory_node_use){100 * MIB, 20 * MIB, 10 * MIB};
	s.memory_node[2] = (struct memory_node_use){MIB, 0, 0};
	assert_int_equal(ring_add_node(&samples.node, &s), 0);
	assert_true(room_of(&model, &samples, 2, SECOND, &room));
	assert_true(room.available_bytes == 125 * MIB);
	assert_true(room.memory_bytes == GIB);
	assert_true(room_of(&model, &samples, 6, SECOND, &room));
	assert_true(room.available_bytes == 126 * MIB);
	assert_true(room.memory_bytes == 2 * GIB);
}

TEST(the_tightest_is_what_is_empty_first_and_where_none_falls_the_least)
{
	three_nodes();
	nodes_sample(1 * SECOND, 900, 300, 300);
	assert_true(tightest(SECOND).nodes == 6); /* 520 of 1800 and 820 */
	nodes_sample(2 * SECOND, 700, 300, 300);
	assert_true(tightest(2 * SECOND).nodes == 1); /* 620, by 200 a second */
	assert_true(tightest(2 * SECOND).fall_bytes_per_s == 200 * MIB);
	assert_true(tightest(2 * SECOND).time_to_empty_us / 100000 == 31);
	/* One that rests below its line hides nothing. */
	nodes_sample(3 * SECOND, 500, 10, 10);
	nodes_sample(4 * SECOND, 300, 10, 10);
	assert_true(tightest(4 * SECOND).nodes == 1);
	nodes_sample(5 * SECOND, 300, 10, 10);
	assert_true(tightest(5 * SECOND).nodes == 6);
	assert_true(tightest(5 * SECOND).time_to_empty_us == 0);
	/* A fall of a few pages does not make it first. */
	nodes_sample(6 * SECOND, 300, 200, 300);
	nodes_sample(7 * SECOND, 300, 200, 300);
	samples.node.ring[(samples.node.head + SAMPLE_RING - 1) % SAMPLE_RING]
		.memory_node[1]
		.free_bytes -= MIB / 2;
	assert_true(tightest(7 * SECOND).nodes == 1);
}

TEST(what_the_ladder_goes_by_stays_until_another_is_nearly_empty)
{
	struct plan up = bound;
	struct room room;

	three_nodes();
	nodes_sample(1 * SECOND, 900, 300, 300);
	nodes_sample(2 * SECOND, 900, 298, 300);
	assert_true(tightest(2 * SECOND).nodes == 6); /* in four minutes */
	up.room_up = true;
	up.room_nodes = 1;
	assert_true(room_look(&model, &samples, &up, 2 * SECOND, &room));
	assert_true(room.nodes == 1);
	nodes_sample(3 * SECOND, 900, 248, 300);
	assert_true(room_look(&model, &samples, &up, 3 * SECOND, &room));
	assert_true(room.nodes == 6); /* in ten seconds */
}

TEST(without_numbers_of_the_nodes_it_is_the_machines)
{
	uint64_t fall;

	three_nodes();
	sample(SECOND, 2000, 2000, 0);
	assert_true(tightest(SECOND).nodes == 0);
	nodes_sample(2 * SECOND, 100, 900, 900);
	assert_true(tightest(2 * SECOND).nodes == 1);
	assert_true(tightest(2 * SECOND).fall_span_us == 0);
	assert_false(room_falls_now(&model, &samples, 1, 0, &fall));
	assert_true(room_falls_now(&model, &samples, 0, 0, &fall));
	nodes_sample(2 * SECOND + 400000, 60, 900, 900);
	assert_true(room_falls_now(&model, &samples, 1, 0, &fall));
	assert_true(fall == 100 * MIB);
	/* Other nodes than the model has. */
	model.node.memory_nodes.list[2].id = 3;
	assert_true(tightest(3 * SECOND).nodes == 0);
}

TEST(what_was_not_measured_lately_is_not_told)
{
	struct room room = {.line_bytes = 7};
	struct node_sample s = {.at_us = 10 * SECOND};

	assert_false(room_look(&model, &samples, NULL, 0, &room));
	sample(SECOND, 2000, 2000, 0);
	assert_false(room_look(&model, &samples, NULL, 7 * SECOND, &room));
	assert_int_equal(ring_add_node(&samples.node, &s), 0);
	assert_false(room_look(&model, &samples, NULL, 10 * SECOND, &room));
	assert_true(room.line_bytes == 7);
	/* Two samples with a long gap between them say nothing of the fall now. */
	sample(11 * SECOND, 1000, 1000, 0);
	sample(30 * SECOND, 500, 500, 0);
	assert_true(look(30 * SECOND).fall_span_us == 0);
	assert_true(look(30 * SECOND).time_to_empty_us == ROOM_NEVER);
}

#define CASE(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_line_is_the_highest_of_four),
		CASE(the_kubelets_count_is_taken_where_it_is_lower_and_there_is_a_kubelet),
		CASE(what_falls_is_empty_at_some_time_and_what_does_not_never),
		CASE(a_fall_is_a_mean_over_a_second_at_least),
		CASE(below_the_line_it_is_empty_now),
		CASE(each_set_of_nodes_has_its_own_line),
		CASE(file_pages_of_a_node_count_the_active_ones_half),
		CASE(the_tightest_is_what_is_empty_first_and_where_none_falls_the_least),
		CASE(what_the_ladder_goes_by_stays_until_another_is_nearly_empty),
		CASE(without_numbers_of_the_nodes_it_is_the_machines),
		CASE(what_was_not_measured_lately_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
