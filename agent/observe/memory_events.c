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
}

void memory_events_close(struct memory_events *events)
{
	events->fd = cleanup_close_fd(events->fd);
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

static int open_file(struct memory_events *events, int cgroup_fd, const struct cgroup *cgroup)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (events->fd >= 0)
		return 0;
	r = pod_files_enter(cgroup_fd, cgroup, &dirfd);
	return r < 0 ? r : kept_file_open(dirfd, "memory.events", &events->fd);
}

void memory_events_read(struct memory_events *events, struct kept_reader *reader, int cgroup_fd,
			const struct pod *pod, const struct pod_sample *last,
			struct pod_sample *sample)
{
	int r;

	if (waited(last, sample))
		events->until_us = sample->at_us + KEEP_US;
	if (events->until_us <= sample->at_us) {
		memory_events_close(events);
		return;
	}
	r = open_file(events, cgroup_fd, pod->cgroup);
	if (r == 0)
		r = kept_file_read(reader, events->fd);
	if (r == 0)
		r = kept_file_parsed(parse(reader->text, &sample->memory_bounded));
	if (r == 0) {
		sample->valid |= SAMPLE_MEMORY_EVENTS;
		return;
	}
	memory_events_close(events);
	kept_file_say(reader, pod->cgroup->path, "memory.events", r);
}
