// SPDX-License-Identifier: LGPL-2.1-or-later
// See cgroup_attr.h.
#include "agent/apply/cgroup_attr.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/apply/writer.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/knob.h"
#include "policy/oom_score.h"

#define SCORE_FILE "oom_score_adj"

static int read_score(int proc_fd, pid_t pid, int *ret_score)
{
	char text[32], *end;
	long value;
	int r = fs_read(proc_fd, SCORE_FILE, text, sizeof(text), NULL);

	(void)pid;
	if (r < 0)
		return r;
	value = strtol(text, &end, 10);
	if (end == text || (*end != '\n' && *end != '\0') || labs(value) > OOM_SCORE_MAX)
		return -EBADMSG;
	*ret_score = (int)value;
	return 0;
}

static int write_score(int proc_fd, pid_t pid, int score)
{
	_cleanup_close_ int fd = -EBADF;
	char text[16];
	int n, r = fs_open(proc_fd, SCORE_FILE, O_WRONLY | O_TRUNC, &fd);

	(void)pid;
	if (r < 0)
		return r;
	n = snprintf(text, sizeof(text), "%d", score);
	if (sys_write(fd, text, (size_t)n) < 0)
		return -errno;
	return 0;
}

/* With the flag that a fork takes it back, it is another value than those that colod knows: such a thread is left. */
static int read_policy(int proc_fd, pid_t tid, int *ret_policy)
{
	int policy = sys_sched_policy(tid);

	(void)proc_fd;
	if (policy < 0)
		return -errno;
	*ret_policy = policy;
	return 0;
}

/* By its number: nobody offers it by a descriptor. The caller has just looked whose number it is, and numbers are given out
 * in turns. Its nice value stays what it was. */
static int write_policy(int proc_fd, pid_t tid, int policy)
{
	(void)proc_fd;
	return sys_set_sched_policy(tid, policy) < 0 ? -errno : 0;
}

const struct writer cgroup_attr_writers[] = {
	{.knob = KNOB_OOM_SCORE_ADJ, .forgets = KNOB_COUNT},
	{.knob = KNOB_SCHED_POLICY, .forgets = KNOB_COUNT},
};
const size_t cgroup_attr_n_writers = sizeof(cgroup_attr_writers) / sizeof(cgroup_attr_writers[0]);

const struct cgroup_attr cgroup_attrs[CGROUP_ATTRS] = {
	{
		.knob = KNOB_OOM_SCORE_ADJ,
		.effect = EFFECT_PROTECTION,
		.zero = KNOB_SCORE_ZERO,
		.to = OOM_SCORE_FIRST,
		.need = "processes of other users need CAP_DAC_OVERRIDE, which colod.service has",
		.denied = -EACCES,
		.read = read_score,
		.write = write_score,
	},
	{
		.knob = KNOB_SCHED_POLICY,
		.effect = EFFECT_SHARE,
		.of_threads = true,
		.to = SCHED_IDLE,
		.need = "scheduling: idle needs CAP_SYS_NICE, which colod.service has only by a "
			"drop-in (see colod(8))",
		.denied = -EPERM,
		.read = read_policy,
		.write = write_policy,
	},
};

const struct cgroup_attr *cgroup_attr_of(enum knob knob)
{
	for (size_t i = 0; i < CGROUP_ATTRS; i++)
		if (cgroup_attrs[i].knob == knob)
			return &cgroup_attrs[i];
	return NULL;
}

struct knob_value cgroup_attr_value(const struct cgroup_attr *attr, int value)
{
	return knob_value_of((uint64_t)(attr->zero + value));
}

int cgroup_attr_from(const struct cgroup_attr *attr, const struct knob_value *value)
{
	return (int)value->value - attr->zero;
}
