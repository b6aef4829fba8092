// SPDX-License-Identifier: LGPL-2.1-or-later
// See lanes.h.
#include "agent/base/lanes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/patience.h"
#include "agent/base/sys.h"

static void free_lanes(struct lanes **lanes)
{
	lanes_free(*lanes);
}

int lanes_new(struct lanes **ret_lanes)
{
	_cleanup_(free_lanes) struct lanes *lanes = calloc(1, sizeof(*lanes));
	int r;

	if (!lanes)
		return -ENOMEM;
	lanes->event_fd = sys_eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lanes->event_fd < 0)
		return -errno;
	r = lane_new("colod-urgent", lanes->event_fd, PATIENCE_US, &lanes->urgent);
	if (r == 0)
		r = lane_new("colod-slow", lanes->event_fd, PATIENCE_US, &lanes->slow);
	if (r == 0)
		r = lane_new("colod-reclaim", lanes->event_fd, PATIENCE_US, &lanes->reclaim);
	if (r < 0)
		return r;
	*ret_lanes = TAKE_PTR(lanes);
	return 0;
}

void lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return;
	lane_free(lanes->urgent, true);
	lane_free(lanes->slow, false);
	lane_free(lanes->reclaim, false);
	cleanup_close_fd(lanes->event_fd);
	free(lanes);
}

void lanes_close_fd(struct lanes *lanes, int fd)
{
	if (!lanes || lane_close(lanes->slow, fd) < 0)
		cleanup_close_fd(fd);
}

void lanes_clear(struct lanes *lanes)
{
	uint64_t n;

	/* Nothing to lower is no mistake. */
	if (sys_read(lanes->event_fd, &n, sizeof(n)) < 0)
		return;
}
