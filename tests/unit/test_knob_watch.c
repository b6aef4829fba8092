// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is watched, and that what goes takes its watches along: counted in the kernel's own list of this
// process's watches. What cgroupfs notifies is a VM test (24-drift).
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/knob.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/discover_case.h"
#include "tests/lib/tree.h"

#define POD_A "kubepods.slice/kubepods-pod11111111_aaaa_4bbb_8ccc_000000000001.slice"
#define POD_B                                                                                      \
	"kubepods.slice/kubepods-burstable.slice/"                                                 \
	"kubepods-burstable-pod22222222_aaaa_4bbb_8ccc_000000000002.slice"

static unsigned kernel_watches(const struct discover_case *p)
{
	char path[64], line[256];
	unsigned n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", discover_inotify_fd(p->d));
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strncmp(line, "inotify wd:", 11) == 0;
	(void)fclose(f);
	return n;
}

/* As apply does after a write. */
static void own(struct discover_case *p, const char *path, enum knob knob)
{
	struct knob_state *s = &discover_case_cgroup(p->m, path)->knobs[knob];

	assert_int_equal(s->now.state, KNOB_KNOWN);
	s->owned = true;
	s->original = s->written = s->now;
}

TEST(only_what_is_owned_is_watched_and_only_while_it_is)
{
	struct discover_case p;
	unsigned before;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	before = kernel_watches(&p);
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before);
	own(&p, POD_A, KNOB_CPU_WEIGHT);
	own(&p, POD_A, KNOB_MEMORY_MIN);
	discover_watch_owned(p.d);
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before + 2);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM);
	assert_int_equal(tree_knob(p.dir, POD_A, "cpu.weight", "7"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_DRIFT);
	/* Said until it is looked at. */
	assert_int_equal(discover_events(p.d), DISCOVER_DRIFT);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(discover_case_cgroup(p.m, POD_A)->knobs[KNOB_CPU_WEIGHT].now.value, 7);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM);
	/* The neighbours: another knob of the same cgroup, the same knob of another one. */
	assert_int_equal(tree_knob(p.dir, POD_A, "cpu.max", "1000 100000"), 0);
	assert_int_equal(tree_knob(p.dir, POD_B, "cpu.weight", "7"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM);
	discover_case_cgroup(p.m, POD_A)->knobs[KNOB_CPU_WEIGHT].owned = false;
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before + 1);
	discover_case_close(&p);
}

/* Two lines of one file: the kernel knows one watch of it. */
TEST(a_file_of_several_knobs_has_one_watch)
{
	const struct knob_disks disks = {.of = {{8, 0}, {8, 16}}};
	struct discover_case p;
	struct cgroup *cg;
	unsigned before;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	before = kernel_watches(&p);
	cg = discover_case_cgroup(p.m, POD_A);
	for (int i = 0; i < 2; i++) {
		struct knob_state *s = &cg->knobs[KNOB_IO_MAX + i];

		s->now = knob_value_io(disks.of[i].major, disks.of[i].minor);
		s->now.io.bytes[DISK_READ] = 5;
		s->owned = true;
		s->original = s->written = s->now;
	}
	discover_watch_owned(p.d);
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before + 1);
	assert_int_equal(tree_knob(p.dir, POD_A, "io.max", "8:0 rbps=5\n8:16 rbps=5 wbps=7\n"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM); /* what colod holds is there */
	assert_int_equal(tree_knob(p.dir, POD_A, "io.max", "8:0 rbps=5\n8:16 rbps=7\n"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_DRIFT);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_true(cg->knobs[KNOB_IO_MAX + 1].now.io.bytes[DISK_READ] == 7);
	assert_true(cg->knobs[KNOB_IO_MAX].now.io.bytes[DISK_READ] == 5);
	cg->knobs[KNOB_IO_MAX].owned = false;
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before + 1);
	cg->knobs[KNOB_IO_MAX + 1].contested = true;
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before);
	discover_case_close(&p);
}

TEST(a_contested_knob_wakes_nobody_and_is_read_at_each_pass)
{
	struct discover_case p;
	struct knob_state *s;
	unsigned before;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	before = kernel_watches(&p);
	own(&p, POD_A, KNOB_CPU_WEIGHT);
	discover_watch_owned(p.d);
	s = &discover_case_cgroup(p.m, POD_A)->knobs[KNOB_CPU_WEIGHT];
	s->contested = true;
	discover_watch_owned(p.d);
	assert_int_equal(kernel_watches(&p), before);
	assert_int_equal(tree_knob(p.dir, POD_A, "cpu.weight", "7"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(s->now.value, 7);
	discover_case_close(&p);
}

/* 6.1 and 6.12 do not end such watches by themselves. */
TEST(a_cgroup_that_goes_takes_its_watches_along)
{
	struct discover_case p;
	unsigned before, with_b;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	own(&p, POD_A, KNOB_CPU_WEIGHT);
	discover_watch_owned(p.d);
	before = kernel_watches(&p);
	own(&p, POD_B, KNOB_CPU_WEIGHT);
	own(&p, POD_B, KNOB_MEMORY_LOW);
	discover_watch_owned(p.d);
	with_b = kernel_watches(&p);
	assert_int_equal(with_b, before + 2);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM);
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/" POD_B), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_TREE);
	assert_int_equal(discover_update(p.d, 1), 1);
	discover_watch_owned(p.d);
	/* Its own directory's watch may go too. */
	assert_true(kernel_watches(&p) <= before);
	assert_int_equal(tree_knob(p.dir, POD_A, "cpu.weight", "7"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_DRIFT);
	discover_case_close(&p);
}

TEST(a_write_before_the_watch_was_there_is_seen)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	own(&p, POD_A, KNOB_CPU_WEIGHT);
	assert_int_equal(tree_knob(p.dir, POD_A, "cpu.weight", "7"), 0);
	discover_watch_owned(p.d);
	assert_int_equal(discover_events(p.d), DISCOVER_DRIFT);
	discover_case_close(&p);
}

TEST(without_inotify_nothing_is_watched_and_the_rescan_finds_it)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 1u << CAPABILITY_INOTIFY);
	assert_int_equal(discover_update(p.d, 0), 1);
	own(&p, POD_A, KNOB_CPU_WEIGHT);
	discover_watch_owned(p.d);
	assert_int_equal(tree_knob(p.dir, POD_A, "cpu.weight", "7"), 0);
	assert_int_equal(discover_events(p.d), DISCOVER_CALM);
	assert_int_equal(discover_update(p.d, 3 * S), 1);
	assert_int_equal(discover_case_cgroup(p.m, POD_A)->knobs[KNOB_CPU_WEIGHT].now.value, 7);
	discover_case_close(&p);
}

TEST(a_steady_pass_with_watches_allocates_nothing)
{
	struct discover_case p;
	unsigned long before;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	assert_int_equal(discover_update(p.d, 0), 1);
	own(&p, POD_A, KNOB_CPU_WEIGHT);
	discover_watch_owned(p.d);
	before = alloc_count();
	for (int i = 1; i < 10; i++) {
		assert_int_equal(tree_knob(p.dir, POD_A, "cpu.weight", i % 2 ? "7" : "8"), 0);
		before = alloc_count();
		assert_int_equal(discover_events(p.d), DISCOVER_DRIFT);
		assert_int_equal(discover_update(p.d, i), 1);
		discover_watch_owned(p.d);
		assert_int_equal(alloc_count() - before, 0);
	}
	discover_case_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_owned_is_watched_and_only_while_it_is),
		cmocka_unit_test(a_file_of_several_knobs_has_one_watch),
		cmocka_unit_test(a_contested_knob_wakes_nobody_and_is_read_at_each_pass),
		cmocka_unit_test(a_cgroup_that_goes_takes_its_watches_along),
		cmocka_unit_test(a_write_before_the_watch_was_there_is_seen),
		cmocka_unit_test(without_inotify_nothing_is_watched_and_the_rescan_finds_it),
		cmocka_unit_test(a_steady_pass_with_watches_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
