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

/* memory.numa_stat has 16 nodes on each line at most. */
#define STAT_SIZE 16384

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

/* What lies there, and elsewhere. */
static int parse_nodes(const char *text, uint64_t nodes, struct victim_memory *m)
{
	uint64_t anon = 0, shmem = 0, file = 0;
	int r = kernel_text_numa_stat(text, "anon", nodes, &m->anon_bytes);

	if (r == 0)
		r = kernel_text_numa_stat(text, "shmem", nodes, &m->shmem_bytes);
	if (r == 0)
		r = kernel_text_numa_stat(text, "file", nodes, &file);
	if (r == 0)
		r = kernel_text_numa_stat(text, "anon", ~nodes, &anon);
	if (r == 0)
		r = kernel_text_numa_stat(text, "shmem", ~nodes, &shmem);
	m->there_bytes = m->anon_bytes + file;
	m->elsewhere_bytes = anon + shmem;
	return r;
}

static int parse(const char *text, uint64_t nodes, struct victim_memory *m)
{
	return nodes != 0 ? parse_nodes(text, nodes, m)
			  : kernel_text_memory_held(text, &m->anon_bytes, &m->shmem_bytes);
}

static void measure(const struct state *s, uint64_t nodes, struct victim_memory *m,
		    const struct pod *pod)
{
	_cleanup_close_ int fd = -EBADF;
	char text[STAT_SIZE];

	*m = (struct victim_memory){.serial = pod->serial};
	if (fs_open_dir_of(discover_cgroup_fd(s->discover), pod->cgroup->path, pod->cgroup->inode,
			   &fd) < 0 ||
	    fs_read(fd, nodes != 0 ? "memory.numa_stat" : "memory.stat", text, sizeof(text), NULL) <
		    0 ||
	    parse(text, nodes, m) < 0)
		return;
	m->at_us = s->status.pass_us;
}

void victim_stats_measure(const struct state *s, struct victim_stats *stats, uint64_t nodes,
			  bool going)
{
	const struct model *model = discover_model(s->discover);

	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(&s->plan, pod);
		bool goes = going && pod->facts && pod->facts->deleting;

		if (pod->slot < stats->n && a->state == ASSIGNMENT_LEVEL &&
		    a->role == ROLE_OFFLINE && (a->may_hold || goes))
			measure(s, nodes, &stats->list[pod->slot], pod);
	}
}

void victim_stats_done(struct victim_stats *stats)
{
	free(stats->list);
	*stats = (struct victim_stats){0};
}
