// SPDX-License-Identifier: LGPL-2.1-or-later
// See victim_stats.h.
#include "agent/victim_stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "policy/decide.h"
#include "policy/kernel_text.h"

#define STAT_SIZE 8192

void victim_stats_reserve(struct victim_stats *stats, size_t n_slots)
{
	struct victim_memory *grown;

	if (n_slots <= stats->n)
		return;
	grown = reallocarray(stats->list, n_slots, sizeof(*grown));
	if (!grown)
		return;
	memset(grown + stats->n, 0, (n_slots - stats->n) * sizeof(*grown));
	stats->list = grown;
	stats->n = n_slots;
}

static void measure(const struct state *s, struct victim_memory *m, const struct pod *pod)
{
	_cleanup_close_ int fd = -EBADF;
	char text[STAT_SIZE];

	*m = (struct victim_memory){.serial = pod->serial};
	if (fs_open_dir_of(discover_cgroup_fd(s->discover), pod->cgroup->path, pod->cgroup->inode,
			   &fd) < 0 ||
	    fs_read(fd, "memory.stat", text, sizeof(text), NULL) < 0 ||
	    kernel_text_memory_held(text, &m->anon_bytes, &m->shmem_bytes) < 0)
		return;
	m->at_us = s->status.pass_us;
}

void victim_stats_measure(const struct state *s, struct victim_stats *stats, bool going)
{
	const struct model *model = discover_model(s->discover);

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(&s->plan, pod);
		bool goes = going && pod->facts && pod->facts->deleting;

		if (pod->slot < stats->n && a->state == ASSIGNMENT_LEVEL &&
		    a->role == ROLE_OFFLINE && (a->may_hold || goes))
			measure(s, &stats->list[pod->slot], pod);
	}
}

void victim_stats_done(struct victim_stats *stats)
{
	free(stats->list);
	*stats = (struct victim_stats){0};
}
