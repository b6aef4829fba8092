// SPDX-License-Identifier: LGPL-2.1-or-later
// SetMode and Pause over restarts: what they say of the mode, and what of it a new agent finds in
// /run/colod/control, whole, damaged, or of an earlier boot.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/control.h"
#include "policy/mode.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define S_US INT64_C(1000000)

static const struct history_caller root = {.known = true, .uid = 0, .pid = 4711, .comm = "coloctl"};

static char *dir;
static int fd;
static struct state s;

static int setup(void **state)
{
	(void)state;
	log_open(LOG_EMERG);
	memset(&s, 0, sizeof(s));
	if (tree_make(NULL, &dir) < 0)
		return -1;
	fd = tree_open(dir);
	s.state_fd = fd;
	return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	tree_remove(dir);
	return 0;
}

/* What a new agent makes of the record. */
static void restart(void)
{
	memset(&s, 0, sizeof(s));
	s.state_fd = fd;
	control_load(&s);
}

static struct modes modes_at(int64_t now_us)
{
	struct modes modes;

	memset(&s.status.mode_says, 0, sizeof(s.status.mode_says));
	control_say(&s, now_us);
	mode_lowest(&s.status.mode_says, &modes);
	return modes;
}

static bool has_file(void)
{
	return faccessat(fd, "control", F_OK, 0) == 0;
}

TEST(set_mode_lowers_its_scope_and_survives_a_restart)
{
	struct modes m;

	assert_int_equal(control_set_mode(&s, RESOURCE_MEMORY, MODE_OBSERVE, &root), 0);
	assert_int_equal(control_set_mode(&s, RESOURCE_INVALID, MODE_SQUEEZE, &root), 0);
	for (int round = 0; round < 2; round++, restart()) {
		m = modes_at(S_US);
		assert_int_equal(m.all, MODE_SQUEEZE);
		assert_int_equal(m.by[RESOURCE_CPU], MODE_SQUEEZE);
		assert_int_equal(m.by[RESOURCE_MEMORY], MODE_OBSERVE);
		assert_int_equal(m.by_from[RESOURCE_MEMORY], MODE_SOURCE_BUS);
		assert_non_null(strstr(mode_why(&s.status.mode_says, &m, RESOURCE_MEMORY),
				       "SetMode by uid 0 (coloctl, pid 4711) at 20"));
	}
}

TEST(full_takes_back_what_was_said_of_that_scope_only)
{
	struct modes m;

	control_set_mode(&s, RESOURCE_MEMORY, MODE_OBSERVE, &root);
	control_set_mode(&s, RESOURCE_INVALID, MODE_PROTECT, &root);
	assert_int_equal(control_set_mode(&s, RESOURCE_INVALID, MODE_FULL, &root), 0);
	m = modes_at(S_US);
	assert_int_equal(m.all, MODE_FULL);
	assert_int_equal(m.by[RESOURCE_MEMORY], MODE_OBSERVE);
	assert_true(has_file());
	assert_int_equal(control_set_mode(&s, RESOURCE_MEMORY, MODE_FULL, &root), 0);
	assert_int_equal(modes_at(S_US).by[RESOURCE_MEMORY], MODE_FULL);
	assert_false(has_file());
}

TEST(a_pause_observes_until_its_time_is_up_also_over_a_restart)
{
	assert_int_equal(control_pause(&s, 60, 100 * S_US, &root), 0);
	assert_int_equal(modes_at(100 * S_US).all, MODE_OBSERVE);
	assert_int_equal(s.status.pause_until_us, 160 * S_US);
	restart();
	assert_int_equal(modes_at(160 * S_US - 1).all, MODE_OBSERVE);
	assert_non_null(
		strstr(s.status.mode_says.all[MODE_SOURCE_PAUSE].why, "paused for 1 min by uid 0"));
	assert_int_equal(modes_at(160 * S_US).all, MODE_FULL);
	assert_int_equal(s.status.pause_until_us, 0);
	assert_false(has_file());
	/* The time has passed while no agent ran. */
	assert_int_equal(control_pause(&s, 60, 100 * S_US, &root), 0);
	restart();
	assert_int_equal(modes_at(900 * S_US).all, MODE_FULL);
}

TEST(a_pause_without_an_end_waits_for_resume)
{
	assert_int_equal(control_pause(&s, 0, 100 * S_US, &root), 0);
	restart();
	assert_int_equal(modes_at(INT64_MAX).all, MODE_OBSERVE);
	assert_int_equal(control_resume(&s, &root), 0);
	assert_int_equal(modes_at(0).all, MODE_FULL);
	assert_false(has_file());
}

TEST(the_last_pause_counts_and_resume_leaves_set_mode_alone)
{
	control_set_mode(&s, RESOURCE_INVALID, MODE_PROTECT, &root);
	control_pause(&s, 0, 100 * S_US, &root);
	control_pause(&s, 7, 100 * S_US, &root);
	assert_int_equal(modes_at(106 * S_US).all, MODE_OBSERVE);
	assert_int_equal(modes_at(107 * S_US).all, MODE_PROTECT);
	control_pause(&s, 7200, 100 * S_US, &root);
	control_resume(&s, &root);
	assert_int_equal(modes_at(108 * S_US).all, MODE_PROTECT);
}

TEST(a_pause_that_nobody_would_wait_for_is_refused)
{
	assert_int_equal(control_pause(&s, CONTROL_PAUSE_MAX_S + UINT64_C(1), 0, &root), -EINVAL);
	assert_int_equal(control_pause(&s, UINT64_MAX, 0, &root), -EINVAL);
	assert_int_equal(modes_at(1).all, MODE_FULL);
	assert_int_equal(control_pause(&s, CONTROL_PAUSE_MAX_S, 0, &root), 0);
}

TEST(a_damaged_record_observes_until_somebody_resumes)
{
	assert_int_equal(tree_write(dir, "control", "colod-control 1 x\nmode all pro"), 0);
	restart();
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
	assert_int_equal(modes_at(1).all_from, MODE_SOURCE_CONTROL);
	/* What is asked for meanwhile does not make it whole again. */
	assert_int_equal(control_set_mode(&s, RESOURCE_INVALID, MODE_PROTECT, &root), 0);
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
	restart();
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
	assert_int_equal(control_resume(&s, &root), 0);
	restart();
	assert_int_equal(modes_at(1).all, MODE_PROTECT);
}

TEST(a_record_that_is_too_long_is_damaged_too)
{
	char text[2 * CONTROL_TEXT_SIZE];

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(tree_write(dir, "control", text), 0);
	restart();
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
}

TEST(a_record_that_cannot_be_read_once_counts_as_soon_as_it_can)
{
	assert_int_equal(control_set_mode(&s, RESOURCE_INVALID, MODE_PROTECT, &root), 0);
	fault_begin();
	fault_set(SYS_READ, 1, -EIO);
	restart();
	assert_true(fault_was_met());
	fault_end();
	assert_true(s.control_unread);
	assert_int_equal(modes_at(1).all, MODE_PROTECT);
	assert_false(s.control_unread);
	assert_false(s.control.damaged);
}

TEST(while_a_record_cannot_be_read_it_is_observed)
{
	assert_int_equal(tree_write(dir, "control/x", ""), 0); /* a directory */
	restart();
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
	assert_int_equal(modes_at(2).all, MODE_OBSERVE);
	assert_int_equal(modes_at(2).all_from, MODE_SOURCE_CONTROL);
	/* What somebody asks takes its place, and what it said stays unknown. */
	assert_int_equal(tree_delete(dir, "control"), 0);
	assert_int_equal(control_set_mode(&s, RESOURCE_INVALID, MODE_PROTECT, &root), 0);
	assert_int_equal(modes_at(3).all, MODE_OBSERVE);
	restart();
	assert_int_equal(modes_at(4).all, MODE_OBSERVE);
	assert_int_equal(control_resume(&s, &root), 0);
	assert_int_equal(modes_at(5).all, MODE_PROTECT);
}

TEST(the_record_of_an_earlier_boot_is_dropped)
{
	assert_int_equal(tree_write(dir, "control",
				    "colod-control 1 another-boot\n"
				    "pause 0 0 5 0 1 sh\nend\n"),
			 0);
	restart();
	assert_int_equal(modes_at(1).all, MODE_FULL);
	assert_false(has_file());
}

TEST(a_full_disk_is_said_and_the_record_follows_when_there_is_room)
{
	fault_begin();
	fault_set_from(SYS_WRITE, 1, -ENOSPC);
	assert_int_equal(control_set_mode(&s, RESOURCE_INVALID, MODE_OBSERVE, &root), -ENOSPC);
	/* It is in force, and no half a record stands. */
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
	fault_end();
	assert_false(has_file());
	assert_int_equal(faccessat(fd, "control.new", F_OK, 0), -1);
	assert_int_equal(modes_at(2).all, MODE_OBSERVE);
	assert_true(has_file());
	restart();
	assert_int_equal(modes_at(3).all, MODE_OBSERVE);
}

/* The write is cut, or the process dies, at any point: the old record or the new one is found. */
TEST(no_cut_write_ends_a_pause)
{
	for (int call = SYS_OPEN; call <= SYS_MAKE; call++) {
		assert_int_equal(control_pause(&s, 0, 1, &root), 0);
		fault_begin();
		fault_set_from((enum sys_call)call, 1, call == SYS_WRITE ? 20 : -EIO);
		(void)control_set_mode(&s, RESOURCE_CPU, MODE_OFF, &root);
		fault_end();
		restart();
		assert_int_equal(modes_at(1).all, MODE_OBSERVE);
		assert_int_equal(modes_at(1).all_from, MODE_SOURCE_PAUSE);
		control_set_mode(&s, RESOURCE_CPU, MODE_FULL, &root);
	}
}

TEST(an_unchanged_pass_writes_nothing)
{
	control_pause(&s, 60, 1, &root);
	fault_begin();
	(void)modes_at(2);
	(void)modes_at(3);
	assert_int_equal(fault_count(SYS_OPEN) + fault_count(SYS_WRITE) + fault_count(SYS_UNLINK),
			 0);
	fault_end();
}

TEST(without_a_state_directory_it_lives_in_memory)
{
	s.state_fd = -EBADF;
	assert_int_equal(control_pause(&s, 0, 1, &root), 0);
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
	control_load(&s);
	assert_int_equal(modes_at(1).all, MODE_OBSERVE);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(set_mode_lowers_its_scope_and_survives_a_restart),
		UNIT(full_takes_back_what_was_said_of_that_scope_only),
		UNIT(a_pause_observes_until_its_time_is_up_also_over_a_restart),
		UNIT(a_pause_without_an_end_waits_for_resume),
		UNIT(the_last_pause_counts_and_resume_leaves_set_mode_alone),
		UNIT(a_pause_that_nobody_would_wait_for_is_refused),
		UNIT(a_damaged_record_observes_until_somebody_resumes),
		UNIT(a_record_that_is_too_long_is_damaged_too),
		UNIT(a_record_that_cannot_be_read_once_counts_as_soon_as_it_can),
		UNIT(while_a_record_cannot_be_read_it_is_observed),
		UNIT(the_record_of_an_earlier_boot_is_dropped),
		UNIT(a_full_disk_is_said_and_the_record_follows_when_there_is_room),
		UNIT(no_cut_write_ends_a_pause),
		UNIT(an_unchanged_pass_writes_nothing),
		UNIT(without_a_state_directory_it_lives_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
