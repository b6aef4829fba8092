// SPDX-License-Identifier: LGPL-2.1-or-later
// See numa_stat.h. Opened anew each time: it is seldom, and pods keep enough files open.
#include "agent/observe/numa_stat.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/base/cleanup.h"
#include "agent/observe/pod_files.h"
#include "policy/kernel_text.h"

#define PERIOD_US 1000000
/* A loop that wakes a little early is in time. */
#define EARLY_US 50000
/* What it grew by since is no growth of now. */
#define STALE_US 5000000

static int read_bytes(struct kept_reader *reader, int cgroup_fd, const struct pod *pod,
		      uint64_t nodes, uint64_t *ret_bytes)
{
	_cleanup_close_ int dirfd = -EBADF, fd = -EBADF;
	uint64_t anon = 0, file = 0;
	int r = pod_files_enter(cgroup_fd, pod->cgroup, &dirfd);

	if (r == 0)
		r = kept_file_open(dirfd, "memory.numa_stat", &fd);
	if (r == 0)
		r = kept_file_read_head(reader,
					fd); /* the two are on top; with many nodes it is long */
	if (r == 0)
		r = kept_file_parsed(kernel_text_numa_stat(reader->text, "anon", nodes, &anon));
	if (r == 0)
		r = kept_file_parsed(kernel_text_numa_stat(reader->text, "file", nodes, &file));
	*ret_bytes = anon + file;
	return r;
}

void numa_stat_read(struct kept_reader *reader, int cgroup_fd, const struct pod *pod,
		    uint64_t nodes, int64_t now_us, struct memory_there *there)
{
	struct memory_there now = {.serial = pod->serial, .nodes = nodes, .at_us = now_us};
	bool known = there->serial == pod->serial && there->nodes == nodes;
	int r;

	if (known && now_us - there->at_us < PERIOD_US - EARLY_US)
		return;
	r = read_bytes(reader, cgroup_fd, pod, nodes, &now.bytes);
	if (r < 0) {
		*there = (struct memory_there){0};
		kept_file_say(reader, pod->cgroup->path, "memory.numa_stat", r);
		return;
	}
	if (known && now_us - there->at_us <= STALE_US) {
		now.before_us = there->at_us;
		now.before_bytes = there->bytes;
	}
	*there = now;
}

int numa_stat_grow(struct samples *samples, const struct node *node)
{
	struct memory_there *there;

	if (node->memory_nodes.n == 0 || samples->n_there >= samples->n_slots)
		return 0;
	there = reallocarray(samples->there, samples->n_slots, sizeof(*there));
	if (!there)
		return -ENOMEM;
	for (size_t i = samples->n_there; i < samples->n_slots; i++)
		there[i] = (struct memory_there){0};
	samples->there = there;
	samples->n_there = samples->n_slots;
	return 0;
}
