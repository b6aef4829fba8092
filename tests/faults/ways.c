// SPDX-License-Identifier: LGPL-2.1-or-later
// See ways.h.
#include "tests/faults/ways.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static bool is_of_the_machine(const struct point *p)
{
	return strncmp(p->path, "sys/devices/", strlen("sys/devices/")) == 0 ||
	       strncmp(p->path, "proc/pressure/", strlen("proc/pressure/")) == 0;
}

const int *ways_errors(const struct point *p)
{
	static const int open_cgroup[] = {EMFILE, ENOMEM, EACCES, 0};
	static const int open_state[] = {EMFILE, ENOSPC, EACCES, 0};
	static const int open_other[] = {EMFILE, EACCES, EIO, ENOENT, 0};
	/* A kernel or a machine that has no such thing is another one, no fault. */
	static const int open_machine[] = {EMFILE, EACCES, EIO, 0};
	/* A policy directory that is not there is an empty one: another policy, no fault. */
	static const int open_dir[] = {EMFILE, EACCES, EIO, ENOMEM, 0};
	static const int read_inotify[] = {EINTR, EAGAIN, 0};
	static const int read_any[] = {EIO, EINTR, ENOMEM, 0};
	static const int write_knob[] = {EINVAL, EBUSY, ENOMEM, EACCES, EINTR, 0};
	static const int write_state[] = {ENOSPC, EIO, EINTR, 0};
	static const int lists[] = {EIO, ENOMEM, 0};
	static const int stats[] = {EACCES, ENOMEM, EIO, 0};
	static const int makes[] = {ENOSPC, EACCES, EROFS, 0};
	static const int removes[] = {EACCES, EIO, 0};
	static const int locks[] = {ENOLCK, EWOULDBLOCK, EINTR, 0};
	static const int watches[] = {ENOSPC, EMFILE, ENOMEM, 0};
	static const int polls[] = {EMFILE, ENOMEM, 0};
	static const int netlink[] = {ENOBUFS, ENODEV, EBUSY, EPERM, ENOMEM, 0};
	static const int busy[] = {EAGAIN, 0};

	switch (p->call) {
	case SYS_OPEN:
		return p->place == PLACE_CGROUP	 ? open_cgroup
		       : p->place == PLACE_STATE ? open_state
		       : p->flags & O_DIRECTORY	 ? open_dir
		       : is_of_the_machine(p)	 ? open_machine
						 : open_other;
	case SYS_READ:
		return p->inotify ? read_inotify : read_any;
	case SYS_WRITE:
		return p->place == PLACE_CGROUP ? write_knob : write_state;
	case SYS_STAT:
		return stats;
	case SYS_LIST:
		return lists;
	case SYS_MAKE:
		return makes;
	case SYS_UNLINK:
	case SYS_TRUNCATE:
		return removes;
	case SYS_LOCK:
		return locks;
	case SYS_WATCH:
		return watches;
	case SYS_POLL:
		return polls;
	case SYS_NETLINK:
		return netlink;
	case SYS_THREAD:
	case SYS_BUS:
	case SYS_HTTP:
	case SYS_BPF:
	case SYS_SCHED:
	case SYS_PERF:
	case SYS_CALL_COUNT:
		break;
	}
	return busy;
}

bool ways_changes(const struct point *p)
{
	return p->call == SYS_WRITE || p->call == SYS_MAKE || p->call == SYS_UNLINK ||
	       p->call == SYS_TRUNCATE || p->call == SYS_HTTP || p->call == SYS_NETLINK ||
	       (p->call == SYS_OPEN && (p->flags & (O_CREAT | O_TRUNC)) != 0);
}
