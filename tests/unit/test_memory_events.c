// SPDX-License-Identifier: LGPL-2.1-or-later
// When memory.events is read, and that not knowing is not zero.
#include "agent/observe/memory_events.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define S 1000000ll
#define POD "kubepods.slice/kubepods-pod1.slice"

static char *dir;
static int root_fd = -EBADF, cgroup_fd = -EBADF;
static struct fake f;
static struct pod *pod;
static struct kept_reader reader;
static struct memory_events events;
static struct pod_sample last, sample;
static struct pod_memory memory;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	reader = (struct kept_reader){.said = true};
	if (tree_make("@host 2\n@cgroup " POD "\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	pod = fake_pod(&f, POD, QOS_BURSTABLE);
	pod->cgroup->inode = 0; /* whatever the file system gives */
	memory_events_init(&events);
	last = sample = (struct pod_sample){.valid = SAMPLE_PSI_MEMORY};
	return fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd);
}

static int drop(void **state)
{
	(void)state;
	memory_events_close(&events);
	fake_free(&f);
	close(cgroup_fd);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

/* A second later, having waited so much of it. */
static void second(uint64_t waited_us)
{
	last = sample;
	sample = (struct pod_sample){.valid = SAMPLE_PSI_MEMORY, .at_us = last.at_us + S};
	sample.psi[RESOURCE_MEMORY].some_us = last.psi[RESOURCE_MEMORY].some_us + waited_us;
	memory_events_read(&events, &reader, cgroup_fd, pod, &last, &sample, &memory);
}

static void kernel_says(unsigned high, unsigned max)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "low 3\nhigh %u\nmax %u\noom 7\noom_kill 0\n", high,
		       max);
	assert_int_equal(tree_knob(dir, POD, "memory.events", text), 0);
}

TEST(a_pod_that_waits_for_nothing_costs_no_read)
{
	for (int i = 0; i < 5; i++)
		second(0);
	assert_int_equal(reader.n_reads, 0);
	assert_true(events.fd < 0);
	assert_false(sample.valid & SAMPLE_MEMORY_EVENTS);
}

TEST(one_that_waits_is_looked_at_and_for_ten_seconds_more)
{
	kernel_says(2, 40);
	second(0);
	second(1);
	assert_true(sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_int_equal(sample.memory_bounded, 42);
	kernel_says(2, 41);
	second(0);
	assert_int_equal(sample.memory_bounded, 43);
	for (int i = 0; i < 8; i++)
		second(0);
	assert_true(sample.valid & SAMPLE_MEMORY_EVENTS);
	second(0);
	assert_false(sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_true(events.fd < 0);
}

TEST(what_cannot_be_read_is_not_known)
{
	assert_int_equal(tree_knob(dir, POD, "memory.events", "low 3\nmax 1\n"), 0);
	second(0);
	second(5);
	assert_false(sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_int_equal(sample.memory_bounded, 0);
	assert_int_equal(tree_knob(dir, POD, "memory.events", "high x\nmax 1\n"), 0);
	second(5);
	assert_false(sample.valid & SAMPLE_MEMORY_EVENTS);
	kernel_says(0, 0);
	second(5);
	assert_true(sample.valid & SAMPLE_MEMORY_EVENTS);
}

TEST(a_pod_that_is_gone_is_no_error)
{
	reader.said = false;
	pod->cgroup->path[0] = 'x';
	second(0);
	second(5);
	assert_false(sample.valid & SAMPLE_MEMORY_EVENTS);
	assert_false(reader.said);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pod_that_waits_for_nothing_costs_no_read),
		CASE(one_that_waits_is_looked_at_and_for_ten_seconds_more),
		CASE(what_cannot_be_read_is_not_known),
		CASE(a_pod_that_is_gone_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
