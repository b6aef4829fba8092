// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole passes over a fake tree. Open descriptors, reads and allocations are counted.
#include "tests/lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/ring.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/observe_case.h"
#include "tests/lib/tree.h"

#define S 1000000
#define ALL_BITS (SAMPLE_CPU | SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO)
#define POD_READS 5
#define POD_FDS                                                                                    \
	(POD_READS +                                                                               \
	 4) /* one for a container that has a quota, two for disks, two for memory: not all at once */
#define NODE_READS 5

static struct observe_case o;

static int make(void **state)
{
	(void)state;
	return observe_case_open(&o);
}

static int drop(void **state)
{
	(void)state;
	observe_case_close(&o);
	return 0;
}

static struct pod *pod_at(unsigned i, enum qos qos)
{
	char path[64];

	snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod%03u.slice", i);
	return observe_case_pod(&o, path, qos);
}

static void put(const struct pod *pod, const char *file, const char *text)
{
	assert_int_equal(tree_knob(o.dir, pod->cgroup->path, file, text), 0);
}

static void remove_file(const struct pod *pod, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/fs/cgroup/%s/%s", pod->cgroup->path, file);
	assert_int_equal(tree_delete(o.dir, path), 0);
}

static void pass(int64_t now_us)
{
	assert_int_equal(observe_sample(o.observe, &o.f.model, now_us), 0);
}

static const struct pod_sample *last(const struct pod *pod)
{
	const struct pod_history *h = ring_of(observe_samples(o.observe), pod->slot, pod->serial);

	return h ? ring_last(h) : NULL;
}

static unsigned n_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

TEST(a_pass_measures_the_node_and_every_pod)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED), *b = pod_at(2, QOS_BESTEFFORT);

	put(a, "cpu.stat", "usage_usec 500\nnr_periods 1\nnr_throttled 0\nthrottled_usec 0");
	put(b, "memory.current", "4096");
	pass(7 * S);
	assert_int_equal(last(a)->valid, ALL_BITS);
	assert_int_equal(last(b)->valid, ALL_BITS);
	assert_true(last(a)->at_us == 7 * S);
	assert_true(last(a)->cpu_usage_us == 500);
	assert_true(last(b)->memory_bytes == 4096);
	assert_int_equal(ring_last_node(&observe_samples(o.observe)->node)->valid, ALL_BITS);
	assert_true(ring_last_node(&observe_samples(o.observe)->node)->at_us == 7 * S);
}

/* Its directory is opened first, and then its files. */
TEST(what_cannot_be_opened_at_one_moment_is_opened_at_the_next_sample)
{
	struct pod *a = pod_at(1, QOS_BESTEFFORT);

	pass(1 * S);
	for (unsigned nth = 1; nth <= POD_READS + 1; nth++) {
		struct pod *b = pod_at(10 + nth, QOS_BESTEFFORT);

		fault_begin();
		fault_set(SYS_OPEN, nth, -ENOMEM);
		pass((1 + 2 * nth) * S);
		assert_true(fault_was_met());
		fault_end();
		assert_int_equal(last(a)->valid, ALL_BITS);
		assert_true(!last(b) || last(b)->valid != ALL_BITS);
		pass((2 + 2 * nth) * S);
		assert_int_equal(last(b)->valid, ALL_BITS);
	}
}

TEST(what_can_never_be_opened_is_not_tried_each_time)
{
	unsigned n;

	pod_at(1, QOS_BESTEFFORT);
	fault_begin();
	fault_set_from(SYS_OPEN, 1, -EACCES);
	for (int i = 1; i <= 6; i++)
		pass(i * S);
	n = fault_count(SYS_OPEN);
	for (int i = 7; i <= 15; i++)
		pass(i * S);
	/* The node's files are looked for each ten seconds, too. */
	assert_true(fault_count(SYS_OPEN) - n <= 2 * NODE_READS);
	fault_end();
}

TEST(a_steady_pass_reads_each_file_once_and_allocates_nothing)
{
	unsigned long allocations;
	uint64_t reads;
	unsigned fds;

	for (unsigned i = 0; i < 20; i++)
		pod_at(i, QOS_BURSTABLE);
	pass(1 * S);
	fds = n_fds();
	reads = observe_n_reads(o.observe);
	allocations = alloc_count();
	for (int i = 2; i < 2 + 2 * SAMPLE_RING; i++)
		assert_int_equal(observe_sample(o.observe, &o.f.model, i * (int64_t)S), 0);
	assert_int_equal(alloc_count(), allocations);
	assert_int_equal(observe_n_reads(o.observe) - reads,
			 2 * SAMPLE_RING * (20 * POD_READS + NODE_READS));
	assert_int_equal(n_fds(), fds);
}

TEST(a_time_that_is_not_after_the_last_is_ignored)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED);
	uint64_t reads;

	pass(5 * S);
	reads = observe_n_reads(o.observe);
	pass(5 * S);
	pass(4 * S);
	assert_true(observe_n_reads(o.observe) == reads);
	assert_true(last(a)->at_us == 5 * S);
	assert_int_equal(observe_samples(o.observe)->pods[a->slot]->count, 1);
	pass(6 * S);
	assert_int_equal(observe_samples(o.observe)->pods[a->slot]->count, 2);
}

TEST(a_gone_pod_is_forgotten_and_its_descriptors_are_closed)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED), *b = pod_at(2, QOS_GUARANTEED);
	unsigned fds;

	pass(1 * S);
	fds = n_fds();
	/* the model forgets the second pod; its slot stays in the range */
	assert_ptr_equal(o.f.model.pods[1], b);
	o.f.model.n_pods = 1;
	pass(2 * S);
	assert_int_equal(n_fds(), fds - POD_READS);
	assert_null(last(b));
	assert_null(observe_samples(o.observe)->pods[b->slot]);
	assert_true(last(a)->at_us == 2 * S);
	o.f.model.n_pods = 2;
}

TEST(a_new_pod_in_a_used_slot_starts_with_an_empty_history)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED);
	unsigned fds;

	pass(1 * S);
	pass(2 * S);
	fds = n_fds();
	a->serial += 100;
	pass(3 * S);
	assert_int_equal(observe_samples(o.observe)->pods[a->slot]->count, 1);
	assert_true(last(a)->at_us == 3 * S);
	assert_int_equal(n_fds(), fds);
}

TEST(a_pod_made_anew_at_the_same_path_is_not_taken_for_the_old_one)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED), *b = pod_at(2, QOS_GUARANTEED);

	a->cgroup->inode++;
	pass(1 * S);
	assert_int_equal(last(a)->valid, 0);
	assert_int_equal(last(b)->valid, ALL_BITS);
}

TEST(a_vanished_pod_costs_only_its_own_values)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED), *b = pod_at(2, QOS_GUARANTEED);
	char path[256];

	snprintf(path, sizeof(path), "sys/fs/cgroup/%s", a->cgroup->path);
	assert_int_equal(tree_delete(o.dir, path), 0);
	pass(1 * S);
	assert_int_equal(last(a)->valid, 0);
	assert_int_equal(last(b)->valid, ALL_BITS);
	assert_int_equal(observe_n_unsampled(o.observe), 0);
}

TEST(a_file_that_was_missing_is_looked_for_again_after_ten_seconds)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED);

	remove_file(a, "memory.current");
	pass(1 * S);
	assert_int_equal(last(a)->valid, ALL_BITS & ~SAMPLE_MEMORY);
	put(a, "memory.current", "4096");
	pass(5 * S);
	assert_int_equal(last(a)->valid, ALL_BITS & ~SAMPLE_MEMORY);
	pass(11 * S);
	assert_int_equal(last(a)->valid, ALL_BITS);
}

TEST(without_psi_pressure_is_neither_read_nor_valid)
{
	struct pod *a = pod_at(1, QOS_GUARANTEED);

	o.f.model.capabilities &= ~(1u << CAPABILITY_PSI);
	pass(1 * S);
	assert_int_equal(last(a)->valid, SAMPLE_CPU | SAMPLE_MEMORY);
	assert_int_equal(ring_last_node(&observe_samples(o.observe)->node)->valid,
			 SAMPLE_CPU | SAMPLE_MEMORY);
	assert_int_equal(observe_n_reads(o.observe), 4);
}

/* Room for `n` pods, and descriptors that observation leaves to others. A lowered hard limit cannot
 * be raised again, so this runs in a child. */
static bool start_with_room_for(unsigned n)
{
	struct rlimit low = {2 * POD_FDS * n, 2 * POD_FDS * n};

	observe_free(o.observe);
	return setrlimit(RLIMIT_NOFILE, &low) == 0 &&
	       observe_new(o.root_fd, o.cgroup_fd, &o.observe) == 0;
}

static bool sampled(const struct pod *pod)
{
	return last(pod) && last(pod)->valid == ALL_BITS;
}

/* Written into by a child: assertions of cmocka mean nothing there. */
#define CHILD_CHECK(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("line %d: %s\n", __LINE__, #condition);                        \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(void (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void run_short_of_fds(void)
{
	CHILD_CHECK(start_with_room_for(4));
	for (int i = 1; i <= 3; i++)
		CHILD_CHECK(observe_sample(o.observe, &o.f.model, i * (int64_t)S) == 0);
	CHILD_CHECK(observe_n_unsampled(o.observe) == 2);
	for (unsigned i = 0; i < 6; i++)
		CHILD_CHECK(sampled(o.f.model.pods[i]) == (i >= 2));
	/* who goes unsampled is not measured by old numbers either */
	CHILD_CHECK(last(o.f.model.pods[0])->at_us == 3 * S && last(o.f.model.pods[0])->valid == 0);
}

TEST(short_of_descriptors_the_lowest_go_unsampled_and_are_counted)
{
	pod_at(0, QOS_BESTEFFORT);
	pod_at(1, QOS_BURSTABLE);
	for (unsigned i = 2; i < 6; i++)
		pod_at(i, QOS_GUARANTEED);
	in_child(run_short_of_fds);
}

static void run_levels_decide(void)
{
	struct observe_trigger_ops none = {0};

	CHILD_CHECK(start_with_room_for(4));
	CHILD_CHECK(observe_sample(o.observe, &o.f.model, 1 * S) == 0);
	CHILD_CHECK(sampled(o.f.model.pods[0]) && !sampled(o.f.model.pods[4]));
	CHILD_CHECK(observe_triggers(o.observe, &o.f.model, &o.f.plan, &o.f.policy, 0, &none) == 0);
	CHILD_CHECK(observe_sample(o.observe, &o.f.model, 2 * S) == 0);
	CHILD_CHECK(observe_sample(o.observe, &o.f.model, 3 * S) == 0);
	for (unsigned i = 0; i < 5; i++)
		CHILD_CHECK(sampled(o.f.model.pods[i]) == (i >= 1));
	CHILD_CHECK(observe_n_unsampled(o.observe) == 1);
}

TEST(the_level_of_the_plan_decides_who_goes_unsampled)
{
	for (unsigned i = 0; i < 5; i++)
		fake_level(&o.f, pod_at(i, i == 0 ? QOS_GUARANTEED : QOS_BESTEFFORT),
			   i == 0 ? LEVEL_P7 : LEVEL_P1);
	in_child(run_levels_decide);
}

static int armed_fd;

static int on_arm(void *context, int fd, uint32_t slot)
{
	(void)context;
	if (slot != OBSERVE_TRIGGER_NODE)
		armed_fd = fd;
	return 0;
}

TEST(the_sample_after_a_trigger_says_that_it_fired)
{
	static const struct observe_trigger_ops ops = {.on_arm = on_arm};
	const uint32_t told = (uint32_t)SAMPLE_TOLD_CPU << RESOURCE_MEMORY;
	struct pod *web = pod_at(0, QOS_GUARANTEED), *hog = pod_at(1, QOS_BESTEFFORT);
	char path[256];

	fake_level(&o.f, web, LEVEL_P0);
	fake_level(&o.f, hog, LEVEL_P7);
	o.f.policy.pressure_memory =
		(struct pressure_rule){.on = true, .threshold_permille = 100, .window_us = S};
	assert_int_equal(observe_sample(o.observe, &o.f.model, 1 * S), 0);
	/* Only now: what the samples are read from is open. */
	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s/memory.pressure", o.dir,
		 web->cgroup->path);
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	armed_fd = -EBADF;
	assert_int_equal(observe_triggers(o.observe, &o.f.model, &o.f.plan, &o.f.policy,
					  1u << RESOURCE_MEMORY, &ops),
			 0);
	assert_true(armed_fd >= 0);
	assert_false(observe_trigger_fired(o.observe, -EBADF));
	assert_true(observe_trigger_fired(o.observe, armed_fd));
	assert_int_equal(observe_sample(o.observe, &o.f.model, 2 * S), 0);
	assert_true(last(web)->valid & told);
	assert_false(last(hog)->valid & told);
	assert_int_equal(observe_sample(o.observe, &o.f.model, 3 * S), 0);
	assert_false(last(web)->valid & told);
	/* By the rule for memory.full it is another sign. */
	o.f.policy.pressure_full = o.f.policy.pressure_memory;
	o.f.policy.pressure_full.full = true;
	o.f.policy.pressure_memory.on = false;
	armed_fd = -EBADF;
	assert_int_equal(observe_triggers(o.observe, &o.f.model, &o.f.plan, &o.f.policy,
					  1u << RESOURCE_MEMORY, &ops),
			 0);
	assert_true(armed_fd >= 0 && observe_trigger_fired(o.observe, armed_fd));
	assert_int_equal(observe_sample(o.observe, &o.f.model, 4 * S), 0);
	assert_true(last(web)->valid & SAMPLE_TOLD_MEMORY_FULL);
	assert_false(last(web)->valid & told);
}

static void run_fds_taken_by_others(void)
{
	CHILD_CHECK(start_with_room_for(4));
	while (dup(o.root_fd) >= 0)
		;
	/* two pods' worth and the one that opening needs for a moment */
	for (int i = 0; i < NODE_READS + 2 * POD_READS + 1; i++)
		CHILD_CHECK(close(2 * POD_FDS * 4 - 1 - i) == 0);
	CHILD_CHECK(observe_sample(o.observe, &o.f.model, 1 * S) == 0);
	CHILD_CHECK(observe_n_unsampled(o.observe) == 1);
	CHILD_CHECK(sampled(o.f.model.pods[0]) && sampled(o.f.model.pods[1]));
	CHILD_CHECK(!sampled(o.f.model.pods[2]));
	CHILD_CHECK(ring_last_node(&observe_samples(o.observe)->node)->valid == ALL_BITS);
}

TEST(descriptors_taken_by_others_cost_a_sample_and_no_more)
{
	for (unsigned i = 0; i < 3; i++)
		pod_at(i, QOS_GUARANTEED);
	in_child(run_fds_taken_by_others);
}

static void run_soft_limit(void)
{
	struct rlimit limit = {100, 200};

	CHILD_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	observe_free(o.observe);
	CHILD_CHECK(observe_new(o.root_fd, o.cgroup_fd, &o.observe) == 0);
	CHILD_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHILD_CHECK(limit.rlim_cur == 200 && limit.rlim_max == 200);
}

TEST(the_soft_limit_on_descriptors_is_raised_to_the_hard_one)
{
	in_child(run_soft_limit);
}

TEST(everything_is_closed_at_the_end)
{
	unsigned before = n_fds();

	pod_at(1, QOS_GUARANTEED);
	pass(1 * S);
	assert_int_equal(n_fds(), before + POD_READS + NODE_READS);
	observe_free(o.observe);
	assert_int_equal(n_fds(), before);
	observe_free(NULL);
	assert_int_equal(observe_new(o.root_fd, o.cgroup_fd, &o.observe), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_pass_measures_the_node_and_every_pod),
		T(what_cannot_be_opened_at_one_moment_is_opened_at_the_next_sample),
		T(what_can_never_be_opened_is_not_tried_each_time),
		T(a_steady_pass_reads_each_file_once_and_allocates_nothing),
		T(a_time_that_is_not_after_the_last_is_ignored),
		T(a_gone_pod_is_forgotten_and_its_descriptors_are_closed),
		T(a_new_pod_in_a_used_slot_starts_with_an_empty_history),
		T(a_pod_made_anew_at_the_same_path_is_not_taken_for_the_old_one),
		T(a_vanished_pod_costs_only_its_own_values),
		T(a_file_that_was_missing_is_looked_for_again_after_ten_seconds),
		T(without_psi_pressure_is_neither_read_nor_valid),
		T(short_of_descriptors_the_lowest_go_unsampled_and_are_counted),
		T(the_level_of_the_plan_decides_who_goes_unsampled),
		T(the_sample_after_a_trigger_says_that_it_fired),
		T(descriptors_taken_by_others_cost_a_sample_and_no_more),
		T(the_soft_limit_on_descriptors_is_raised_to_the_hard_one),
		T(everything_is_closed_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
