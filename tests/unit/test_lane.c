// SPDX-License-Identifier: LGPL-2.1-or-later
// A lane over named pipes: a full one makes a write last for as long as the test wants.
#include "tests/lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/lane.h"
#include "tests/lib/alloc_count.h"

/* A write in the full pipe lasts until the test ends it. */
#define HOUR_US (3600ull * 1000000)

struct lane_case {
	struct lane *lane;
	int event_fd;
	char dir[32];
	int dir_fd;
	int full; /* of a pipe that takes no more */
	int free;
};

static int open_fifo(struct lane_case *c, const char *name)
{
	int fd;

	assert_int_equal(mkfifoat(c->dir_fd, name, 0600), 0);
	fd = openat(c->dir_fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int setup(void **state)
{
	static const char page[4096];
	struct lane_case *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	(void)snprintf(c->dir, sizeof(c->dir), "/tmp/test_lane.XXXXXX");
	assert_non_null(mkdtemp(c->dir));
	c->dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(c->dir_fd >= 0);
	c->free = open_fifo(c, "free");
	c->full = open_fifo(c, "full");
	while (write(c->full, page, sizeof(page)) > 0)
		continue;
	c->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(c->event_fd >= 0);
	assert_int_equal(lane_new("test-lane", c->event_fd, HOUR_US, &c->lane), 0);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct lane_case *c = *state;

	lane_free(c->lane, false);
	(void)close(c->full);
	(void)close(c->free);
	(void)unlinkat(c->dir_fd, "full", 0);
	(void)unlinkat(c->dir_fd, "free", 0);
	(void)rmdir(c->dir);
	(void)close(c->dir_fd);
	(void)close(c->event_fd);
	free(c);
	return 0;
}

static int copy_of(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	assert_true(copy >= 0);
	return copy;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* A write that lasts. */
static void block(struct lane_case *c, uint64_t token)
{
	assert_int_equal(lane_write(c->lane, copy_of(c->dir_fd), "full", 0, "x", token), 0);
}

static void put(struct lane_case *c, const char *text, uint64_t token)
{
	assert_int_equal(lane_write(c->lane, copy_of(c->dir_fd), "free", 0, text, token), 0);
}

/* Waits until a write has ended. */
static struct lane_done wait_done(struct lane_case *c)
{
	struct lane_done done;

	for (;;) {
		struct pollfd poll_fd = {.fd = c->event_fd, .events = POLLIN};
		uint64_t n;

		if (lane_next(c->lane, &done))
			return done;
		assert_int_equal(poll(&poll_fd, 1, 60000), 1);
		assert_int_equal(read(c->event_fd, &n, sizeof(n)), sizeof(n));
	}
}

static void wait_begun(struct lane_case *c)
{
	while (!lane_counts(c->lane).running)
		(void)sched_yield();
}

static const char *text_of(int fd)
{
	static char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

TEST(jobs_are_done_in_their_order_and_each_is_reported_once)
{
	struct lane_case *c = *state;
	struct lane_done done;

	put(c, "a", 7);
	put(c, "b", 8);
	put(c, "c", 9);
	for (uint64_t token = 7; token <= 9; token++) {
		done = wait_done(c);
		assert_int_equal(done.token, token);
		assert_int_equal(done.result, 0);
		assert_false(done.cut);
	}
	assert_false(lane_next(c->lane, &done));
	assert_string_equal(text_of(c->free), "abc");
	assert_int_equal(lane_counts(c->lane).written, 3);
	assert_int_equal(lane_counts(c->lane).cut, 0);
	assert_int_equal(lane_counts(c->lane).waiting, 0);
}

TEST(a_write_that_lasts_too_long_is_cut_short_and_counted)
{
	struct lane_case *c = *state;
	struct lane_done done;

	lane_free(c->lane, false);
	assert_int_equal(lane_new("test-lane", c->event_fd, 10000, &c->lane), 0);
	block(c, 1);
	done = wait_done(c);
	assert_int_equal(done.token, 1);
	assert_int_equal(done.result, -EINTR);
	assert_true(done.cut);
	assert_int_equal(lane_counts(c->lane).cut, 1);
	assert_true(lane_counts(c->lane).longest_us >= 10000);
	/* The next one is not hurt. */
	put(c, "b", 2);
	done = wait_done(c);
	assert_int_equal(done.token, 2);
	assert_int_equal(done.result, 0);
	assert_int_equal(lane_counts(c->lane).written, 2);
}

TEST(a_long_job_does_not_delay_another_lane)
{
	struct lane_case *c = *state;
	struct lane *other;
	struct lane_done done;
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t n;

	assert_int_equal(lane_new("test-other", fd, HOUR_US, &other), 0);
	for (uint64_t i = 0; i < 16; i++)
		block(c, i);
	assert_int_equal(lane_write(other, copy_of(c->dir_fd), "free", 0, "now", 5), 0);
	assert_int_equal(read(fd, &n, sizeof(n)), sizeof(n));
	assert_true(lane_next(other, &done));
	assert_int_equal(done.result, 0);
	assert_string_equal(text_of(c->free), "now");
	assert_true(lane_counts(c->lane).waiting > 0);
	lane_free(other, true);
	(void)close(fd);
}

TEST(a_full_lane_leaves_the_descriptor_with_the_caller)
{
	struct lane_case *c = *state;
	int fd = copy_of(c->dir_fd);
	struct lane_done done;

	for (uint64_t i = 0; i < LANE_JOBS; i++)
		block(c, i);
	assert_int_equal(lane_write(c->lane, fd, "free", 0, "x", 1000), -EBUSY);
	assert_int_equal(lane_close(c->lane, fd), -EBUSY);
	assert_true(is_open(fd));
	assert_int_equal(lane_counts(c->lane).full, 2);
	/* One that ended makes room only when it was taken. */
	assert_true(lane_cancel(c->lane, 0));
	done = wait_done(c);
	assert_int_equal(done.token, 0);
	assert_int_equal(lane_write(c->lane, fd, "free", 0, "x", 1000), 0);
}

TEST(a_text_too_long_for_a_job_is_refused)
{
	struct lane_case *c = *state;
	char text[LANE_TEXT_SIZE + 2];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(lane_write(c->lane, c->dir_fd, "free", 0, text, 1), -E2BIG);
	assert_true(is_open(c->dir_fd));
	text[sizeof(text) - 2] = '\0';
	put(c, text, 1);
	assert_int_equal(wait_done(c).result, 0);
	assert_string_equal(text_of(c->free), text);
}

TEST(a_job_that_waits_is_taken_back_and_writes_nothing)
{
	struct lane_case *c = *state;
	int fd = copy_of(c->dir_fd);
	struct lane_done done;

	block(c, 1);
	wait_begun(c);
	assert_int_equal(lane_write(c->lane, fd, "free", 0, "never", 2), 0);
	put(c, "z", 3);
	assert_true(lane_cancel(c->lane, 2));
	assert_false(is_open(fd));
	assert_false(lane_cancel(c->lane, 2));
	/* At once: before the one that is under way has ended. */
	done = wait_done(c);
	assert_int_equal(done.token, 2);
	assert_int_equal(done.result, -ECANCELED);
	assert_true(lane_cancel(c->lane, 1));
	assert_int_equal(wait_done(c).token, 1);
	assert_int_equal(wait_done(c).token, 3);
	assert_string_equal(text_of(c->free), "z");
}

TEST(a_job_under_way_that_is_taken_back_ends_and_is_not_counted_as_too_long)
{
	struct lane_case *c = *state;
	struct lane_done done;

	block(c, 4);
	wait_begun(c);
	assert_true(lane_cancel(c->lane, 4));
	done = wait_done(c);
	assert_int_equal(done.token, 4);
	assert_int_equal(done.result, -EINTR);
	assert_true(done.cut);
	assert_int_equal(lane_counts(c->lane).cut, 0);
	assert_false(lane_cancel(c->lane, 4));
	assert_false(lane_cancel(c->lane, 5));
}

TEST(a_refusal_is_reported)
{
	struct lane_case *c = *state;

	assert_int_equal(lane_write(c->lane, copy_of(c->dir_fd), "missing", 0, "x", 1), 0);
	assert_int_equal(wait_done(c).result, -ENOENT);
	assert_int_equal(lane_write(c->lane, copy_of(c->dir_fd), ".", 0, "x", 1), 0);
	assert_int_equal(wait_done(c).result, -EISDIR);
}

TEST(flags_are_those_of_the_opening)
{
	struct lane_case *c = *state;
	struct lane_done done;

	/* A full pipe does not keep a writer that will not wait. */
	assert_int_equal(lane_write(c->lane, copy_of(c->dir_fd), "full", O_NONBLOCK, "x", 1), 0);
	done = wait_done(c);
	assert_int_equal(done.result, -EAGAIN);
	assert_false(done.cut);
}

TEST(what_is_measured_is_read_before_the_write_and_after_it)
{
	struct lane_case *c = *state;
	struct lane_done done;
	int fd = openat(c->dir_fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, "1\n", 2), 2);
	(void)close(fd);
	assert_int_equal(lane_write_measured(c->lane, copy_of(c->dir_fd), "file", O_TRUNC, "23\n",
					     7, "file"),
			 0);
	done = wait_done(c);
	assert_int_equal(done.token, 7);
	assert_int_equal(done.result, 0);
	assert_string_equal(done.before, "1\n");
	assert_string_equal(done.after, "23\n");
	/* What cannot be read stops nothing. */
	assert_int_equal(unlinkat(c->dir_fd, "file", 0), 0);
	assert_int_equal(
		lane_write_measured(c->lane, copy_of(c->dir_fd), "free", 0, "x", 8, "file"), 0);
	done = wait_done(c);
	assert_int_equal(done.result, 0);
	assert_string_equal(done.before, "");
	assert_string_equal(done.after, "");
	assert_string_equal(text_of(c->free), "x");
}

TEST(closing_is_done_by_the_lane)
{
	struct lane_case *c = *state;
	int ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(lane_close(c->lane, ends[1]), 0);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close(ends[0]);
	while (lane_counts(c->lane).waiting > 0)
		(void)sched_yield();
	assert_int_equal(lane_counts(c->lane).closed, 1);
}

TEST(handing_in_and_taking_out_allocate_nothing)
{
	struct lane_case *c = *state;
	int fds[2 * LANE_JOBS];
	struct lane_done done;
	unsigned long before;
	size_t n = 0;

	for (size_t i = 0; i < 2 * LANE_JOBS; i++)
		fds[i] = copy_of(c->dir_fd);
	before = alloc_count();
	for (size_t i = 0; i < LANE_JOBS; i++)
		assert_int_equal(lane_write(c->lane, fds[i], "free", 0, "y", i), 0);
	for (size_t i = LANE_JOBS; i < 2 * LANE_JOBS; i++)
		assert_int_equal(lane_write(c->lane, fds[i], "free", 0, "y", i), -EBUSY);
	while (n < LANE_JOBS)
		n += lane_next(c->lane, &done);
	assert_int_equal(alloc_count(), before);
	for (size_t i = LANE_JOBS; i < 2 * LANE_JOBS; i++)
		(void)close(fds[i]);
}

TEST(the_end_drains_an_urgent_lane)
{
	struct lane_case *c = *state;

	lane_free(c->lane, false);
	assert_int_equal(lane_new("test-lane", c->event_fd, 10000, &c->lane), 0);
	block(c, 1);
	put(c, "b", 2);
	put(c, "c", 3);
	lane_free(c->lane, true);
	c->lane = NULL;
	assert_string_equal(text_of(c->free), "bc");
}

TEST(the_end_drops_what_waits_in_a_slow_lane_but_closes)
{
	struct lane_case *c = *state;
	int closed = copy_of(c->dir_fd), dropped = copy_of(c->dir_fd);

	block(c, 1);
	wait_begun(c);
	assert_int_equal(lane_write(c->lane, dropped, "free", 0, "never", 2), 0);
	assert_int_equal(lane_close(c->lane, closed), 0);
	lane_free(c->lane, false);
	c->lane = NULL;
	assert_false(is_open(closed));
	assert_false(is_open(dropped));
	assert_string_equal(text_of(c->free), "");
}

static bool read_status(const char *task, char *text, size_t size)
{
	char path[300];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return true;
}

TEST(the_thread_takes_no_signal_of_the_loop)
{
	sigset_t before, after;
	char text[4096];
	bool found = false;
	struct dirent *e;
	DIR *dir;
	struct lane *other;

	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	assert_int_equal(lane_new("test-signals", -EBADF, HOUR_US, &other), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (int signal = 1; signal < 32; signal++)
		assert_int_equal(sigismember(&before, signal), sigismember(&after, signal));
	dir = opendir("/proc/self/task");
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		unsigned long long blocked;

		if (!read_status(e->d_name, text, sizeof(text)) ||
		    !strstr(text, "Name:\ttest-signals\n"))
			continue;
		found = true;
		assert_int_equal(sscanf(strstr(text, "SigBlk:"), "SigBlk: %llx", &blocked), 1);
		for (int signal = 1; signal < 32; signal++)
			if (signal != SIGKILL && signal != SIGSTOP)
				assert_true(blocked & (1ull << (signal - 1)));
	}
	(void)closedir(dir);
	assert_true(found);
	lane_free(other, false);
	lane_free(NULL, false);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(jobs_are_done_in_their_order_and_each_is_reported_once),
		CASE(a_write_that_lasts_too_long_is_cut_short_and_counted),
		CASE(a_long_job_does_not_delay_another_lane),
		CASE(a_full_lane_leaves_the_descriptor_with_the_caller),
		CASE(a_text_too_long_for_a_job_is_refused),
		CASE(a_job_that_waits_is_taken_back_and_writes_nothing),
		CASE(a_job_under_way_that_is_taken_back_ends_and_is_not_counted_as_too_long),
		CASE(a_refusal_is_reported),
		CASE(flags_are_those_of_the_opening),
		CASE(what_is_measured_is_read_before_the_write_and_after_it),
		CASE(closing_is_done_by_the_lane),
		CASE(handing_in_and_taking_out_allocate_nothing),
		CASE(the_end_drains_an_urgent_lane),
		CASE(the_end_drops_what_waits_in_a_slow_lane_but_closes),
		CASE(the_thread_takes_no_signal_of_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
