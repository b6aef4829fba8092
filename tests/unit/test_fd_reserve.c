// SPDX-License-Identifier: LGPL-2.1-or-later
// Out of file descriptors, a hold still ends, and what is kept back is kept back again.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/base/fd_reserve.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"

static struct rlimit limit_before;

static int taken[1024];
static size_t n_taken;

/* No descriptor below the limit is free, as after a leak. */
static void take_all(void)
{
	struct rlimit limit = {64, 64};

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit_before), 0);
	limit.rlim_max = limit_before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (n_taken = 0; (taken[n_taken] = dup(0)) >= 0;)
		n_taken++;
	assert_int_equal(errno, EMFILE);
}

static void give_all(void)
{
	while (n_taken > 0)
		(void)close(taken[--n_taken]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit_before), 0);
}

TEST(what_is_lent_can_be_used_and_is_taken_back)
{
	struct fd_reserve reserve = FD_RESERVE_NONE;
	int fds[FD_RESERVE_SIZE];

	fd_reserve_fill(&reserve, 0);
	take_all();
	fd_reserve_lend(&reserve);
	for (int i = 0; i < FD_RESERVE_SIZE; i++) {
		fds[i] = dup(0);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(dup(0), -1);
	(void)close(fds[0]);
	/* One is there again: one is kept, and that is no error. */
	fd_reserve_fill(&reserve, 0);
	assert_true(reserve.fds[0] >= 0);
	assert_int_equal(reserve.fds[1], -EBADF);
	for (int i = 1; i < FD_RESERVE_SIZE; i++)
		(void)close(fds[i]);
	fd_reserve_fill(&reserve, 0);
	assert_true(reserve.fds[FD_RESERVE_SIZE - 1] >= 0);
	assert_int_equal(dup(0), -1);
	fd_reserve_lend(&reserve);
	give_all();
}

TEST(without_descriptors_a_hold_ends_and_its_record_with_it)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	apply_set_hook(s->k.apply, NULL, NULL);
	take_all();
	apply_end_holds(s->k.apply, &s->k.f.model, &done);
	assert_int_equal(done.restored, 1);
	assert_int_equal(done.left, 0);
	assert_true(s->k.apply->reserve.fds[FD_RESERVE_SIZE - 1] >= 0);
	give_all();
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	assert_null(apply_case_record(s, s->class, KNOB_CPU_MAX));
}

/* The plan asks for it no more: the way out of a squeeze. */
TEST(without_descriptors_a_pass_lifts_a_hold)
{
	struct apply_case *s = *state;

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	apply_set_hook(s->k.apply, NULL, NULL);
	plan_clear(&s->k.f.plan);
	take_all();
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	give_all();
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
}

/* Discovery lost the cgroup out of sight, for whatever reason: nobody would lift its hold. */
TEST(a_hold_on_a_cgroup_that_the_model_has_not_is_ended)
{
	struct apply_case *s = *state;
	struct model empty = {0};

	fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, 5000);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 3);
	assert_int_equal(fake_kernel_pass(&s->k), 2);
	apply_set_hook(s->k.apply, NULL, NULL);
	apply_adopt(s->k.apply, &empty);
	assert_true(apply_case_value(s, APPLY_CLASS, KNOB_CPU_MAX) == KNOB_VALUE_MAX);
	assert_int_equal(apply_case_value(s, APPLY_CLASS, KNOB_CPU_WEIGHT), 3);
	assert_non_null(apply_case_record(s, s->class, KNOB_CPU_WEIGHT));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_lent_can_be_used_and_is_taken_back),
		CASE(without_descriptors_a_hold_ends_and_its_record_with_it),
		CASE(without_descriptors_a_pass_lifts_a_hold),
		CASE(a_hold_on_a_cgroup_that_the_model_has_not_is_ended),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
