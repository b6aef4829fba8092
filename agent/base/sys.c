// SPDX-License-Identifier: LGPL-2.1-or-later
// See sys.h. No policy here: nothing is retried, logged or remembered.
#include "agent/base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Set before any thread of a test runs, never by the agent. */
static sys_hook_fn hook;
static void *hook_context;

static const char *const names[SYS_CALL_COUNT] = {
	[SYS_OPEN] = "open",	 [SYS_READ] = "read",	[SYS_WRITE] = "write",
	[SYS_STAT] = "stat",	 [SYS_LIST] = "list",	[SYS_MAKE] = "make",
	[SYS_UNLINK] = "unlink", [SYS_LOCK] = "lock",	[SYS_TRUNCATE] = "truncate",
	[SYS_WATCH] = "watch",	 [SYS_POLL] = "poll",	[SYS_THREAD] = "thread",
	[SYS_BUS] = "bus",	 [SYS_HTTP] = "http",	[SYS_NETLINK] = "netlink",
	[SYS_BPF] = "bpf",	 [SYS_SCHED] = "sched", [SYS_PERF] = "perf",
};

const char *sys_call_name(enum sys_call call)
{
	return names[call];
}

void sys_set_hook(sys_hook_fn new_hook, void *context)
{
	hook_context = context;
	hook = new_hook;
}

static inline int ask(const struct sys_point *point)
{
	if (__builtin_expect(!hook, 1))
		return 0;
	return hook(hook_context, point);
}

int sys_fault(enum sys_call call, const char *path)
{
	int r = ask(&(struct sys_point){.call = call, .fd = -EBADF, .path = path});

	return r < 0 ? r : 0;
}

/* True where the call is not to be made; errno is set then. */
static inline bool fails_at(enum sys_call call, int fd, const char *path, int flags)
{
	int r = ask(&(struct sys_point){.call = call, .fd = fd, .path = path, .flags = flags});

	if (__builtin_expect(r >= 0, 1))
		return false;
	errno = -r;
	return true;
}

static inline bool fails(enum sys_call call, int fd)
{
	return fails_at(call, fd, NULL, 0);
}

/* The same for a transfer, which may also be cut short. */
static inline bool cut(enum sys_call call, int fd, size_t *size)
{
	int r = ask(&(struct sys_point){.call = call, .fd = fd, .size = *size});

	if (__builtin_expect(r == 0, 1))
		return false;
	if (r > 0 && (size_t)r < *size)
		*size = (size_t)r;
	if (r > 0)
		return false;
	errno = -r;
	return true;
}

/* Close-on-exec. */
int sys_dup(int fd)
{
	return fails(SYS_OPEN, fd) ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return fails_at(SYS_OPEN, dirfd, path, flags) ? -1 : openat(dirfd, path, flags, mode);
}

int sys_open_following(int dirfd, const char *path, int flags)
{
	const struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_IN_ROOT};

	if (fails_at(SYS_OPEN, dirfd, path, flags))
		return -1;
	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

int sys_memfd_create(const char *name, unsigned flags)
{
	return fails_at(SYS_OPEN, -EBADF, name, (int)flags) ? -1 : memfd_create(name, flags);
}

ssize_t sys_read(int fd, void *buf, size_t size)
{
	return cut(SYS_READ, fd, &size) ? -1 : read(fd, buf, size);
}

ssize_t sys_pread(int fd, void *buf, size_t size, off_t offset)
{
	return cut(SYS_READ, fd, &size) ? -1 : pread(fd, buf, size, offset);
}

ssize_t sys_write(int fd, const void *buf, size_t size)
{
	return cut(SYS_WRITE, fd, &size) ? -1 : write(fd, buf, size);
}

int sys_sched_policy(pid_t tid)
{
	return fails(SYS_SCHED, -EBADF) ? -1 : sched_getscheduler(tid);
}

int sys_set_sched_policy(pid_t tid, int policy)
{
	const struct sched_param none = {0};

	return fails(SYS_SCHED, -EBADF) ? -1 : sched_setscheduler(tid, policy, &none);
}

int sys_fstat(int fd, struct stat *ret_stat)
{
	return fails(SYS_STAT, fd) ? -1 : fstat(fd, ret_stat);
}

int sys_fstatat(int dirfd, const char *path, struct stat *ret_stat, int flags)
{
	return fails_at(SYS_STAT, dirfd, path, 0) ? -1 : fstatat(dirfd, path, ret_stat, flags);
}

int sys_faccessat(int dirfd, const char *path, int mode, int flags)
{
	return fails_at(SYS_STAT, dirfd, path, 0) ? -1 : faccessat(dirfd, path, mode, flags);
}

int sys_fstatfs(int fd, struct statfs *ret_statfs)
{
	return fails(SYS_STAT, fd) ? -1 : fstatfs(fd, ret_statfs);
}

ssize_t sys_getdents64(int fd, void *buf, size_t size)
{
	return fails(SYS_LIST, fd) ? -1 : getdents64(fd, buf, size);
}

FILE *sys_fdopen(int fd, const char *mode)
{
	return fails(SYS_OPEN, fd) ? NULL : fdopen(fd, mode);
}

int sys_socket(int domain, int type, int protocol)
{
	return fails(SYS_OPEN, -EBADF) ? -1 : socket(domain, type, protocol);
}

int sys_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return fails(SYS_OPEN, fd) ? -1 : connect(fd, address, len);
}

ssize_t sys_netlink_send(int fd, const void *message, size_t size, const char *what)
{
	return fails_at(SYS_NETLINK, fd, what, 0) ? -1 : send(fd, message, size, MSG_NOSIGNAL);
}

ssize_t sys_netlink_receive(int fd, void *buf, size_t size, const char *what)
{
	return fails_at(SYS_NETLINK, fd, what, 0) ? -1 : recv(fd, buf, size, MSG_TRUNC);
}

DIR *sys_fdopendir(int fd)
{
	return fails(SYS_LIST, fd) ? NULL : fdopendir(fd);
}

struct dirent *sys_readdir(DIR *dir)
{
	if (fails(SYS_LIST, dirfd(dir)))
		return NULL;
	errno = 0;
	return readdir(dir);
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return fails_at(SYS_MAKE, dirfd, path, 0) ? -1 : mkdirat(dirfd, path, mode);
}

int sys_linkat(int dirfd, const char *path, int new_dirfd, const char *new_path, int flags)
{
	return fails_at(SYS_MAKE, dirfd, path, 0) ? -1
						  : linkat(dirfd, path, new_dirfd, new_path, flags);
}

int sys_renameat(int dirfd, const char *path, int new_dirfd, const char *new_path)
{
	return fails_at(SYS_MAKE, dirfd, path, 0) ? -1 : renameat(dirfd, path, new_dirfd, new_path);
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return fails_at(SYS_UNLINK, dirfd, path, 0) ? -1 : unlinkat(dirfd, path, flags);
}

int sys_ftruncate(int fd, off_t length)
{
	return fails(SYS_TRUNCATE, fd) ? -1 : ftruncate(fd, length);
}

int sys_fdatasync(int fd)
{
	return fails(SYS_WRITE, fd) ? -1 : fdatasync(fd);
}

int sys_flock(int fd, int operation)
{
	return fails(SYS_LOCK, fd) ? -1 : flock(fd, operation);
}

int sys_inotify_init1(int flags)
{
	return fails(SYS_WATCH, -EBADF) ? -1 : inotify_init1(flags);
}

int sys_inotify_add_watch(int fd, const char *path, unsigned mask)
{
	return fails_at(SYS_WATCH, fd, path, 0) ? -1 : inotify_add_watch(fd, path, mask);
}

int sys_eventfd(unsigned value, int flags)
{
	return fails(SYS_POLL, -EBADF) ? -1 : eventfd(value, flags);
}

int sys_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	return fails(SYS_POLL, -EBADF) ? -1 : poll(fds, n, timeout_ms);
}

int sys_epoll_create1(int flags)
{
	return fails(SYS_POLL, -EBADF) ? -1 : epoll_create1(flags);
}

int sys_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	return fails(SYS_POLL, fd) ? -1 : epoll_ctl(epoll_fd, operation, fd, event);
}

int sys_signalfd(int fd, const sigset_t *mask, int flags)
{
	return fails(SYS_POLL, fd) ? -1 : signalfd(fd, mask, flags);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return fails(SYS_POLL, -1) ? -1 : pidfd_open(pid, flags);
}

int sys_pidfd_send_signal(int pid_fd, int signal)
{
	return fails(SYS_POLL, pid_fd) ? -1 : pidfd_send_signal(pid_fd, signal, NULL, 0);
}

int sys_process_mrelease(int pid_fd)
{
	return fails(SYS_POLL, pid_fd) ? -1 : process_mrelease(pid_fd, 0);
}

int sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd,
			unsigned long flags)
{
	if (fails(SYS_PERF, pid))
		return -1;
	return (int)syscall(SYS_perf_event_open, attr, pid, cpu, group_fd, flags);
}

int sys_drop_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	return (int)syscall(SYS_capset, &header, data);
}
