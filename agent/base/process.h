// SPDX-License-Identifier: LGPL-2.1-or-later
// Who a process is: its number alone is given out again, with its start time it is not.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Clock ticks from boot to the start of process `pid`, of the machine that colod runs on. 0, or
 * -errno: -ESRCH when there is no such process (any more). Allocates nothing. */
int process_start(uint32_t pid, uint64_t *ret_ticks);

/* The same from the text of /proc/PID/stat. -EBADMSG where it is not one. */
int process_start_parse(const char *text, uint64_t *ret_ticks);

/* Whether `file` in dir_fd, a /proc/PID/cgroup, says that the process is in the cgroup `path` or below. */
bool process_is_in(int dir_fd, const char *file, const char *path);

/* Whether this process has CAP_SYS_ADMIN: root, and nobody took it out of its bounding set. */
bool process_may_administer(void);

/* The same of CAP_SYS_NICE. */
bool process_may_schedule(void);
