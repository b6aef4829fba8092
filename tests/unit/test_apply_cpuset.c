// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of CPUs and partitions as apply writes them: what is recorded and given back, and what becomes of
// a partition that the kernel takes and does not grant.
#include "tests/lib/test.h"

#include <string.h>

#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/tree.h"

#define NOT_ROOT "root invalid (Parent is not a partition root)"

static const char *text(struct apply_case *s, const char *path, enum knob knob)
{
	static char buf[KNOB_TEXT_SIZE];
	struct knob_value value = fake_kernel_value(&s->k, path, knob);

	return knob_format(knob, &value, buf, sizeof(buf));
}

/* What the machine has in its file, without the newline. */
static const char *file(struct apply_case *s, const char *path, enum knob knob)
{
	static char buf[64];

	assert_int_equal(tree_knob_read(s->k.dir, path, knob_name(knob), buf, sizeof(buf)), 0);
	return buf;
}

static void plan_own_cores(struct apply_case *s)
{
	fake_plan_cpus(&s->k.f, s->online, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, "2-3");
	fake_plan_cpus(&s->k.f, s->online->parent, KNOB_CPUSET_EXCLUSIVE, EFFECT_PROTECTION, "2-3");
	fake_kernel_plan(&s->k, s->online, KNOB_CPUSET_PARTITION, EFFECT_PROTECTION,
			 PARTITION_ROOT);
}

TEST(own_cores_are_written_owned_and_given_back_in_full)
{
	struct apply_case *s = *state;

	plan_own_cores(s);
	assert_int_equal(fake_kernel_pass(&s->k), 3);
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_PARTITION), "root");
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_EXCLUSIVE), "2-3");
	assert_true(s->online->knobs[KNOB_CPUSET_PARTITION].owned);
	assert_int_equal(fake_kernel_pass(&s->k), 0);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 3);
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_PARTITION), "member");
	assert_string_equal(file(s, APPLY_ONLINE, KNOB_CPUSET_EXCLUSIVE), "");
	assert_string_equal(file(s, "kubepods.slice", KNOB_CPUSET_EXCLUSIVE), "");
	assert_false(s->online->knobs[KNOB_CPUSET_PARTITION].owned);
}

TEST(after_a_kill_the_records_alone_give_all_of_it_back)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	fake_plan_cpus(&s->k.f, s->hog, KNOB_CPUSET_CPUS, EFFECT_LIMIT, "0-1");
	plan_own_cores(s);
	assert_int_equal(fake_kernel_pass(&s->k), 4);
	fake_kernel_end(&s->k);
	fake_kernel_start(&s->k);
	/* The kernel has stopped granting it meanwhile: it is still what colod asked for. */
	assert_int_equal(tree_knob(s->k.dir, APPLY_ONLINE, "cpuset.cpus.partition", NOT_ROOT), 0);
	done = apply_case_restore(s);
	assert_int_equal(done.restored, 4);
	assert_int_equal(done.left, 0);
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_PARTITION), "member");
	assert_string_equal(file(s, APPLY_HOG, KNOB_CPUSET_CPUS), "");
	assert_string_equal(file(s, "kubepods.slice", KNOB_CPUSET_EXCLUSIVE), "");
}

TEST(what_somebody_else_wrote_since_is_left)
{
	struct apply_case *s = *state;
	struct apply_restored done;

	plan_own_cores(s);
	assert_int_equal(fake_kernel_pass(&s->k), 3);
	assert_int_equal(tree_knob(s->k.dir, APPLY_ONLINE, "cpuset.cpus.exclusive", "1"), 0);
	assert_int_equal(tree_knob(s->k.dir, APPLY_ONLINE, "cpuset.cpus.partition", "isolated"), 0);
	done = apply_case_restore(s);
	assert_int_equal(done.restored, 1);
	assert_int_equal(done.foreign, 2);
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_PARTITION), "isolated");
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_EXCLUSIVE), "1");
}

/* The write succeeds; only the read-back says that it came to nothing. */
TEST(a_partition_that_is_not_granted_is_refused_owned_and_given_back_with_the_plan)
{
	struct apply_case *s = *state;
	const struct knob_state *p = &s->online->knobs[KNOB_CPUSET_PARTITION];
	const struct change *c;

	plan_own_cores(s);
	s->k.race_knob = KNOB_CPUSET_PARTITION;
	s->k.race_text = NOT_ROOT;
	(void)fake_kernel_pass(&s->k);
	c = &s->k.changes.list[s->k.changes.n - 1];
	assert_int_equal(c->knob, KNOB_CPUSET_PARTITION);
	assert_false(c->done);
	assert_int_equal(c->refusal, REFUSAL_INVALID);
	assert_true(p->owned);
	assert_string_equal(knob_partition_why(&p->now), "Parent is not a partition root");
	/* Asked for once more, which is no fight with anybody; then whoever plans gives up. */
	s->k.race_text = NOT_ROOT;
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_int_equal(apply_drift(s->k.apply).rewrites, 0);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 3);
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_PARTITION), "member");
	assert_string_equal(file(s, APPLY_ONLINE, KNOB_CPUSET_EXCLUSIVE), "");
	assert_string_equal(file(s, "kubepods.slice", KNOB_CPUSET_EXCLUSIVE), "");
	assert_null(apply_case_record(s, s->online, KNOB_CPUSET_PARTITION));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, apply_case_setup, apply_case_teardown)

/* Which a kernel would not take from a cgroup with processes. */
TEST(no_set_is_given_back_as_every_cpu)
{
	struct apply_case *s = *state;

	assert_int_equal(tree_write(s->k.dir, "sys/devices/system/cpu/possible", "0-7\n"), 0);
	fake_plan_cpus(&s->k.f, s->online, KNOB_CPUSET_CPUS, EFFECT_SHARE, "2-3");
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_string_equal(text(s, APPLY_ONLINE, KNOB_CPUSET_CPUS), "2-3");
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_string_equal(file(s, APPLY_ONLINE, KNOB_CPUSET_CPUS), "0-7");
	assert_false(s->online->knobs[KNOB_CPUSET_CPUS].owned);
	/* a set of somebody's comes back as it was */
	assert_int_equal(tree_knob(s->k.dir, APPLY_ONLINE, "cpuset.cpus", "1"), 0);
	fake_kernel_read(&s->k);
	fake_plan_cpus(&s->k.f, s->online, KNOB_CPUSET_CPUS, EFFECT_SHARE, "2-3");
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_string_equal(file(s, APPLY_ONLINE, KNOB_CPUSET_CPUS), "1");
}

TEST(where_nobody_says_which_cpus_there_may_be_no_set_is_no_set)
{
	struct apply_case *s = *state;

	fake_plan_cpus(&s->k.f, s->online, KNOB_CPUSET_CPUS, EFFECT_SHARE, "2-3");
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	plan_clear(&s->k.f.plan);
	assert_int_equal(fake_kernel_pass(&s->k), 1);
	assert_string_equal(file(s, APPLY_ONLINE, KNOB_CPUSET_CPUS), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(own_cores_are_written_owned_and_given_back_in_full),
		CASE(after_a_kill_the_records_alone_give_all_of_it_back),
		CASE(what_somebody_else_wrote_since_is_left),
		CASE(a_partition_that_is_not_granted_is_refused_owned_and_given_back_with_the_plan),
		CASE(no_set_is_given_back_as_every_cpu),
		CASE(where_nobody_says_which_cpus_there_may_be_no_set_is_no_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
