// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pod's containers wait for their own quotas, over a fake tree; the kernel's part (that the pod's
// cpu.stat says nothing of it) is shown in tests/vm/tests/14-squeeze.sh.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/observe/quota_files.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define S 1000000ll
#define POD "kubepods.slice/kubepods-pod1.slice"
#define N (QUOTA_FILES_MAX + 1)
#define WAIT (S / 50)

static char *dir;
static int root_fd = -EBADF, cgroup_fd = -EBADF;
static struct fake f;
static struct pod *pod;
static struct pod_container containers[N];
static struct kept_reader reader;
static struct quota_files files;
static struct pod_sample sample;
static uint64_t own_throttled_us;
static uint32_t own_valid;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	reader = (struct kept_reader){.said = true};
	memset(containers, 0, sizeof(containers));
	if (tree_make("@host 2\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	pod = fake_pod(&f, POD, QOS_BURSTABLE);
	pod->containers = containers;
	quota_files_init(&files);
	sample = (struct pod_sample){0};
	own_throttled_us = 0;
	own_valid = SAMPLE_CPU;
	return fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd);
}

static int drop(void **state)
{
	(void)state;
	pod->containers = NULL;
	pod->n_containers = 0;
	quota_files_close(&files);
	fake_free(&f);
	close(cgroup_fd);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static void stat_of(unsigned i, const char *text)
{
	assert_int_equal(tree_knob(dir, containers[i].cgroup->path, "cpu.stat", text), 0);
}

static void counts(unsigned i, unsigned periods, unsigned throttled)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
		       "usage_usec 5\nnr_periods %u\nnr_throttled %u\nthrottled_usec 9\n", periods,
		       throttled);
	stat_of(i, text);
}

static void add(unsigned i)
{
	char path[128];

	(void)snprintf(path, sizeof(path), POD "/cri-containerd-%u.scope", i);
	assert_int_equal(tree_cgroup(dir, path), 0);
	containers[i].cgroup = fake_cgroup(&f, path);
	assert_int_equal(fs_inode(cgroup_fd, path, &containers[i].cgroup->inode), 0);
	pod->n_containers = i + 1;
	counts(i, 0, 0);
}

/* A second later; `wait_us` of it the pod waited. */
static void pass(uint64_t wait_us)
{
	struct pod_sample last = sample;

	sample = (struct pod_sample){.at_us = last.at_us + S,
				     .valid = own_valid | SAMPLE_PSI_CPU,
				     .cpu_throttled_us = own_throttled_us,
				     .psi[RESOURCE_CPU].some_us =
					     last.psi[RESOURCE_CPU].some_us + wait_us};
	quota_files_read(&files, &reader, cgroup_fd, pod, last.at_us ? &last : NULL, &sample);
}

static void expect(uint64_t periods, uint64_t throttled, bool unseen)
{
	assert_int_equal(sample.inner_periods, periods);
	assert_int_equal(sample.inner_throttled, throttled);
	assert_int_equal((sample.valid & SAMPLE_QUOTA_UNSEEN) != 0, unseen);
}

/* A second in which the pod's own quota throttled it for so long, and then the one of a container. */
static void throttles(uint64_t own_us, unsigned inner_us)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
		       "usage_usec 5\nnr_periods 9\nnr_throttled 9\nthrottled_usec %u\n", inner_us);
	stat_of(0, text);
	own_throttled_us += own_us;
	pass(WAIT);
}

TEST(how_long_it_was_throttled_is_by_the_quota_that_took_longer)
{
	add(0);
	throttles(500, 0);
	assert_int_equal(sample.throttled_us, 500);
	throttles(70, 7000);
	/* What was before it was looked at does not count. */
	assert_int_equal(sample.throttled_us, 570);
	throttles(10, 7500);
	assert_int_equal(sample.throttled_us, 1070);
	throttles(40, 7501);
	assert_int_equal(sample.throttled_us, 1110);
	/* What grew while a sample was missing is not lost. */
	own_valid = 0;
	throttles(300, 7501);
	assert_int_equal(sample.throttled_us, 1110);
	own_valid = SAMPLE_CPU;
	throttles(1, 7501);
	assert_int_equal(sample.throttled_us, 1411);
}

TEST(of_two_quotas_the_one_that_was_hit_most_counts_each_time)
{
	add(0);
	add(1);
	add(2);
	stat_of(2, "usage_usec 5\n");
	counts(0, 100, 50);
	counts(1, 200, 0);
	pass(0);
	pass(WAIT);
	expect(0, 0, true); /* of what was before, nobody knows the time */
	assert_int_equal(files.n, 3);
	counts(0, 110, 53);
	counts(1, 208, 1);
	pass(WAIT);
	expect(10, 3, false);
	counts(1, 218, 9);
	pass(WAIT);
	expect(20, 11, false);
}

TEST(a_pod_that_waits_for_nothing_costs_no_read)
{
	add(0);
	counts(0, 100, 50);
	for (int i = 0; i < 20; i++)
		pass(S / 1000);
	assert_int_equal(reader.n_reads, 0);
	assert_int_equal(files.n, 0);
	pass(WAIT);
	for (int i = 0; i < 9; i++)
		pass(0);
	assert_int_equal(reader.n_reads, 10);
	counts(0, 150, 51);
	pass(0);
	assert_int_equal(files.n, 0);
	assert_int_equal(reader.n_reads, 10);
	/* Closed, and begun anew: what it did unseen does not count. */
	pass(WAIT);
	expect(0, 0, true);
	assert_int_equal(files.n, 1);
	counts(0, 160, 51);
	pass(WAIT);
	expect(10, 0, false);
}

/* Nothing to wait for: offline work is squeezed at the first sample that shows pressure. */
TEST(a_container_that_was_never_throttled_is_known_at_once)
{
	add(0);
	counts(0, 100, 0);
	pass(0);
	pass(WAIT);
	expect(0, 0, false);
	assert_int_equal(files.n, 1);
}

static void quota_of(unsigned i, const char *text)
{
	assert_int_equal(tree_knob(dir, containers[i].cgroup->path, "cpu.max", text), 0);
}

/* The kernel counts at the end of a period: in the first one of all it waits for its quota and nothing tells. */
TEST(before_the_first_period_of_a_quota_has_ended_nothing_is_known)
{
	add(0);
	quota_of(0, "10000 100000\n");
	pass(0);
	pass(WAIT);
	expect(0, 0, true);
	sample.at_us -= S - S / 20; /* a sample that a trigger made, soon after */
	pass(WAIT);
	expect(0, 0, true);
	counts(0, 1, 1);
	pass(WAIT);
	expect(1, 1, false);
}

TEST(a_quota_of_which_no_period_ends_in_a_second_is_not_what_the_pod_waits_for)
{
	add(0);
	quota_of(0, "10000 100000\n");
	pass(0);
	pass(WAIT);
	expect(0, 0, true);
	pass(WAIT);
	expect(0, 0, false);
}

TEST(a_container_without_quota_is_known_at_once)
{
	add(0);
	quota_of(0, "max 100000\n");
	pass(0);
	pass(WAIT);
	expect(0, 0, false);
}

TEST(a_new_container_is_looked_at_at_once_and_a_gone_one_is_no_error)
{
	add(0);
	counts(0, 10, 1);
	pass(0);
	pass(WAIT);
	add(1);
	counts(1, 10, 1);
	pass(WAIT);
	assert_int_equal(files.n, 2);
	counts(0, 20, 2);
	counts(1, 20, 5);
	pass(WAIT);
	expect(10, 4, false);
	/* The one that counts goes: its past stays. */
	pod->n_containers = 1;
	pass(WAIT);
	assert_int_equal(files.n, 1);
	expect(10, 4, false);
}

TEST(what_cannot_be_looked_at_is_said_to_be_unseen)
{
	for (unsigned i = 0; i < N; i++)
		add(i);
	pass(0);
	pass(WAIT);
	assert_int_equal(files.n, QUOTA_FILES_MAX);
	expect(0, 0, true);
	pod->n_containers = N - 1;
	pass(WAIT);
	expect(0, 0, false);
	stat_of(0, "nr_periods x\n");
	pass(WAIT);
	expect(0, 0, true);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(how_long_it_was_throttled_is_by_the_quota_that_took_longer),
		CASE(of_two_quotas_the_one_that_was_hit_most_counts_each_time),
		CASE(a_pod_that_waits_for_nothing_costs_no_read),
		CASE(a_container_that_was_never_throttled_is_known_at_once),
		CASE(before_the_first_period_of_a_quota_has_ended_nothing_is_known),
		CASE(a_quota_of_which_no_period_ends_in_a_second_is_not_what_the_pod_waits_for),
		CASE(a_container_without_quota_is_known_at_once),
		CASE(a_new_container_is_looked_at_at_once_and_a_gone_one_is_no_error),
		CASE(what_cannot_be_looked_at_is_said_to_be_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
