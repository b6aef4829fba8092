// SPDX-License-Identifier: LGPL-2.1-or-later
// The IO ladder and where its bounds are written, second by second on two disks.
#include "policy/ladder_io.h"

#include "policy/decide.h"
#include "policy/efficacy.h"
#include "policy/io_hold.h"
#include "tests/lib/io_case.h"
#include "tests/lib/test.h"

/* web waits behind the hog. */
static const struct io_case_second waits = {.wait = 400, .web = 5, .hog_reads = 90, .tame = 90};
static const struct io_case_second peace = {.web = 5, .hog_reads = 90, .tame = 90};

static uint64_t reads(const struct io_case *c)
{
	return io_case_bound(c, c->class, 0, DISK_READ);
}

static uint64_t writes(const struct io_case *c)
{
	return io_case_bound(c, c->class, 0, DISK_WRITE);
}

static bool nothing_is_held(const struct io_case *c)
{
	for (size_t i = 1; i < c->f.model.n_cgroups; i++)
		for (int k = KNOB_IO_MAX; k <= KNOB_IO_MAX_LAST; k++)
			if (c->f.model.cgroups[i]->knobs[k].owned)
				return false;
	return true;
}

TEST(who_waits_has_what_offline_work_does_on_his_disk_cut_and_nothing_else)
{
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 3, peace);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	io_case_run(&c, 2, waits);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_SQUEEZE);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_IO_WAITS);
	/* Its line of this disk is read first. */
	io_case_run(&c, 1, waits);
	assert_true(reads(&c) > 0 && reads(&c) <= 45);
	assert_int_equal(writes(&c), 0);
	assert_int_equal(io_case_bound(&c, c.class, 1, DISK_READ), 0);
	assert_int_equal(io_case_bound(&c, c.hog->cgroup, 0, DISK_READ), 0);
	assert_int_equal(io_case_bound(&c, c.web->cgroup, 0, DISK_READ), 0);
	/* Down to the floor, and no further; what is gone is what helped, so that nobody is marked. */
	io_case_run(&c, 10, waits);
	assert_int_equal(reads(&c), 10);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_IO_FLOOR);
	io_case_done(&c);
}

TEST(writes_are_cut_when_no_more_of_reads_is_to_be_had)
{
	const struct io_case_second both = {
		.wait = 400, .web = 5, .hog_reads = 60, .hog_writes = 60};
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 4, both);
	assert_true(reads(&c) > 0);
	assert_int_equal(writes(&c), 0);
	io_case_run(&c, 6, both);
	assert_int_equal(reads(&c), 10);
	assert_true(writes(&c) > 0);
	io_case_run(&c, 6, both);
	/* 16 MiB/s of 100: what an online fsync may have to wait for. */
	assert_in_range(writes(&c), 16, 17);
	io_case_done(&c);
}

TEST(calm_gives_it_back_slowly_and_then_all_of_it)
{
	struct io_case c;
	uint64_t low;

	io_case_init(&c);
	io_case_run(&c, 6, waits);
	/* The rule's window is over, and two seconds of calm. */
	io_case_run(&c, 1, peace);
	low = reads(&c);
	io_case_run(&c, 2, peace);
	assert_int_equal(reads(&c), low);
	io_case_run(&c, 5, peace);
	assert_in_range(reads(&c), low + 1, low + 12);
	io_case_run(&c, 60, peace);
	assert_true(nothing_is_held(&c));
	io_case_run(&c, 20, peace);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_RELEASED);
	io_case_done(&c);
}

TEST(where_it_hurt_again_is_remembered)
{
	struct io_case c;
	uint64_t mark;

	io_case_init(&c);
	io_case_run(&c, 12, waits);
	while (reads(&c) < 30)
		io_case_run(&c, 1, peace);
	mark = reads(&c);
	io_case_run(&c, 2, waits);
	assert_true(reads(&c) <= mark / 2);
	io_case_run(&c, 40, peace);
	assert_in_range(reads(&c), mark * 3 / 4, mark * 7 / 8 + 1);
	io_case_run(&c, 15, peace);
	assert_in_range(reads(&c), mark * 3 / 4, mark * 7 / 8 + 1);
	io_case_done(&c);
}

TEST(an_online_pod_that_rests_needs_no_hold)
{
	const struct io_case_second rests = {.hog_reads = 90, .tame = 90};
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 12, waits);
	assert_int_equal(reads(&c), 10);
	io_case_run(&c, 10, rests);
	assert_true(reads(&c) < 40);
	io_case_run(&c, 12, rests);
	assert_true(nothing_is_held(&c));
	io_case_done(&c);
}

TEST(pressure_on_one_disk_never_limits_work_on_another)
{
	const struct io_case_second other = {.db_wait = 400, .web = 5, .hog_reads = 90, .tame = 90};
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 6, other);
	assert_int_equal(reads(&c), 0);
	assert_true(io_case_bound(&c, c.class, 1, DISK_READ) > 0);
	/* Both. */
	io_case_run(&c, 6,
		    (struct io_case_second){
			    .wait = 400, .db_wait = 400, .web = 5, .hog_reads = 90, .tame = 90});
	assert_true(reads(&c) > 0);
	assert_true(io_case_bound(&c, c.class, 1, DISK_READ) > 0);
	io_case_done(&c);
}

static void holds_nobody(struct io_case_second s)
{
	struct io_case_second before = s;
	struct io_case c;

	io_case_init(&c);
	before.wait = 0;
	io_case_run(&c, 3, before);
	io_case_run(&c, 15, s);
	assert_int_equal(io_case_ladder(&c)->steps, 0);
	assert_true(nothing_is_held(&c));
	io_case_done(&c);
}

TEST(who_waits_by_his_own_doing_holds_nobody)
{
	struct io_case_second s = waits;

	/* A bound of its own. */
	s.bounded = true;
	holds_nobody(s);
	/* It does nothing there, nobody offline does, or not so much. */
	s = waits;
	s.web = 0;
	holds_nobody(s);
	s = waits;
	s.hog_reads = 0;
	holds_nobody(s);
	s = waits;
	s.web = 90;
	s.hog_reads = 5;
	holds_nobody(s);
	/* Nobody knows what they do. */
	s = waits;
	s.unseen = true;
	holds_nobody(s);
}

TEST(a_disk_that_has_time_left_is_not_what_is_waited_for)
{
	struct io_case_second s = waits;

	s.has_time = true;
	holds_nobody(s);
}

TEST(writes_to_where_memory_is_swapped_are_not_bounded_while_it_is_short)
{
	const struct io_case_second s = {.wait = 400, .web = 5, .hog_writes = 90};
	struct io_case c;

	io_case_init(&c);
	c.f.model.disks.list[0].swap = true;
	c.f.policy.pressure_memory = c.f.policy.pressure_io;
	c.f.policy.pressure_memory.steps = 1u << ACTION_SQUEEZE_MEMORY;
	io_case_run(&c, 6, s);
	assert_true(writes(&c) > 0);
	c.f.ladders.of[RESOURCE_MEMORY].rung = RUNG_SQUEEZE;
	c.f.ladders.of[RESOURCE_MEMORY].pressure_us = c.now_us;
	io_case_run(&c, 1, s);
	assert_int_equal(c.f.ladders.of[RESOURCE_MEMORY].rung, RUNG_SQUEEZE);
	assert_int_equal(writes(&c), 0);
	io_case_done(&c);
}

TEST(a_hold_that_is_no_help_is_undone_and_rests)
{
	struct io_case c;
	int64_t until_us = 0;

	io_case_init(&c);
	io_case_run(&c, 25, waits);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_INEFFECTIVE);
	assert_true(efficacy_rests(&io_case_ladder(&c)->efficacy, c.web, c.now_us, &until_us));
	assert_true(nothing_is_held(&c));
	io_case_run(&c, 250, waits);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	io_case_run(&c, 60, waits);
	assert_true(io_case_ladder(&c)->steps > 2);
	io_case_done(&c);
}

TEST(a_cut_that_made_things_worse_is_undone)
{
	struct io_case_second s = {.wait = 200, .web = 5, .hog_writes = 90};
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 4, s);
	assert_true(writes(&c) > 0);
	s.wait = 600;
	io_case_run(&c, 7, s);
	assert_int_equal(writes(&c), 0);
	assert_true(nothing_is_held(&c));
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_IO_WORSE);
	assert_string_equal(io_case_ladder(&c)->reason.who, c.web->name);
	io_case_run(&c, 60, s);
	assert_int_equal(writes(&c), 0);
	/* Reads may be cut all the same. */
	s.hog_reads = 90;
	s.hog_writes = 0;
	io_case_run(&c, 4, s);
	assert_true(reads(&c) > 0);
	io_case_done(&c);
}

TEST(what_is_not_written_does_no_harm)
{
	struct io_case_second s = {.wait = 200, .web = 5, .hog_writes = 90};
	struct io_case c;

	io_case_init(&c);
	c.watches = true;
	io_case_run(&c, 4, s);
	assert_int_equal(writes(&c), 0);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_SQUEEZE);
	s.wait = 600;
	io_case_run(&c, 10, s);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_SQUEEZE);
	assert_int_equal(io_case_ladder(&c)->reason.code, REASON_IO_FLOOR);
	assert_int_equal(c.f.ladders.io.of[0].of[DISK_WRITE].rest_us, 0);
	io_case_done(&c);
}

TEST(the_place_of_a_hold_that_rests_is_the_last_to_be_taken)
{
	struct io_holds *holds;
	struct io_case c;

	io_case_init(&c);
	holds = &c.f.ladders.io;
	io_case_run(&c, 1, peace);
	/* All four are of disks that are there, and none is on; the one that rests was pressed before the others. */
	c.f.model.disks.n = 6;
	c.f.samples.uses.n = 6;
	for (uint32_t i = 2; i < 6; i++) {
		c.f.model.disks.list[i] = (struct disk){.major = 8, .minor = 16 * i};
		c.f.samples.uses.list[i] = (struct disk_use){.major = 8, .minor = 16 * i};
		holds->of[i - 2] = (struct io_hold){
			.major = 8, .minor = 16 * i, .pressure_us = c.now_us - i * IO_CASE_SECOND};
	}
	holds->of[3].of[DISK_READ].rest_us = c.now_us + IO_HOLD_REST_US;
	io_case_run(&c, 3, waits);
	assert_int_equal(holds->of[3].minor, 16 * 5);
	assert_true(reads(&c) > 0);
	io_case_done(&c);
}

TEST(a_disk_that_goes_takes_its_hold_along)
{
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 6, waits);
	assert_true(reads(&c) > 0);
	c.f.model.disks.list[0] = c.f.model.disks.list[1];
	c.f.model.disks.n = 1;
	io_case_run(&c, 1, peace);
	assert_int_equal(c.f.ladders.io.of[0].major, 0);
	assert_true(nothing_is_held(&c));
	io_case_done(&c);
}

TEST(without_a_rule_a_level_or_the_capability_nothing_is_held)
{
	struct io_case c;

	io_case_init(&c);
	c.f.policy.levels[LEVEL_P7].io.squeeze = false;
	io_case_run(&c, 10, waits);
	assert_int_equal(io_case_ladder(&c)->steps, 0);
	c.f.policy.levels[LEVEL_P7].io.squeeze = true;
	c.f.model.capabilities &= ~(1u << CAPABILITY_IO_MAX);
	io_case_run(&c, 10, waits);
	assert_int_equal(io_case_ladder(&c)->steps, 0);
	c.f.model.capabilities |= 1u << CAPABILITY_IO_MAX;
	io_case_run(&c, 4, waits);
	assert_true(reads(&c) > 0);
	/* It ends with what asked for it. */
	c.f.policy.pressure_io.on = false;
	io_case_run(&c, 1, waits);
	assert_true(nothing_is_held(&c));
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	io_case_done(&c);
}

TEST(a_class_where_somebody_waits_for_facts_is_left_alone_and_its_pods_are_held)
{
	struct pod *unknown;
	struct io_case c;

	io_case_init(&c);
	unknown = fake_pod(&c.f,
			   "kubepods.slice/kubepods-besteffort.slice/"
			   "kubepods-besteffort-podnew.slice",
			   QOS_BESTEFFORT);
	fake_waiting(&c.f, unknown);
	io_case_run(&c, 6, waits);
	assert_int_equal(reads(&c), 0);
	assert_true(io_case_bound(&c, c.hog->cgroup, 0, DISK_READ) > 0);
	assert_int_equal(io_case_bound(&c, unknown->cgroup, 0, DISK_READ), 0);
	/* It does nothing on this disk, and has no line of it. */
	assert_int_equal(io_case_bound(&c, c.tame->cgroup, 0, DISK_READ), 0);
	io_case_done(&c);
}

TEST(what_somebody_else_bounds_as_tightly_is_left_to_him)
{
	struct io_case c;
	struct knob_state *s;

	io_case_init(&c);
	while (c.f.ladders.io.of[0].major == 0)
		io_case_run(&c, 1, waits);
	s = &c.class->knobs[KNOB_IO_MAX];
	s->now.state = KNOB_KNOWN;
	s->now.io = (struct io_max){
		.major = 8,
		.bytes = {5 * IO_CASE_MIB, KNOB_VALUE_MAX},
		.requests = {KNOB_VALUE_MAX, KNOB_VALUE_MAX},
	};
	io_case_run(&c, 4, waits);
	assert_false(s->owned);
	assert_int_equal(reads(&c), 5);
	io_case_done(&c);
}

TEST(a_disk_of_which_nothing_is_measured_is_held_for_nobody)
{
	struct io_case_second blind = waits;
	struct io_case c;

	blind.no_stat = true;
	io_case_init(&c);
	io_case_run(&c, 10, blind);
	assert_int_equal(io_case_ladder(&c)->rung, RUNG_CALM);
	assert_true(nothing_is_held(&c));
	/* What is held stays so: that it was busy is known. */
	io_case_run(&c, 6, waits);
	assert_true(reads(&c) > 0);
	io_case_run(&c, 3, blind);
	assert_true(reads(&c) > 0);
	io_case_done(&c);
}

TEST(who_wants_to_know_of_disks_is_who_begins_to_wait)
{
	struct io_case c;

	io_case_init(&c);
	io_case_run(&c, 3, peace);
	assert_false(ladder_io_wants_disks(&c.f.ladders, &c.f.model, &c.f.samples, &c.f.policy,
					   &c.f.plan));
	io_case_run(&c, 1, (struct io_case_second){.wait = 60, .web = 5});
	assert_true(ladder_io_wants_disks(&c.f.ladders, &c.f.model, &c.f.samples, &c.f.policy,
					  &c.f.plan));
	c.f.policy.levels[LEVEL_P7].io.squeeze = false;
	assert_false(ladder_io_wants_disks(&c.f.ladders, &c.f.model, &c.f.samples, &c.f.policy,
					   &c.f.plan));
	c.f.policy.levels[LEVEL_P7].io.squeeze = true;
	io_case_run(&c, 3, waits);
	io_case_run(&c, 5, peace);
	/* As long as anything is held. */
	assert_true(ladder_io_wants_disks(&c.f.ladders, &c.f.model, &c.f.samples, &c.f.policy,
					  &c.f.plan));
	io_case_done(&c);
}

TEST(a_load_that_does_not_change_soon_moves_nothing)
{
	struct io_case c;
	size_t before;

	io_case_init(&c);
	/* It waits where the hog does more than 40 MiB/s. */
	for (int i = 0; i < 240; i++) {
		struct io_case_second s = peace;

		s.wait = c.did[DISK_READ] > 40 ? 200 : 0;
		io_case_run(&c, 1, s);
	}
	before = c.n_writes;
	for (int i = 0; i < 120; i++) {
		struct io_case_second s = peace;

		s.wait = c.did[DISK_READ] > 40 ? 200 : 0;
		io_case_run(&c, 1, s);
	}
	assert_in_range(c.n_writes - before, 0, 12);
	assert_in_range(c.did[DISK_READ], 25, 41);
	io_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			who_waits_has_what_offline_work_does_on_his_disk_cut_and_nothing_else),
		cmocka_unit_test(writes_are_cut_when_no_more_of_reads_is_to_be_had),
		cmocka_unit_test(calm_gives_it_back_slowly_and_then_all_of_it),
		cmocka_unit_test(where_it_hurt_again_is_remembered),
		cmocka_unit_test(an_online_pod_that_rests_needs_no_hold),
		cmocka_unit_test(pressure_on_one_disk_never_limits_work_on_another),
		cmocka_unit_test(who_waits_by_his_own_doing_holds_nobody),
		cmocka_unit_test(a_disk_that_has_time_left_is_not_what_is_waited_for),
		cmocka_unit_test(
			writes_to_where_memory_is_swapped_are_not_bounded_while_it_is_short),
		cmocka_unit_test(a_hold_that_is_no_help_is_undone_and_rests),
		cmocka_unit_test(a_cut_that_made_things_worse_is_undone),
		cmocka_unit_test(what_is_not_written_does_no_harm),
		cmocka_unit_test(the_place_of_a_hold_that_rests_is_the_last_to_be_taken),
		cmocka_unit_test(a_disk_that_goes_takes_its_hold_along),
		cmocka_unit_test(without_a_rule_a_level_or_the_capability_nothing_is_held),
		cmocka_unit_test(
			a_class_where_somebody_waits_for_facts_is_left_alone_and_its_pods_are_held),
		cmocka_unit_test(what_somebody_else_bounds_as_tightly_is_left_to_him),
		cmocka_unit_test(a_disk_of_which_nothing_is_measured_is_held_for_nobody),
		cmocka_unit_test(who_wants_to_know_of_disks_is_who_begins_to_wait),
		cmocka_unit_test(a_load_that_does_not_change_soon_moves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
