// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/discover/knobs.h"
#include "policy/knob.h"
#include "tests/lib/tree.h"

#define OF_TASKS (1u << KNOB_OOM_SCORE_ADJ | 1u << KNOB_SCHED_POLICY)
#define ALL (((1u << KNOB_COUNT) - 1) & ~OF_TASKS)
#define BFQ (1u << KNOB_IO_BFQ_WEIGHT)
#define IO_MAX (((1u << KNOB_IO_MAX_DISKS) - 1) << KNOB_IO_MAX)

struct place {
	char *dir;
	int fd;
	struct cgroup cg;
	char path[16];
};

static void open_place(struct place *p, const char *spec)
{
	int root;

	memset(p, 0, sizeof(*p));
	assert_int_equal(tree_make(spec, &p->dir), 0);
	root = tree_open(p->dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &p->fd), 0);
	(void)close(root);
	memcpy(p->path, "a.slice", 8);
	p->cg.path = p->path;
}

static void close_place(struct place *p)
{
	(void)close(p->fd);
	tree_remove(p->dir);
}

TEST(all_knobs_are_read_and_a_second_read_changes_nothing)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/cpu.max = 50000 100000\n"
		       "sys/fs/cgroup/a.slice/io.bfq.weight = default 200\\n8:0 300\n"
		       "sys/fs/cgroup/a.slice/io.weight = default 300\\n8:0 200\n"
		       "sys/fs/cgroup/a.slice/memory.low = 4096\n");
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	for (int k = 0; k < KNOB_COUNT; k++)
		assert_int_equal(p.cg.knobs[k].now.state,
				 OF_TASKS >> k & 1 ? KNOB_UNREAD : KNOB_KNOWN);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.value, 100);
	assert_int_equal(p.cg.knobs[KNOB_CPU_MAX].now.value, 50000);
	assert_int_equal(p.cg.knobs[KNOB_CPU_MAX].now.period_us, 100000);
	assert_int_equal(p.cg.knobs[KNOB_IO_WEIGHT].now.value, 300);
	assert_int_equal(p.cg.knobs[KNOB_IO_BFQ_WEIGHT].now.value, 200);
	assert_int_equal(p.cg.knobs[KNOB_MEMORY_LOW].now.value, 4096);
	assert_true(p.cg.knobs[KNOB_MEMORY_HIGH].now.value == KNOB_VALUE_MAX);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 0);
	close_place(&p);
}

TEST(a_missing_file_is_missing_and_nonsense_is_unread)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/memory.min = 4 GiB\n"
		       "sys/fs/cgroup/a.slice/cpu.weight = \n");
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/a.slice/cpu.idle"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	assert_int_equal(p.cg.knobs[KNOB_CPU_IDLE].now.state, KNOB_MISSING);
	assert_int_equal(p.cg.knobs[KNOB_MEMORY_MIN].now.state, KNOB_UNREAD);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	assert_int_equal(p.cg.knobs[KNOB_MEMORY_LOW].now.state, KNOB_KNOWN);
	/* A controller that is switched on later brings its files. */
	assert_int_equal(tree_knob(p.dir, "a.slice", "cpu.idle", "1"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	assert_int_equal(p.cg.knobs[KNOB_CPU_IDLE].now.value, 1);
	close_place(&p);
}

TEST(a_cgroup_that_vanished_has_no_knobs_and_keeps_its_records)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n");
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	p.cg.knobs[KNOB_CPU_WEIGHT].owned = true;
	p.cg.knobs[KNOB_CPU_WEIGHT].original = p.cg.knobs[KNOB_CPU_WEIGHT].now;
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/a.slice"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.state, KNOB_MISSING);
	assert_true(p.cg.knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].original.value, 100);
	close_place(&p);
}

TEST(what_few_policies_ask_for_is_read_under_those_and_where_it_is_needed)
{
	const uint32_t burst = 1u << KNOB_CPU_MAX_BURST, cpus = 1u << KNOB_CPUSET_CPUS;
	const uint32_t cpuset = 1u << KNOB_CPUSET_EXCLUSIVE | 1u << KNOB_CPUSET_PARTITION;
	struct cgroup class = {.kind = CGROUP_QOS}, container = {.kind = CGROUP_CONTAINER};
	struct pod a_pod = {.slot = 0};
	struct cgroup pod = {.kind = CGROUP_POD, .pod = &a_pod};
	struct policy policy = {.levels = {{.defined = true}}};
	const uint32_t group = 1u << KNOB_MEMORY_OOM_GROUP, freeze = 1u << KNOB_CGROUP_FREEZE;
	const uint32_t usual = ALL & ~burst & ~cpuset & ~group & ~freeze & ~BFQ & ~IO_MAX;
	uint32_t of;

	assert_int_equal(knobs_of_policy(NULL), usual);
	of = knobs_of_policy(&policy);
	assert_int_equal(of, usual);
	assert_int_equal(knobs_of_cgroup(&pod, true, of), usual);
	/* Where anybody may run decides who meets whom, under every policy. */
	assert_int_equal(knobs_of_cgroup(&class, false, of), usual);
	assert_int_equal(knobs_of_cgroup(&container, true, of), cpus);
	policy.levels[LEVEL_P4].cpu.burst_permille = 200;
	of = knobs_of_policy(&policy);
	assert_int_equal(knobs_of_cgroup(&pod, true, of), usual | burst);
	assert_int_equal(knobs_of_cgroup(&class, true, of), usual);
	policy.levels[LEVEL_P4].memory.oom = OOM_PROTECT;
	assert_int_equal(knobs_of_policy(&policy), usual | burst);
	policy.levels[LEVEL_P7].memory.oom = OOM_FIRST;
	of = knobs_of_policy(&policy);
	assert_int_equal(knobs_of_cgroup(&pod, true, of), usual | burst | group);
	assert_int_equal(knobs_of_cgroup(&class, true, of), usual);
	policy.levels[LEVEL_P7].memory.oom = OOM_KEEP;
	policy.levels[LEVEL_P4].cpu = (struct level_cpu){.smt = SMT_AVOID_OFFLINE};
	assert_int_equal(knobs_of_policy(&policy), usual | cpuset);
	policy.levels[LEVEL_P4].cpu = (struct level_cpu){.cores = CORES_EXCLUSIVE};
	of = knobs_of_policy(&policy);
	assert_int_equal(knobs_of_cgroup(&pod, true, of), usual | cpuset);
	assert_int_equal(knobs_of_cgroup(&class, true, of), usual | cpuset);
	assert_int_equal(knobs_of_cgroup(&class, false, of), usual);
	assert_int_equal(knobs_of_cgroup(&container, true, of), cpus);
	policy.levels[LEVEL_P4].cpu = (struct level_cpu){0};
	policy.pressure_memory.on = true;
	policy.pressure_memory.steps = 1u << ACTION_FREEZE;
	of = knobs_of_policy(&policy);
	assert_int_equal(knobs_of_cgroup(&pod, true, of), usual | freeze);
	assert_int_equal(knobs_of_cgroup(&class, true, of), usual);
	policy.pressure_memory.on = false;
	policy.pressure_io = (struct pressure_rule){.on = true, .steps = 1u << ACTION_SQUEEZE_IO};
	of = knobs_of_policy(&policy);
	assert_int_equal(knobs_of_cgroup(&pod, true, of), usual | IO_MAX);
	assert_int_equal(knobs_of_cgroup(&class, true, of), usual | IO_MAX);
	assert_int_equal(knobs_of_cgroup(&class, false, of), usual);
	assert_int_equal(knobs_of_cgroup(&container, true, of), cpus);
	/* No file, and so never read. */
	pod.knobs[KNOB_OOM_SCORE_ADJ].owned = pod.knobs[KNOB_SCHED_POLICY].owned = true;
	assert_int_equal(knobs_of_cgroup(&pod, true, usual), usual);
	/* Until it is given back, whatever the policy says. */
	pod.knobs[KNOB_CPUSET_PARTITION].owned = true;
	assert_int_equal(knobs_of_cgroup(&pod, true, usual), usual | 1u << KNOB_CPUSET_PARTITION);
}

TEST(bfqs_weight_is_looked_for_where_the_policy_weighs_io_but_never_in_a_container)
{
	struct cgroup class = {.kind = CGROUP_QOS}, container = {.kind = CGROUP_CONTAINER};
	struct policy policy = {.levels = {{.defined = true}}};
	uint32_t of;

	policy.levels[LEVEL_P4].io.weight = 100;
	of = knobs_of_policy(&policy);
	assert_int_equal(knobs_of_cgroup(&class, false, of) & BFQ, BFQ);
	assert_int_equal(knobs_of_cgroup(&container, true, of) & BFQ, 0);
	/* Until it is given back. */
	class.knobs[KNOB_IO_BFQ_WEIGHT].owned = true;
	policy.levels[LEVEL_P4].io.weight = 0;
	of = knobs_of_policy(&policy);
	assert_int_equal(of & BFQ, 0);
	assert_int_equal(knobs_of_cgroup(&class, false, of) & BFQ, BFQ);
}

TEST(only_what_is_wanted_is_read_and_what_is_not_any_more_says_nothing)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/cpuset.cpus = 0-1\n");
	assert_int_equal(knobs_read(p.fd, &p.cg, 1u << KNOB_CPUSET_CPUS), 1);
	assert_true(cpu_set_has(&p.cg.knobs[KNOB_CPUSET_CPUS].now.cpus, 1));
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	assert_false(knobs_forget(&p.cg, 1u << KNOB_CPU_WEIGHT));
	assert_true(knobs_forget(&p.cg, 1u << KNOB_CPUSET_CPUS));
	assert_int_equal(p.cg.knobs[KNOB_CPUSET_CPUS].now.state, KNOB_UNREAD);
	close_place(&p);
}

TEST(the_foreign_value_is_the_original_only_while_colods_own_stands)
{
	struct cgroup cg = {.path = NULL};
	struct knob_state *s = &cg.knobs[KNOB_CPU_MAX];

	s->now = (struct knob_value){.state = KNOB_KNOWN, .value = 20000, .period_us = 20000};
	assert_ptr_equal(knobs_foreign(&cg, KNOB_CPU_MAX), &s->now);
	s->owned = true;
	s->written = s->now;
	s->original = (struct knob_value){
		.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX, .period_us = 100000};
	assert_ptr_equal(knobs_foreign(&cg, KNOB_CPU_MAX), &s->original);
	s->now.period_us = 100000; /* somebody wrote over it */
	assert_ptr_equal(knobs_foreign(&cg, KNOB_CPU_MAX), &s->now);
}

TEST(each_knob_of_io_max_is_the_line_of_the_disk_that_was_asked_for)
{
	struct knob_disks disks = {.of = {{8, 16}, {0, 0}, {8, 0}}};
	const uint32_t first = 1u << KNOB_IO_MAX, third = 1u << (KNOB_IO_MAX + 2);
	struct place p;
	struct knob_state *k;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/io.max = 8:16 rbps=max wbps=7 riops=max wiops=9\n");
	k = p.cg.knobs;
	/* Nobody asks for a disk: only whether there is such a file. */
	assert_int_equal(knobs_of_disks(IO_MAX, &(struct knob_disks){0}), first);
	assert_int_equal(knobs_ask_disks(&p.cg, &(struct knob_disks){0}), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, first), 1);
	assert_int_equal(k[KNOB_IO_MAX].now.state, KNOB_KNOWN);
	assert_int_equal(k[KNOB_IO_MAX].now.io.major, 0);
	assert_int_equal(knobs_of_disks(IO_MAX, &disks), first | third);
	assert_int_equal(knobs_ask_disks(&p.cg, &disks), first | third);
	assert_int_equal(k[KNOB_IO_MAX].now.state, KNOB_UNREAD);
	assert_int_equal(knobs_ask_disks(&p.cg, &disks), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, first | third), 1);
	assert_true(k[KNOB_IO_MAX].now.io.bytes[DISK_WRITE] == 7);
	assert_true(k[KNOB_IO_MAX].now.io.bytes[DISK_READ] == KNOB_VALUE_MAX);
	assert_int_equal(k[KNOB_IO_MAX + 2].now.state, KNOB_KNOWN);
	assert_true(k[KNOB_IO_MAX + 2].now.io.bytes[DISK_WRITE] == KNOB_VALUE_MAX);
	assert_int_equal(knobs_ask_disks(&p.cg, &disks), 0);
	/* What colod holds there is read until it is given back, whoever else is asked for. */
	k[KNOB_IO_MAX].owned = true;
	k[KNOB_IO_MAX].written = knob_value_io(8, 16);
	disks.of[0].minor = 32;
	assert_int_equal(knobs_ask_disks(&p.cg, &disks), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, first), 0);
	assert_int_equal(k[KNOB_IO_MAX].now.io.minor, 16);
	k[KNOB_IO_MAX].owned = false;
	assert_int_equal(knobs_ask_disks(&p.cg, &disks), first);
	close_place(&p);
}

/* A value that cannot be read still says of which disk it is to be. */
TEST(a_line_that_makes_no_sense_is_unread_and_no_other_is)
{
	const struct knob_disks disks = {.of = {{8, 16}, {8, 0}}};
	struct place p;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/io.max = 8:0 wbps=7\\n8:16 wbps=all\n");
	(void)knobs_ask_disks(&p.cg, &disks);
	assert_int_equal(knobs_read(p.fd, &p.cg, 3u << KNOB_IO_MAX), 1);
	assert_int_equal(p.cg.knobs[KNOB_IO_MAX].now.state, KNOB_UNREAD);
	assert_int_equal(p.cg.knobs[KNOB_IO_MAX].now.io.minor, 16);
	assert_true(p.cg.knobs[KNOB_IO_MAX + 1].now.io.bytes[DISK_WRITE] == 7);
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/a.slice/io.max"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, 1u << KNOB_IO_MAX), 1);
	assert_int_equal(p.cg.knobs[KNOB_IO_MAX].now.state, KNOB_MISSING);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_knobs_are_read_and_a_second_read_changes_nothing),
		cmocka_unit_test(a_missing_file_is_missing_and_nonsense_is_unread),
		cmocka_unit_test(a_cgroup_that_vanished_has_no_knobs_and_keeps_its_records),
		cmocka_unit_test(
			what_few_policies_ask_for_is_read_under_those_and_where_it_is_needed),
		cmocka_unit_test(
			bfqs_weight_is_looked_for_where_the_policy_weighs_io_but_never_in_a_container),
		cmocka_unit_test(only_what_is_wanted_is_read_and_what_is_not_any_more_says_nothing),
		cmocka_unit_test(the_foreign_value_is_the_original_only_while_colods_own_stands),
		cmocka_unit_test(each_knob_of_io_max_is_the_line_of_the_disk_that_was_asked_for),
		cmocka_unit_test(a_line_that_makes_no_sense_is_unread_and_no_other_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
