// SPDX-License-Identifier: LGPL-2.1-or-later
// See process.h.
#include "agent/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

/* The start time is the 22nd field; the second one, the name, may hold blanks and brackets. */
#define FIELDS_AFTER_NAME 20
#define CGROUP_SIZE 8192

int process_start_parse(const char *text, uint64_t *ret_ticks)
{
	const char *p = strrchr(text, ')');
	uint64_t value = 0;

	if (!p)
		return -EBADMSG;
	for (int field = 0; field < FIELDS_AFTER_NAME; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EBADMSG;
		p++;
	}
	if (*p < '0' || *p > '9')
		return -EBADMSG;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return -EBADMSG;
	}
	*ret_ticks = value;
	return 0;
}

int process_start(uint32_t pid, uint64_t *ret_ticks)
{
	_cleanup_close_ int fd = -EBADF;
	char path[32], text[1024];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = fs_pread(fd, text, sizeof(text), NULL);
	return r < 0 ? r : process_start_parse(text, ret_ticks);
}

bool process_is_in(int dir_fd, const char *file, const char *path)
{
	char text[CGROUP_SIZE];
	const char *line;
	size_t len = strlen(path);

	if (fs_read(dir_fd, file, text, sizeof(text), NULL) < 0)
		return false;
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return false;
	line += line == text ? 4 : 5;
	return strncmp(line, path, len) == 0 && (line[len] == '/' || line[len] == '\n');
}

static bool may(unsigned long capability)
{
	return geteuid() == 0 && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
}

bool process_may_administer(void)
{
	return may(CAP_SYS_ADMIN);
}

bool process_may_schedule(void)
{
	return may(CAP_SYS_NICE);
}
