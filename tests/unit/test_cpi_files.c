// SPDX-License-Identifier: LGPL-2.1-or-later
// Cycles an instruction: the sums by table, reads by files that stand for events, and real events of a real cgroup. Those are the
// kernel's own clocks, since few machines that run tests have a PMU: both count nanoseconds, and 1.000 comes out.
#include "agent/observe/cpi_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/alloc_count.h"
#include "tests/lib/fault.h"
#include "tests/lib/test.h"

#define S 1000000ll
#define MS_NS 1000000ull

static const struct cpi_events clocks = {
	.type = PERF_TYPE_SOFTWARE,
	.cycles = PERF_COUNT_SW_TASK_CLOCK,
	.instructions = PERF_COUNT_SW_CPU_CLOCK,
};

static struct node_cpu cpus[NODE_MAX_CPUS];
static struct node node = {.cpus = cpus};
static struct cpi_files files;
static struct kept_reader reader;
static struct pod_cpi got;

static int setup(void **state)
{
	(void)state;
	files = (struct cpi_files){0};
	got = (struct pod_cpi){0};
	reader.n_reads = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cpi_files_close(&files);
	return 0;
}

/* --- sums ---------------------------------------------------------------------------------------- */

TEST(what_was_counted_for_a_part_of_the_time_counts_for_all_of_it)
{
	static const struct {
		struct cpi_count before, now;
		struct cpi_sum want;
	} rows[] = {
		{{0}, {100, 100, 3000, 2000}, {.cycles = 3000, .instructions = 2000, .ran_ns = 100}},
		{{100, 100, 3000, 2000}, {100, 100, 3000, 2000}, {0}},
		{{100, 100, 3000, 2000},
		 {300, 200, 4000, 2500},
		 {.cycles = 2000, .instructions = 1000, .ran_ns = 200}},
		/* The kernel reads the two times one after the other. */
		{{0}, {100, 101, 3000, 2000}, {.cycles = 3000, .instructions = 2000, .ran_ns = 100}},
		{{0}, {100, 0, 0, 0}, {.ran_ns = 100, .blind_ns = 100}},
		/* More than 64 bits in between. */
		{{0},
		 {1ull << 40, 1ull << 39, 1ull << 40, 1ull << 39},
		 {.cycles = 1ull << 41, .instructions = 1ull << 40, .ran_ns = 1ull << 40}},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cpi_sum sum = {0};

		assert_true(cpi_files_add(&sum, &rows[i].before, &rows[i].now));
		assert_memory_equal(&sum, &rows[i].want, sizeof(sum));
	}
}

TEST(counts_that_fall_are_no_counts)
{
	static const struct cpi_count before = {100, 90, 80, 70};
	static const struct cpi_count fallen[] = {
		{99, 90, 80, 70}, {100, 89, 80, 70}, {100, 90, 79, 70}, {100, 90, 80, 69}};
	struct cpi_sum sum = {0}, none = {0};

	for (size_t i = 0; i < sizeof(fallen) / sizeof(fallen[0]); i++)
		assert_false(cpi_files_add(&sum, &before, &fallen[i]));
	assert_memory_equal(&sum, &none, sizeof(sum));
}

TEST(too_little_done_or_seen_is_no_number)
{
	static const struct {
		struct cpi_sum sum;
		bool there;
		uint32_t milli;
	} rows[] = {
		{{2500000, 1000000, 100, 0}, true, 2500},
		{{2500000, 999999, 100, 0}, false, 0},
		{{0}, false, 0},
		{{2500000, 1000000, 100, 10}, true, 2500},
		{{2500000, 1000000, 100, 11}, false, 0},
		{{999, 1000000, 100, 0}, false, 0},
		{{UINT64_MAX, 1000000, 100, 0}, true, UINT32_MAX},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t milli = 0;

		assert_true(cpi_files_milli(&rows[i].sum, &milli) == rows[i].there);
		assert_int_equal(milli, rows[i].milli);
	}
}

/* --- reads --------------------------------------------------------------------------------------- */

/* Two CPUs, each of whose groups is a file here. */
static void stand_in(void)
{
	node.n_cpus = 2;
	cpus[0].id = 0;
	cpus[1].id = 3;
	files.cpus = calloc(2, sizeof(*files.cpus));
	assert_non_null(files.cpus);
	files.n_cpus = 2;
	files.read_us = 10 * S;
	for (int i = 0; i < 2; i++) {
		files.cpus[i] = (struct cpi_cpu){.id = cpus[i].id, .instructions_fd = -EBADF};
		files.cpus[i].cycles_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		assert_true(files.cpus[i].cycles_fd >= 0);
	}
}

/* What the next read of this CPU gives. */
static void is(int cpu, uint64_t n, uint64_t ms, uint64_t cycles, uint64_t instructions)
{
	const uint64_t group[] = {n, ms * MS_NS, ms * MS_NS, cycles, instructions};
	size_t size = (3 + n) * sizeof(group[0]);
	int fd = files.cpus[cpu].cycles_fd;

	assert_int_equal(pwrite(fd, group, size, 0), size);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
}

static int both(int64_t now_us, uint64_t ms, uint64_t cycles, uint64_t instructions)
{
	is(0, 2, ms, cycles, instructions);
	is(1, 2, ms, 0, 0);
	return cpi_files_read(&files, &reader, now_us, &got);
}

TEST(a_second_of_all_cpus_is_one_number)
{
	unsigned long before;

	stand_in();
	is(0, 2, 500, 9000000, 3000000);
	is(1, 2, 100, 3000000, 5000000);
	before = alloc_count();
	assert_int_equal(cpi_files_read(&files, &reader, 11 * S, &got), 0);
	assert_int_equal(got.milli, 1500);
	assert_int_equal(got.at_us, 11 * S);
	assert_int_equal(reader.n_reads, 2);
	/* Half a second later it is not read again. */
	assert_int_equal(both(11 * S + S / 2, 0, 0, 0), 0);
	assert_int_equal(got.at_us, 11 * S);
	assert_int_equal(reader.n_reads, 2);
	is(0, 2, 600, 13000000, 5000000);
	is(1, 2, 100, 3000000, 5000000);
	assert_int_equal(cpi_files_read(&files, &reader, 12 * S, &got), 0);
	assert_int_equal(got.milli, 2000);
	assert_int_equal(alloc_count(), before);
}

TEST(a_second_in_which_it_rests_has_none_and_the_next_one_has)
{
	stand_in();
	assert_int_equal(both(11 * S, 500, 9000000, 3000000), 0);
	assert_int_equal(got.milli, 3000);
	assert_int_equal(both(12 * S, 501, 9900000, 3300000), 0);
	assert_int_equal(got.at_us, 0);
	assert_int_equal(got.milli, 0);
	assert_int_equal(both(13 * S, 801, 11900000, 4300000), 0);
	assert_int_equal(got.milli, 2000);
}

TEST(after_a_gap_nothing_is_known_for_a_second)
{
	stand_in();
	assert_int_equal(both(13 * S + 1, 500, 9000000, 3000000), 0);
	assert_int_equal(got.at_us, 0);
	assert_int_equal(both(14 * S + 1, 800, 11000000, 4000000), 0);
	assert_int_equal(got.milli, 2000);
}

TEST(of_a_cpu_that_went_nothing_is_told_and_all_are_closed)
{
	for (int way = 0; way < 4; way++) {
		stand_in();
		assert_int_equal(both(11 * S, 500, 9000000, 3000000), 0);
		is(0, 2, 800, 11000000, 4000000);
		is(1, way == 1 ? 1 : 2, way == 2 ? 499 : 500, 0, 0);
		if (way == 0)
			assert_int_equal(ftruncate(files.cpus[1].cycles_fd, 0), 0);
		fault_begin();
		if (way == 3)
			fault_set(SYS_READ, 2, -EIO);
		assert_int_equal(cpi_files_read(&files, &reader, 12 * S, &got), way == 2 ? -ERANGE
										: way == 3
											? -EIO
											: -ENODEV);
		fault_end();
		assert_int_equal(got.at_us, 0);
		assert_null(files.cpus);
		assert_int_equal(files.n_cpus, 0);
	}
}

TEST(another_set_of_online_cpus_is_not_covered)
{
	stand_in();
	assert_true(cpi_files_cover(&files, &node));
	cpus[1].id = 2;
	assert_false(cpi_files_cover(&files, &node));
	cpus[1].id = 3;
	node.n_cpus = 1;
	assert_false(cpi_files_cover(&files, &node));
	assert_int_equal(cpi_files_n_fds(&node), 2);
}

/* --- real events --------------------------------------------------------------------------------- */

static char dir[128];

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* A cgroup of this test's, open; -1: none can be made here. */
static int make_cgroup(void)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		(void)snprintf(dir, sizeof(dir), "%s/colod-test-cpi-%d", mounts[i], getpid());
		if (is_cgroup2(mounts[i]) && mkdir(dir, 0755) == 0)
			return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

static pid_t spin_there(void)
{
	char path[160];
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	for (;;)
		;
}

static void online_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	node.n_cpus = 0;
	for (long i = 0; i < n && i < NODE_MAX_CPUS; i++)
		if (cpi_files_probe(&clocks, (uint16_t)i) == 0)
			cpus[node.n_cpus++].id = (uint16_t)i;
}

/* Whether one can be had; else the test is skipped, and says why. */
static int cgroup_with_events(void)
{
	int fd;

	online_cpus();
	if (node.n_cpus == 0) {
		print_message("no software event can be opened here\n");
		skip();
	}
	fd = make_cgroup();
	if (fd < 0) {
		print_message("no cgroup can be made here\n");
		skip();
	}
	return fd;
}

static void end_cgroup(int fd)
{
	close(fd);
	for (int i = 0; i < 100 && rmdir(dir) < 0; i++)
		usleep(10000);
}

/* Each of its reads is made a second later as far as it knows; what counts is what the kernel counted until then. */
TEST(real_events_count_what_a_cgroup_does_and_nobody_else)
{
	int fd = cgroup_with_events(), rounds = 0;
	int64_t now_us = 10 * S;
	pid_t pid;

	assert_int_equal(cpi_files_open(&files, &clocks, fd, &node, now_us), 0);
	assert_int_equal(files.n_cpus, node.n_cpus);
	/* It is this process that runs, and it is not in there. */
	for (volatile int i = 0; i < 10000000; i++)
		;
	now_us += S;
	assert_int_equal(cpi_files_read(&files, &reader, now_us, &got), 0);
	assert_int_equal(got.at_us, 0);
	assert_int_equal(reader.n_reads, node.n_cpus);
	pid = spin_there();
	do {
		usleep(100000);
		now_us += S;
		assert_int_equal(cpi_files_read(&files, &reader, now_us, &got), 0);
	} while (got.at_us == 0 && ++rounds < 100);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(got.at_us, now_us);
	/* Two clocks of the same time. */
	assert_in_range(got.milli, 900, 1100);
	now_us += S;
	assert_int_equal(cpi_files_read(&files, &reader, now_us, &got), 0);
	now_us += S;
	assert_int_equal(cpi_files_read(&files, &reader, now_us, &got), 0);
	assert_int_equal(got.at_us, 0);
	/* Nor does it keep the cgroup. */
	end_cgroup(fd);
	assert_int_not_equal(access(dir, F_OK), 0);
	now_us += S;
	assert_int_equal(cpi_files_read(&files, &reader, now_us, &got), 0);
	assert_int_equal(got.at_us, 0);
}

TEST(an_event_that_cannot_be_opened_leaves_none_open)
{
	static const int errors[] = {ENOENT, EOPNOTSUPP, ENODEV, EACCES, EPERM,
				     EMFILE, ENOSPC,	 EBUSY,	 EINVAL};
	int fd = cgroup_with_events();

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (unsigned nth = 1; nth <= 2 * node.n_cpus; nth++) {
			fault_begin();
			fault_set(SYS_PERF, nth, -errors[i]);
			assert_int_equal(cpi_files_open(&files, &clocks, fd, &node, 10 * S),
					 -errors[i]);
			assert_int_equal(fault_count(SYS_PERF), nth);
			fault_end();
			assert_null(files.cpus);
		}
	}
	/* The numbers of what was opened are free again: the next one gets the first of them. */
	assert_int_equal(cpi_files_open(&files, &clocks, fd, &node, 10 * S), 0);
	assert_true(files.cpus[0].cycles_fd <= fd + 2);
	end_cgroup(fd);
}

TEST(a_probe_says_what_the_kernel_says_and_keeps_nothing_open)
{
	int fd = dup(0), again;

	close(fd);
	fault_begin();
	fault_set(SYS_PERF, 1, -EACCES);
	assert_int_equal(cpi_files_probe(&cpi_files_hardware, 0), -EACCES);
	fault_end();
	(void)cpi_files_probe(&clocks, 0);
	again = dup(0);
	assert_int_equal(again, fd);
	close(again);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_counted_for_a_part_of_the_time_counts_for_all_of_it),
		CASE(counts_that_fall_are_no_counts),
		CASE(too_little_done_or_seen_is_no_number),
		CASE(a_second_of_all_cpus_is_one_number),
		CASE(a_second_in_which_it_rests_has_none_and_the_next_one_has),
		CASE(after_a_gap_nothing_is_known_for_a_second),
		CASE(of_a_cpu_that_went_nothing_is_told_and_all_are_closed),
		CASE(another_set_of_online_cpus_is_not_covered),
		CASE(real_events_count_what_a_cgroup_does_and_nobody_else),
		CASE(an_event_that_cannot_be_opened_leaves_none_open),
		CASE(a_probe_says_what_the_kernel_says_and_keeps_nothing_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
