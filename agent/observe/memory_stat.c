// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_stat.h.
#include "agent/observe/memory_stat.h"

#include <errno.h>

#include "agent/base/cleanup.h"
#include "agent/observe/per_s.h"
#include "agent/observe/pod_files.h"

#define PERIOD_US 1000000
/* A loop that wakes a little early is in time. */
#define EARLY_US 100000
#define SPAN_MAX_US 5000000

void memory_stat_init(struct memory_stat *stat)
{
	*stat = (struct memory_stat){.fd = -EBADF};
}

void memory_stat_close(struct memory_stat *stat)
{
	cleanup_close(&stat->fd);
	memory_stat_init(stat);
}

void memory_stat_rest(struct memory_stat *stat, struct pod_memory *memory)
{
	memory_stat_close(stat);
	memory->at_us = 0;
}

/* Of one that fell nobody knows what it counted. */
static uint64_t grown(uint64_t now, uint64_t before, int64_t span_us)
{
	if (now == KERNEL_TEXT_NONE || before == KERNEL_TEXT_NONE || now < before)
		return POD_MEMORY_UNKNOWN;
	return per_s(now, before, (uint64_t)span_us);
}

static void take(struct memory_stat *stat, const struct kernel_text_memory *now, int64_t now_us,
		 struct pod_memory *memory)
{
	int64_t span_us = now_us - stat->read_us;

	*memory = (struct pod_memory){.at_us = now_us,
				      .anon_bytes = now->anon_bytes,
				      .file_bytes = now->file_bytes,
				      .refaults_per_s = POD_MEMORY_UNKNOWN,
				      .direct_per_s = POD_MEMORY_UNKNOWN};
	if (stat->read_us > 0 && span_us <= SPAN_MAX_US) {
		memory->refaults_per_s = grown(now->refaults, stat->last.refaults, span_us);
		memory->direct_per_s = grown(now->direct, stat->last.direct, span_us);
	}
	stat->last = *now;
	stat->read_us = now_us;
}

void memory_stat_read(struct memory_stat *stat, struct kept_reader *reader, int cgroup_fd,
		      const struct pod *pod, int64_t now_us, struct pod_memory *memory)
{
	struct kernel_text_memory now;
	int r;

	if (stat->read_us > 0 && now_us - stat->read_us < PERIOD_US - EARLY_US)
		return;
	r = pod_files_open_one(cgroup_fd, pod->cgroup, "memory.stat", &stat->fd);
	if (r == 0)
		r = kept_file_read(reader, stat->fd);
	if (r == 0)
		r = kept_file_parsed(kernel_text_memory_stat(reader->text, &now));
	if (r == 0) {
		take(stat, &now, now_us, memory);
		return;
	}
	memory_stat_rest(stat, memory);
	kept_file_say(reader, pod->cgroup->path, "memory.stat", r);
}
