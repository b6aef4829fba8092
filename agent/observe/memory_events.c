// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_events.h.
#include "agent/observe/memory_events.h"

#include <errno.h>

#include "agent/base/cleanup.h"
#include "agent/observe/pod_files.h"
#include "policy/kernel_text.h"

#define KEEP_US 10000000

void memory_events_init(struct memory_events *events)
{
	*events = (struct memory_events){.fd = -EBADF};
	memory_stat_init(&events->stat);
}

void memory_events_close(struct memory_events *events)
{
	events->fd = cleanup_close_fd(events->fd);
	memory_stat_close(&events->stat);
}

static bool waited(const struct pod_sample *last, const struct pod_sample *sample)
{
	return last && (last->valid & SAMPLE_PSI_MEMORY) && (sample->valid & SAMPLE_PSI_MEMORY) &&
	       sample->psi[RESOURCE_MEMORY].some_us > last->psi[RESOURCE_MEMORY].some_us;
}

/* `high`: it was reclaimed from because of memory.high; `max`: it was about to go past memory.max. */
static int parse(const char *text, uint64_t *ret_n)
{
	uint64_t high, max;
	int r = kernel_text_keyed(text, "high", &high);

	if (r == 0)
		r = kernel_text_keyed(text, "max", &max);
	if (r == 0)
		*ret_n = high + max;
	return r;
}

static int read_events(struct memory_events *events, struct kept_reader *reader, int cgroup_fd,
		       const struct cgroup *cgroup, struct pod_sample *sample)
{
	int r = pod_files_open_one(cgroup_fd, cgroup, "memory.events", &events->fd);

	if (r == 0)
		r = kept_file_read(reader, events->fd);
	return r < 0 ? r : kept_file_parsed(parse(reader->text, &sample->memory_bounded));
}

void memory_events_read(struct memory_events *events, struct kept_reader *reader, int cgroup_fd,
			const struct pod *pod, const struct pod_sample *last,
			struct pod_sample *sample, struct pod_memory *memory)
{
	int r;

	if (waited(last, sample))
		events->until_us = sample->at_us + KEEP_US;
	if (events->until_us <= sample->at_us) {
		events->fd = cleanup_close_fd(events->fd);
		memory_stat_rest(&events->stat, memory);
		return;
	}
	if (events->online)
		memory_stat_read(&events->stat, reader, cgroup_fd, pod, sample->at_us, memory);
	else
		memory_stat_rest(&events->stat, memory);
	r = read_events(events, reader, cgroup_fd, pod->cgroup, sample);
	if (r == 0) {
		sample->valid |= SAMPLE_MEMORY_EVENTS;
		return;
	}
	events->fd = cleanup_close_fd(events->fd);
	kept_file_say(reader, pod->cgroup->path, "memory.events", r);
}
