// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_history.h.
#include "agent/serve/bus_history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sealed.h"
#include "agent/base/sys.h"
#include "agent/serve/history_json.h"

/* Longer words name nothing. */
#define WORD_MAX 4096

static int write_out(const struct history *history, const struct history_filter *filter,
		     int *ret_fd)
{
	_cleanup_close_ int fd = sys_memfd_create("colod-history", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_close_ int copy = -EBADF;
	FILE *out;
	int r;

	if (fd < 0)
		return -errno;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return -errno;
	out = sys_fdopen(copy, "w");
	if (!out)
		return -ENOMEM;
	(void)TAKE_FD(copy);
	r = history_json(history, filter, out);
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = sealed_end(fd);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int bus_history(sd_bus_message *call, const struct snapshot *s, sd_bus_error *error)
{
	_cleanup_close_ int fd = -EBADF;
	struct history_filter filter = {0};
	const char *kinds;
	uint64_t since_us;
	int r = sd_bus_message_read(call, "tssu", &since_us, &kinds, &filter.word, &filter.max);

	if (r < 0)
		return r;
	if (since_us > INT64_MAX)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"since_us is microseconds since 1970");
	if (history_json_kinds(kinds, &filter.kinds) < 0)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_INVALID_ARGS,
			"there is no such kind of record: it is a list of write, "
			"restore, left, refused, drift, fight, property, rung, "
			"mode, policy, facts, reclaim, kill, evict, candidate, effect, "
			"order and agent, with commas between them");
	if (strlen(filter.word) > WORD_MAX)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"nothing has a name as long as this");
	if (!s->history)
		return -ENODATA;
	filter.since_us = (int64_t)since_us;
	r = write_out(s->history, &filter, &fd);
	return r < 0 ? r : sys_bus(sd_bus_reply_method_return(call, "h", fd));
}
