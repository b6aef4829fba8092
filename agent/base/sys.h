// SPDX-License-Identifier: LGPL-2.1-or-later
// The one seam between the agent and the kernel, other processes and the network: whatever can
// fail there goes through here, so that a test can make each single call fail, be cut short or
// come late (tests/lib/fault.h). In a running agent it costs a look at a pointer that is NULL.
#pragma once

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

struct epoll_event;
struct perf_event_attr;
struct pollfd;
struct statfs;

/* Kinds of calls, as a fault names them. Names for people: sys_call_name(). */
enum sys_call {
	SYS_OPEN,
	SYS_READ,
	SYS_WRITE,
	SYS_STAT, /* stat, access, statfs */
	SYS_LIST, /* reading a directory */
	SYS_MAKE, /* mkdir, link, rename */
	SYS_UNLINK,
	SYS_TRUNCATE,
	SYS_LOCK,
	SYS_WATCH,  /* inotify */
	SYS_POLL,   /* epoll, poll and what is waited for with them: timers, event fds, processes */
	SYS_THREAD, /* starting one */
	SYS_BUS,    /* D-Bus, from opening a connection on */
	SYS_HTTP,
	SYS_NETLINK, /* one message to the kernel's routing socket, or one of its answers */
	SYS_BPF,     /* a program at a cgroup (egress_link.h) */
	SYS_SCHED,   /* a thread's scheduling policy */
	SYS_PERF,    /* opening a counter */
	SYS_CALL_COUNT,
};

const char *sys_call_name(enum sys_call call);

/* A call about to be made. */
struct sys_point {
	enum sys_call call;
	int fd;		  /* the file, or the directory that path is below; -EBADF for none */
	const char *path; /* NULL for none */
	int flags;	  /* of an open */
	size_t size;	  /* to be read or written */
};

/* What a test answers to it: 0: make it; a negative errno: it fails so, and is not made; a positive
 * number: read or write at most so many bytes. May be called from any thread. */
typedef int (*sys_hook_fn)(void *context, const struct sys_point *point);

/* For test programs alone: no source of the agent may name it (make check-layers). NULL: none. */
void sys_set_hook(sys_hook_fn hook, void *context);

/* For calls that have no wrapper below: 0, or the negative errno to fail with instead of making it. */
int sys_fault(enum sys_call call, const char *path);

/* A call of sd-bus, which returns a negative errno itself: r = sys_bus(sd_bus_call(...)). */
#define sys_bus(expression)                                                                        \
	({                                                                                         \
		int fault_ = sys_fault(SYS_BUS, NULL);                                             \
		fault_ < 0 ? fault_ : (expression);                                                \
	})

/* Each of these is the system call of that name, errno included. */
int sys_dup(int fd);
int sys_openat(int dirfd, const char *path, int flags, mode_t mode);
/* openat2(2) with RESOLVE_IN_ROOT: links are followed, and dirfd is "/" for them. */
int sys_open_following(int dirfd, const char *path, int flags);
int sys_memfd_create(const char *name, unsigned flags);
ssize_t sys_read(int fd, void *buf, size_t size);
ssize_t sys_pread(int fd, void *buf, size_t size, off_t offset);
ssize_t sys_write(int fd, const void *buf, size_t size);
/* sched_getscheduler(2), with SCHED_RESET_ON_FORK where the thread has it, and sched_setscheduler(2) to one without a priority. */
int sys_sched_policy(pid_t tid);
int sys_set_sched_policy(pid_t tid, int policy);
int sys_fstat(int fd, struct stat *ret_stat);
int sys_fstatat(int dirfd, const char *path, struct stat *ret_stat, int flags);
int sys_faccessat(int dirfd, const char *path, int mode, int flags);
int sys_fstatfs(int fd, struct statfs *ret_statfs);
ssize_t sys_getdents64(int fd, void *buf, size_t size);
FILE *sys_fdopen(int fd, const char *mode);
int sys_socket(int domain, int type, int protocol);
int sys_connect(int fd, const struct sockaddr *address, socklen_t len);
/* send(2) of one message, called `what` (static) for a fault. */
ssize_t sys_netlink_send(int fd, const void *message, size_t size, const char *what);
/* recv(2) of one datagram; returns its true size, which may be more than `size`. */
ssize_t sys_netlink_receive(int fd, void *buf, size_t size, const char *what);
DIR *sys_fdopendir(int fd);
/* NULL at the end with errno 0, NULL with errno set where listing failed. */
struct dirent *sys_readdir(DIR *dir);
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_linkat(int dirfd, const char *path, int new_dirfd, const char *new_path, int flags);
int sys_renameat(int dirfd, const char *path, int new_dirfd, const char *new_path);
int sys_unlinkat(int dirfd, const char *path, int flags);
int sys_ftruncate(int fd, off_t length);
int sys_fdatasync(int fd); /* a SYS_WRITE */
int sys_flock(int fd, int operation);
int sys_inotify_init1(int flags);
int sys_inotify_add_watch(int fd, const char *path, unsigned mask);
int sys_eventfd(unsigned value, int flags);
int sys_poll(struct pollfd *fds, size_t n, int timeout_ms);
int sys_epoll_create1(int flags);
int sys_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int sys_signalfd(int fd, const sigset_t *mask, int flags);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pid_fd, int signal);
int sys_process_mrelease(int pid_fd);
/* perf_event_open(2). */
int sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd,
			unsigned long flags);
/* The calling thread, no other, does without a capability from here on. */
int sys_drop_capability(unsigned capability);
