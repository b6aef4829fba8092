// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpi_files.h.
#include "agent/observe/cpi_files.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

#define PERIOD_US 1000000
/* A loop that wakes a little early is in time. */
#define EARLY_US 100000
/* A millisecond of a slow CPU. What wakes up for less mostly counts what the wakeups cost. */
#define INSTRUCTIONS_MIN 1000000u
/* One part in so many of the time in which it ran may have gone uncounted. */
#define BLIND_PART 10u

const struct cpi_events cpi_files_hardware = {
	.type = PERF_TYPE_HARDWARE,
	.cycles = PERF_COUNT_HW_CPU_CYCLES,
	.instructions = PERF_COUNT_HW_INSTRUCTIONS,
};

/* A read of the leader (PERF_FORMAT_GROUP). */
struct group {
	uint64_t n;
	uint64_t enabled_ns, running_ns;
	uint64_t cycles, instructions;
};

int cpi_files_probe(const struct cpi_events *events, uint16_t cpu)
{
	struct perf_event_attr attr = {
		.type = events->type,
		.size = sizeof(attr),
		.config = events->cycles,
		.disabled = 1,
	};
	_cleanup_close_ int fd = sys_perf_event_open(&attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int open_one(const struct cpi_events *events, uint64_t config, int dir_fd, uint16_t cpu,
		    int leader_fd, int *ret_fd)
{
	struct perf_event_attr attr = {
		.type = events->type,
		.size = sizeof(attr),
		.config = config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
	};

	*ret_fd = sys_perf_event_open(&attr, dir_fd, cpu, leader_fd,
				      PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC);
	return *ret_fd < 0 ? -errno : 0;
}

int cpi_files_open(struct cpi_files *files, const struct cpi_events *events, int dir_fd,
		   const struct node *node, int64_t now_us)
{
	int r = 0;

	files->cpus = calloc(node->n_cpus, sizeof(*files->cpus));
	if (!files->cpus)
		return -ENOMEM;
	files->read_us = now_us;
	for (files->n_cpus = 0; r == 0 && files->n_cpus < node->n_cpus; files->n_cpus++) {
		struct cpi_cpu *cpu = &files->cpus[files->n_cpus];

		*cpu = (struct cpi_cpu){.id = node->cpus[files->n_cpus].id,
					.instructions_fd = -EBADF};
		r = open_one(events, events->cycles, dir_fd, cpu->id, -1, &cpu->cycles_fd);
		if (r == 0)
			r = open_one(events, events->instructions, dir_fd, cpu->id, cpu->cycles_fd,
				     &cpu->instructions_fd);
	}
	if (r < 0)
		cpi_files_close(files);
	return r;
}

void cpi_files_close(struct cpi_files *files)
{
	for (size_t i = 0; i < files->n_cpus; i++) {
		cleanup_close(&files->cpus[i].instructions_fd);
		cleanup_close(&files->cpus[i].cycles_fd);
	}
	free(files->cpus);
	*files = (struct cpi_files){0};
}

bool cpi_files_cover(const struct cpi_files *files, const struct node *node)
{
	if (files->n_cpus != node->n_cpus)
		return false;
	for (size_t i = 0; i < node->n_cpus; i++)
		if (files->cpus[i].id != node->cpus[i].id)
			return false;
	return true;
}

/* `count` of `running_ns`, for `enabled_ns`. */
static uint64_t scaled(uint64_t count, uint64_t enabled_ns, uint64_t running_ns)
{
	if (running_ns >= enabled_ns)
		return count;
	return (uint64_t)((unsigned __int128)count * enabled_ns / running_ns);
}

bool cpi_files_add(struct cpi_sum *sum, const struct cpi_count *before, const struct cpi_count *now)
{
	uint64_t enabled_ns = now->enabled_ns - before->enabled_ns;
	uint64_t running_ns = now->running_ns - before->running_ns;

	if (now->enabled_ns < before->enabled_ns || now->running_ns < before->running_ns ||
	    now->cycles < before->cycles || now->instructions < before->instructions)
		return false;
	sum->ran_ns += enabled_ns;
	if (running_ns == 0) {
		sum->blind_ns += enabled_ns;
		return true;
	}
	sum->cycles += scaled(now->cycles - before->cycles, enabled_ns, running_ns);
	sum->instructions +=
		scaled(now->instructions - before->instructions, enabled_ns, running_ns);
	return true;
}

bool cpi_files_milli(const struct cpi_sum *sum, uint32_t *ret_milli)
{
	unsigned __int128 milli;

	if (sum->instructions < INSTRUCTIONS_MIN || sum->blind_ns > sum->ran_ns / BLIND_PART)
		return false;
	milli = (unsigned __int128)sum->cycles * 1000 / sum->instructions;
	/* No CPU does so many at once: it does not count what it says it does. */
	if (milli == 0)
		return false;
	*ret_milli = milli < UINT32_MAX ? (uint32_t)milli : UINT32_MAX;
	return true;
}

static int read_one(struct kept_reader *reader, int fd, struct cpi_count *ret)
{
	struct group group;
	ssize_t n;

	reader->n_reads++;
	n = sys_read(fd, &group, sizeof(group));
	if (n < 0)
		return -errno;
	/* Of a CPU that went offline the two are no group any more. */
	if ((size_t)n != sizeof(group) || group.n != 2)
		return -ENODEV;
	*ret = (struct cpi_count){group.enabled_ns, group.running_ns, group.cycles,
				  group.instructions};
	return 0;
}

int cpi_files_read(struct cpi_files *files, struct kept_reader *reader, int64_t now_us,
		   struct pod_cpi *cpi)
{
	int64_t span_us = now_us - files->read_us;
	struct cpi_sum sum = {0};
	int r = 0;

	if (span_us < PERIOD_US - EARLY_US)
		return 0;
	for (size_t i = 0; r == 0 && i < files->n_cpus; i++) {
		struct cpi_cpu *cpu = &files->cpus[i];
		struct cpi_count now = {0};

		r = read_one(reader, cpu->cycles_fd, &now);
		if (r == 0 && !cpi_files_add(&sum, &cpu->last, &now))
			r = -ERANGE;
		if (r == 0)
			cpu->last = now;
	}
	*cpi = (struct pod_cpi){0};
	if (r == 0 && span_us <= POD_CPI_FRESH_US && cpi_files_milli(&sum, &cpi->milli))
		cpi->at_us = now_us;
	files->read_us = now_us;
	if (r < 0)
		cpi_files_close(files);
	return r;
}
