// SPDX-License-Identifier: LGPL-2.1-or-later
// See trigger_file.h. The one file outside agent/apply that opens a kernel file for writing: a trigger is
// made by writing its terms to the pressure file that is polled afterwards. It changes no knob and
// ends with its fd.
#include "agent/observe/trigger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

#define PERMILLE 1000

struct trigger_spec trigger_file_spec(const struct pressure_rule *rule)
{
	struct trigger_spec spec = {.window_us = rule->window_us, .full = rule->full};
	uint64_t permille = rule->threshold_permille < PERMILLE ? rule->threshold_permille
								: PERMILLE;

	if (spec.window_us < TRIGGER_WINDOW_MIN_US)
		spec.window_us = TRIGGER_WINDOW_MIN_US;
	if (spec.window_us > TRIGGER_WINDOW_MAX_US)
		spec.window_us = TRIGGER_WINDOW_MAX_US;
	spec.threshold_us = spec.window_us * permille / PERMILLE;
	if (spec.threshold_us == 0)
		spec.threshold_us = 1;
	return spec;
}

/* A plain file (of a recorded tree) would take the terms as its new content, and epoll refuses it
 * in any case. Asking epoll first is the one test that tells it from a pressure file. */
static int check_can_poll(int fd)
{
	struct epoll_event event = {.events = EPOLLPRI};
	_cleanup_close_ int epoll_fd = sys_epoll_create1(EPOLL_CLOEXEC);

	if (epoll_fd < 0)
		return -errno;
	if (sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return errno == EPERM ? -EOPNOTSUPP : -errno;
	return 0;
}

int trigger_file_open(int dirfd, const char *name, const struct trigger_spec *spec, int *ret_fd)
{
	_cleanup_close_ int fd = -EBADF;
	char terms[32]; /* the kernel takes no more */
	int r = fs_open(dirfd, name, O_RDWR | O_NONBLOCK, &fd), len;

	if (r < 0)
		return r;
	r = check_can_poll(fd);
	if (r < 0)
		return r;
	len = snprintf(terms, sizeof(terms), "%s %" PRIu64 " %" PRIu64,
		       spec->full ? "full" : "some", spec->threshold_us, spec->window_us);
	/* With the NUL: the system-wide files overwrite the last byte, these do not mind. */
	if (sys_write(fd, terms, (size_t)len + 1) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}
