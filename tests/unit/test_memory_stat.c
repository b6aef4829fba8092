// SPDX-License-Identifier: LGPL-2.1-or-later
// When memory.stat is read, and that not knowing is not zero.
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
	reader = (struct kept_reader){0};
	if (tree_make("@host 2\n@cgroup " POD "\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	pod = fake_pod(&f, POD, QOS_BURSTABLE);
	pod->cgroup->inode = 0; /* whatever the file system gives */
	memory_events_init(&events);
	events.online = true;
	last = sample = (struct pod_sample){.valid = SAMPLE_PSI_MEMORY, .at_us = S};
	memory = (struct pod_memory){0};
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

/* Some time later, having waited so much of it; how many files were read. */
static uint64_t later(int64_t us, uint64_t waited_us)
{
	uint64_t before = reader.n_reads;

	last = sample;
	sample = (struct pod_sample){.valid = SAMPLE_PSI_MEMORY, .at_us = last.at_us + us};
	sample.psi[RESOURCE_MEMORY].some_us = last.psi[RESOURCE_MEMORY].some_us + waited_us;
	memory_events_read(&events, &reader, cgroup_fd, pod, &last, &sample, &memory);
	return reader.n_reads - before;
}

static void kernel_says(const char *text)
{
	assert_int_equal(tree_knob(dir, POD, "memory.stat", text), 0);
}

static void kernel_counts(unsigned refaults, unsigned direct)
{
	char text[200];

	(void)snprintf(text, sizeof(text),
		       "anon 8192\nfile 4096\nworkingset_refault_anon 5\n"
		       "workingset_refault_file %u\npgscan_direct %u\n",
		       refaults, direct);
	kernel_says(text);
}

static void is_unknown(void)
{
	assert_int_equal(memory.at_us, 0);
	assert_true(events.stat.fd < 0);
}

TEST(while_nothing_waits_it_is_not_read)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(later(S, 0), 0);
	is_unknown();
}

TEST(while_an_online_pod_waits_it_is_read_once_a_second)
{
	kernel_counts(100, 0);
	/* memory.events beside it */
	assert_int_equal(later(S, 1), 2);
	assert_int_equal(memory.at_us, sample.at_us);
	assert_int_equal(memory.anon_bytes, 8192);
	assert_int_equal(memory.file_bytes, 4096);
	for (int i = 0; i < 8; i++)
		assert_int_equal(later(S / 10, 1), 1);
	assert_int_equal(later(S / 10, 1), 2);
	assert_int_equal(memory.at_us, sample.at_us);
}

TEST(what_grew_is_that_of_a_second)
{
	kernel_counts(100, 40);
	later(S, 1);
	assert_true(memory.refaults_per_s == POD_MEMORY_UNKNOWN);
	assert_true(memory.direct_per_s == POD_MEMORY_UNKNOWN);
	kernel_counts(400, 60);
	later(2 * S, 1);
	assert_int_equal(memory.refaults_per_s, 150);
	assert_int_equal(memory.direct_per_s, 10);
	later(S, 1);
	assert_int_equal(memory.refaults_per_s, 0);
	/* A cgroup of another one, or a kernel that counts anew. */
	kernel_counts(10, 0);
	later(S, 1);
	assert_int_equal(memory.refaults_per_s, 0);
	/* Over a gap nobody knows when it was. */
	kernel_counts(9000, 0);
	later(6 * S, 1);
	assert_true(memory.refaults_per_s == POD_MEMORY_UNKNOWN);
	assert_int_equal(memory.anon_bytes, 8192);
}

TEST(ten_seconds_after_the_last_wait_it_ends)
{
	kernel_counts(100, 0);
	later(S, 1);
	for (int i = 0; i < 9; i++)
		assert_int_equal(later(S, 0), 2);
	assert_true(memory.at_us > 0);
	assert_int_equal(later(S, 0), 0);
	is_unknown();
	/* Of the next time nothing is known from this one. */
	kernel_counts(900, 0);
	later(S, 1);
	assert_true(memory.refaults_per_s == POD_MEMORY_UNKNOWN);
}

TEST(of_a_pod_that_is_not_online_it_is_not_read)
{
	kernel_counts(100, 0);
	events.online = false;
	assert_int_equal(later(S, 1), 1);
	is_unknown();
	events.online = true;
	assert_int_equal(later(S, 1), 2);
	assert_true(memory.at_us > 0);
	events.online = false;
	assert_int_equal(later(S, 1), 1);
	is_unknown();
}

TEST(what_the_kernel_does_not_count_is_not_known)
{
	kernel_says("anon 8192\nfile 0\nworkingset_refault 7\n");
	later(S, 1);
	kernel_says("anon 8192\nfile 0\nworkingset_refault 9\n");
	later(S, 1);
	assert_int_equal(memory.refaults_per_s, 2);
	assert_true(memory.direct_per_s == POD_MEMORY_UNKNOWN);
	assert_int_equal(memory.file_bytes, 0);
	assert_false(reader.said);
}

TEST(what_cannot_be_understood_is_not_known_and_said)
{
	kernel_counts(100, 0);
	later(S, 1);
	kernel_says("anon 8192\n");
	later(S, 1);
	is_unknown();
	assert_true(reader.said);
	/* It costs nothing of the events. */
	assert_true(sample.valid & SAMPLE_MEMORY_EVENTS);
	kernel_counts(100, 0);
	later(S, 1);
	assert_int_equal(memory.anon_bytes, 8192);
	assert_true(memory.refaults_per_s == POD_MEMORY_UNKNOWN);
}

TEST(a_pod_that_is_gone_is_no_error)
{
	pod->cgroup->path[0] = 'x';
	later(S, 1);
	is_unknown();
	assert_false(reader.said);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(while_nothing_waits_it_is_not_read),
		CASE(while_an_online_pod_waits_it_is_read_once_a_second),
		CASE(what_grew_is_that_of_a_second),
		CASE(ten_seconds_after_the_last_wait_it_ends),
		CASE(of_a_pod_that_is_not_online_it_is_not_read),
		CASE(what_the_kernel_does_not_count_is_not_known),
		CASE(what_cannot_be_understood_is_not_known_and_said),
		CASE(a_pod_that_is_gone_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
