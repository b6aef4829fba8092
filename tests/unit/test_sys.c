// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/sys.h"
#include "tests/lib/fault.h"

static int fd = -1, dirfd_ = -1;
static char dir[64];

static int setup(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/colod-sys-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	fd = openat(dirfd_, "file", O_RDWR | O_CREAT, 0644);
	fault_begin();
	return fd < 0 || write(fd, "0123456789", 10) != 10;
}

static int teardown(void **state)
{
	(void)state;
	fault_end();
	close(fd);
	unlinkat(dirfd_, "file", 0);
	unlinkat(dirfd_, "other", 0);
	unlinkat(dirfd_, "dir", AT_REMOVEDIR);
	close(dirfd_);
	return rmdir(dir);
}

TEST(every_kind_has_a_name)
{
	for (int i = 0; i < SYS_CALL_COUNT; i++)
		assert_non_null(sys_call_name((enum sys_call)i));
}

TEST(the_nth_call_of_a_kind_fails_and_is_not_made)
{
	char buf[4];

	fault_set(SYS_WRITE, 2, -ENOSPC);
	assert_int_equal(sys_write(fd, "a", 1), 1);
	assert_int_equal(sys_pread(fd, buf, 4, 0), 4);
	assert_false(fault_was_met());
	assert_int_equal(sys_write(fd, "b", 1), -1);
	assert_int_equal(errno, ENOSPC);
	assert_true(fault_was_met());
	assert_int_equal(sys_write(fd, "c", 1), 1);
	assert_int_equal(pread(fd, buf, 4, 10), 2);
	assert_memory_equal(buf, "ac", 2);
	assert_int_equal(fault_count(SYS_WRITE), 3);
	assert_int_equal(fault_count(SYS_READ), 1);
}

TEST(from_the_nth_call_on_all_fail)
{
	fault_set_from(SYS_OPEN, 2, -EMFILE);
	close(sys_openat(dirfd_, "file", O_RDONLY, 0));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sys_openat(dirfd_, "file", O_RDONLY, 0), -1);
		assert_int_equal(errno, EMFILE);
	}
	assert_string_equal(fault_path(), "file");
}

TEST(a_transfer_can_be_cut_short)
{
	char buf[16];

	fault_set(SYS_READ, 1, 3);
	assert_int_equal(sys_pread(fd, buf, sizeof(buf), 0), 3);
	assert_int_equal(sys_pread(fd, buf, sizeof(buf), 0), 10);
	fault_set(SYS_WRITE, 1, 1);
	assert_int_equal(sys_write(fd, "xyz", 3), 1);
	fault_set(SYS_WRITE, 2, 100);
	assert_int_equal(sys_write(fd, "xyz", 3), 3);
}

static void later(void *context)
{
	*(int64_t *)context += 5000000;
}

TEST(a_call_can_come_late_without_anybody_waiting)
{
	struct stat st;
	int64_t now_us = 0;

	fault_set_late(SYS_STAT, 1, later, &now_us);
	assert_int_equal(sys_fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 10);
	assert_int_equal(now_us, 5000000);
	assert_int_equal(sys_fstat(fd, &st), 0);
	assert_int_equal(now_us, 5000000);
}

TEST(the_process_can_end_at_a_call)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		fault_set_end(SYS_UNLINK, 1, 7);
		(void)sys_unlinkat(dirfd_, "file", 0);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(faccessat(dirfd_, "file", F_OK, 0), 0);
}

/* Each wrapper makes its call, and fails with the errno it is told instead of making it. */
#define BOTH(kind, call, bad)                                                                      \
	do {                                                                                       \
		fault_set(kind, fault_count(kind) + 1, -EIO);                                      \
		errno = 0;                                                                         \
		assert_true((call) == (bad));                                                      \
		assert_int_equal(errno, EIO);                                                      \
		assert_true(fault_was_met());                                                      \
		assert_true((call) != (bad));                                                      \
	} while (0)

/* Closes again what could be opened. */
static int opened(int got)
{
	return got < 0 ? got : close(got);
}

TEST(the_wrappers_of_processes_and_signals_work_and_fail_as_told)
{
	int pid_fd = sys_pidfd_open(getpid(), 0);
	sigset_t mask;

	BOTH(SYS_POLL, sys_pidfd_send_signal(pid_fd, 0), -1);
	BOTH(SYS_POLL, sys_poll(NULL, 0, 0), -1);
	BOTH(SYS_POLL, opened(sys_pidfd_open(getpid(), 0)), -1);
	sigemptyset(&mask);
	BOTH(SYS_POLL, opened(sys_signalfd(-1, &mask, SFD_CLOEXEC)), -1);
	close(pid_fd);
}

TEST(each_wrapper_works_and_fails_as_told)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct statfs fs;
	struct stat st;
	char buf[4096];
	int inotify_fd, epoll_fd;
	DIR *d;

	BOTH(SYS_OPEN, close(sys_openat(dirfd_, "file", O_RDONLY, 0)) == 0 ? 0 : (errno = EIO, -1),
	     -1);
	BOTH(SYS_STAT, sys_fstat(fd, &st), -1);
	BOTH(SYS_STAT, sys_fstatat(dirfd_, "file", &st, 0), -1);
	BOTH(SYS_STAT, sys_faccessat(dirfd_, "file", R_OK, 0), -1);
	BOTH(SYS_STAT, sys_fstatfs(fd, &fs), -1);
	BOTH(SYS_READ, sys_read(fd, buf, 1), -1);
	BOTH(SYS_LIST, sys_getdents64(dirfd_, buf, sizeof(buf)), -1);
	BOTH(SYS_MAKE, sys_mkdirat(dirfd_, "dir", 0755), -1);
	BOTH(SYS_MAKE, sys_linkat(dirfd_, "file", dirfd_, "linked", 0), -1);
	BOTH(SYS_MAKE, sys_renameat(dirfd_, "linked", dirfd_, "other"), -1);
	/* Two names of one file: rename does nothing, and says so with 0. */
	(void)unlinkat(dirfd_, "linked", 0);
	BOTH(SYS_UNLINK, sys_unlinkat(dirfd_, "file", 0), -1);
	BOTH(SYS_TRUNCATE, sys_ftruncate(fd, 1), -1);
	BOTH(SYS_LOCK, sys_flock(fd, LOCK_EX | LOCK_NB), -1);
	inotify_fd = sys_inotify_init1(IN_CLOEXEC);
	BOTH(SYS_WATCH, sys_inotify_add_watch(inotify_fd, dir, IN_CREATE), -1);
	epoll_fd = sys_epoll_create1(EPOLL_CLOEXEC);
	BOTH(SYS_POLL, sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, inotify_fd, &event), -1);
	fault_set(SYS_POLL, fault_count(SYS_POLL) + 1, -EMFILE);
	assert_int_equal(sys_epoll_create1(EPOLL_CLOEXEC), -1);
	fault_set(SYS_WATCH, fault_count(SYS_WATCH) + 1, -EMFILE);
	assert_int_equal(sys_inotify_init1(IN_CLOEXEC), -1);
	fault_set(SYS_OPEN, fault_count(SYS_OPEN) + 1, -ENOMEM);
	assert_int_equal(sys_memfd_create("x", 0), -1);
	fault_set(SYS_LIST, fault_count(SYS_LIST) + 1, -ENOMEM);
	assert_null(sys_fdopendir(dirfd_));
	d = sys_fdopendir(dup(dirfd_));
	fault_set(SYS_LIST, fault_count(SYS_LIST) + 1, -EIO);
	assert_null(sys_readdir(d));
	assert_int_equal(errno, EIO);
	while (sys_readdir(d))
		errno = EPERM;
	assert_int_equal(errno, 0);
	closedir(d);
	close(inotify_fd);
	close(epoll_fd);
}

TEST(what_has_no_wrapper_asks_by_itself)
{
	fault_set(SYS_HTTP, 1, -ETIMEDOUT);
	assert_int_equal(sys_fault(SYS_HTTP, "/pods"), -ETIMEDOUT);
	assert_int_equal(sys_fault(SYS_HTTP, "/pods"), 0);
	fault_set(SYS_BUS, 1, -ENOTCONN);
	assert_int_equal(sys_bus(5), -ENOTCONN);
	assert_int_equal(sys_bus(5), 5);
}

TEST(without_a_hook_nothing_is_asked)
{
	struct stat st;

	fault_set(SYS_STAT, 1, -EIO);
	fault_end();
	assert_int_equal(sys_fstat(fd, &st), 0);
	assert_int_equal(fault_count(SYS_STAT), 0);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(every_kind_has_a_name),
		UNIT(the_nth_call_of_a_kind_fails_and_is_not_made),
		UNIT(from_the_nth_call_on_all_fail),
		UNIT(a_transfer_can_be_cut_short),
		UNIT(a_call_can_come_late_without_anybody_waiting),
		UNIT(the_process_can_end_at_a_call),
		UNIT(the_wrappers_of_processes_and_signals_work_and_fail_as_told),
		UNIT(each_wrapper_works_and_fails_as_told),
		UNIT(what_has_no_wrapper_asks_by_itself),
		UNIT(without_a_hook_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
