// SPDX-License-Identifier: LGPL-2.1-or-later
// See kill_largest.h.
#include "agent/apply/kill_largest.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/kill_act.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/process.h"
#include "agent/base/sys.h"

/* How often one that could not be emptied at once is tried. */
#define TRIES 5

void kill_largest_begin(struct kill_largest *largest, int64_t now_us)
{
	*largest = (struct kill_largest){.until_us = now_us + KILL_LARGEST_US};
}

/* "size resident shared ..." of /proc/PID/statm: what is shared is not given back by one that dies. */
static bool read_pages(int root_fd, pid_t pid, uint64_t *ret_pages)
{
	char path[32], text[256], *end;
	unsigned long long resident, shared;

	(void)snprintf(path, sizeof(path), "proc/%d/statm", (int)pid);
	if (fs_read(root_fd, path, text, sizeof(text), NULL) < 0)
		return false;
	end = strchr(text, ' ');
	if (!end)
		return false;
	resident = strtoull(end, &end, 10);
	shared = strtoull(end, NULL, 10);
	*ret_pages = resident > shared ? resident - shared : 0;
	return true;
}

void kill_largest_add(struct kill_largest *largest, int root_fd, pid_t pid)
{
	struct kill_process p = {.pid = pid, .fd = -EBADF};
	uint32_t at = largest->n;

	if (pid <= 0 || largest->n_looked == KILL_LARGEST_LOOKS ||
	    clock_now_us() > largest->until_us)
		return;
	largest->n_looked++;
	if (!read_pages(root_fd, pid, &p.pages) || p.pages == 0)
		return;
	while (at > 0 && largest->list[at - 1].pages < p.pages)
		at--;
	if (at == KILL_LARGEST)
		return;
	if (largest->n < KILL_LARGEST)
		largest->n++;
	for (uint32_t i = largest->n - 1; i > at; i--)
		largest->list[i] = largest->list[i - 1];
	largest->list[at] = p;
}

static bool is_in(int root_fd, pid_t pid, const char *path)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "proc/%d/cgroup", (int)pid);
	return process_is_in(root_fd, name, path);
}

static bool has_exited(int pid_fd)
{
	struct pollfd p = {.fd = pid_fd, .events = POLLIN};

	return sys_poll(&p, 1, 0) != 0;
}

void kill_largest_hold(struct kill_largest *largest, int root_fd, const char *path)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < largest->n; i++) {
		struct kill_process p = largest->list[i];

		p.fd = sys_pidfd_open(p.pid, 0);
		if (p.fd < 0)
			continue;
		/* In this order: while it has not exited, the number in /proc is its own. */
		if (!is_in(root_fd, p.pid, path) || has_exited(p.fd)) {
			cleanup_close(&p.fd);
			continue;
		}
		largest->list[n++] = p;
	}
	largest->n = n;
}

/* 0; -ESRCH: it has given everything back; -EINVAL: somebody who does not die shares its memory. */
static int release(int pid_fd)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES && (r == -EAGAIN || r == -EINTR); i++)
		r = sys_process_mrelease(pid_fd) < 0 ? -errno : 0;
	return r;
}

int kill_largest_release(struct kill_largest *largest, struct kill_done *done)
{
	for (uint32_t i = 0; i < largest->n; i++) {
		int r = release(largest->list[i].fd);

		done->n_large++;
		done->n_released += r == 0;
		done->n_exited += r == -ESRCH;
		/* The kernel lacks it, or a filter forbids it: the next one fares no better. */
		if (r == -ENOSYS || r == -EPERM)
			return r;
	}
	return 0;
}

void kill_largest_end(struct kill_largest *largest)
{
	for (uint32_t i = 0; i < largest->n; i++)
		cleanup_close(&largest->list[i].fd);
	largest->n = 0;
}
