// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_events_case.h.
#include "tests/lib/memory_events_case.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define POD "kubepods.slice/kubepods-pod1.slice"

int memory_events_case_open(struct memory_events_case *c)
{
	*c = (struct memory_events_case){
		.root_fd = -EBADF,
		.cgroup_fd = -EBADF,
		.sample = {.valid = SAMPLE_PSI_MEMORY, .at_us = 1000000},
	};
	c->last = c->sample;
	fake_init(&c->f);
	memory_events_init(&c->events);
	if (tree_make("@host 2\n@cgroup " POD "\n", &c->dir) < 0)
		return -1;
	c->root_fd = tree_open(c->dir);
	c->pod = fake_pod(&c->f, POD, QOS_BURSTABLE);
	c->pod->cgroup->inode = 0; /* whatever the file system gives */
	return fs_open_dir(c->root_fd, "sys/fs/cgroup", &c->cgroup_fd);
}

void memory_events_case_close(struct memory_events_case *c)
{
	memory_events_close(&c->events);
	fake_free(&c->f);
	close(c->cgroup_fd);
	close(c->root_fd);
	tree_remove(c->dir);
}

void memory_events_case_put(struct memory_events_case *c, const char *file, const char *text)
{
	assert_int_equal(tree_knob(c->dir, POD, file, text), 0);
}

uint64_t memory_events_case_later(struct memory_events_case *c, int64_t us, uint64_t waited_us)
{
	uint64_t before = c->reader.n_reads;

	c->last = c->sample;
	c->sample = (struct pod_sample){.valid = SAMPLE_PSI_MEMORY, .at_us = c->last.at_us + us};
	c->sample.psi[RESOURCE_MEMORY].some_us = c->last.psi[RESOURCE_MEMORY].some_us + waited_us;
	memory_events_read(&c->events, &c->reader, c->cgroup_fd, c->pod, &c->last, &c->sample,
			   &c->memory);
	return c->reader.n_reads - before;
}
