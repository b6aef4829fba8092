// SPDX-License-Identifier: LGPL-2.1-or-later
// See quota_files.h.
#include "agent/observe/quota_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "colod/cgroup.h"
#include "policy/kernel_text.h"

/* Below this a pod counts as one that waits for nothing: throttling shows as waiting. */
#define WAITS_PERMILLE 2
#define KEEP_US 10000000
/* The longest period that a quota may have. */
#define PERIOD_MAX_US 1000000

void quota_files_init(struct quota_files *files)
{
	*files = (struct quota_files){.until_us = INT64_MIN};
}

static void drop(struct quota_files *files, unsigned i)
{
	cleanup_close_fd(files->list[i].fd);
	files->n--;
	files->list[i] = files->list[files->n];
}

void quota_files_close(struct quota_files *files)
{
	while (files->n > 0)
		drop(files, files->n - 1);
	files->until_us = INT64_MIN;
}

/* Without the cpu controller there is no quota, and nothing is counted. */
static int read_counts(struct kept_reader *reader, int fd, struct quota_counts *ret_counts)
{
	int r = kept_file_read(reader, fd);

	*ret_counts = (struct quota_counts){0};
	if (r < 0)
		return r;
	r = kernel_text_keyed(reader->text, "nr_periods", &ret_counts->periods);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = kernel_text_keyed(reader->text, "nr_throttled", &ret_counts->throttled);
	if (r == 0)
		r = kernel_text_keyed(reader->text, "throttled_usec", &ret_counts->throttled_us);
	return kept_file_parsed(r);
}

static bool is_kept(const struct quota_files *files, uint64_t inode)
{
	for (unsigned i = 0; i < files->n; i++)
		if (files->list[i].inode == inode)
			return true;
	return false;
}

static bool is_container(const struct pod *pod, uint64_t inode)
{
	for (size_t i = 0; i < pod->n_containers; i++)
		if (pod->containers[i].cgroup && pod->containers[i].cgroup->inode == inode)
			return true;
	return false;
}

static int open_file(int cgroup_fd, const struct cgroup *cgroup, const char *name, int *ret_fd)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", cgroup->path, name);
	return kept_file_open(cgroup_fd, path, ret_fd);
}

static int has_quota(struct kept_reader *reader, int cgroup_fd, const struct cgroup *cgroup)
{
	_cleanup_close_ int fd = -EBADF;
	int r = open_file(cgroup_fd, cgroup, "cpu.max", &fd);

	if (r == 0)
		r = kept_file_read(reader, fd);
	if (kept_file_is_absent(r))
		return 0;
	return r < 0 ? r : strncmp(reader->text, "max", strlen("max")) != 0;
}

/* 1: it may have been throttled, at a time that nobody knows. The kernel counts when a period ends: in the first one
 * of all a container may wait for its quota and nothing tells. */
static int keep(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		const struct cgroup *cgroup, int64_t now_us)
{
	_cleanup_close_ int fd = -EBADF;
	struct quota_file one = {.inode = cgroup->inode, .untold_until_us = INT64_MIN};
	int r;

	if (files->n == QUOTA_FILES_MAX)
		return -E2BIG;
	r = open_file(cgroup_fd, cgroup, "cpu.stat", &fd);
	if (r == 0)
		r = read_counts(reader, fd, &one.counts);
	if (r == 0 && one.counts.periods == 0)
		r = has_quota(reader, cgroup_fd, cgroup);
	if (r < 0)
		return r;
	if (r > 0)
		one.untold_until_us = now_us + PERIOD_MAX_US;
	one.fd = TAKE_FD(fd);
	files->list[files->n++] = one;
	return r > 0 || one.counts.throttled > 0;
}

/* Opens what is not open yet. Whether a container's throttling is not known. */
static bool look(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		 const struct pod *pod, int64_t now_us)
{
	bool unseen = false;

	for (unsigned i = files->n; i-- > 0;)
		if (!is_container(pod, files->list[i].inode))
			drop(files, i);
	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct cgroup *cgroup = pod->containers[i].cgroup;
		int r = cgroup && !is_kept(files, cgroup->inode)
				? keep(files, reader, cgroup_fd, cgroup, now_us)
				: 0;

		unseen |= r != 0 && !kept_file_is_absent(r);
		if (r < 0 && r != -E2BIG)
			kept_file_say(reader, cgroup->path, "cpu.stat", r);
	}
	return unseen;
}

static void take_most(uint64_t now, uint64_t before, uint64_t *most)
{
	if (now > before && now - before > *most)
		*most = now - before;
}

/* One read of each. Whether one could not be understood. */
static bool count(struct quota_files *files, struct kept_reader *reader, const struct pod *pod,
		  int64_t now_us, struct quota_counts *ret_most)
{
	bool unseen = false;

	for (unsigned i = files->n; i-- > 0;) {
		struct quota_file *one = &files->list[i];
		struct quota_counts counts;
		int r = read_counts(reader, one->fd, &counts);

		if (r < 0) {
			unseen |= !kept_file_is_absent(r);
			kept_file_say(reader, pod->cgroup->path, "*/cpu.stat", r);
			drop(files, i);
			continue;
		}
		take_most(counts.periods, one->counts.periods, &ret_most->periods);
		take_most(counts.throttled, one->counts.throttled, &ret_most->throttled);
		take_most(counts.throttled_us, one->counts.throttled_us, &ret_most->throttled_us);
		unseen |= counts.periods <= one->counts.periods && now_us < one->untold_until_us;
		if (counts.periods > one->counts.periods)
			one->untold_until_us = INT64_MIN;
		one->counts = counts;
	}
	return unseen;
}

static bool waits(const struct pod_sample *last, const struct pod_sample *now)
{
	const struct psi_total *cpu = &now->psi[RESOURCE_CPU];

	return last && (last->valid & now->valid & SAMPLE_PSI_CPU) && now->at_us > last->at_us &&
	       cpu->some_us > last->psi[RESOURCE_CPU].some_us &&
	       cpu->some_us - last->psi[RESOURCE_CPU].some_us >=
		       (uint64_t)(now->at_us - last->at_us) * WAITS_PERMILLE / 1000;
}

/* The longer one of both: where a container is throttled its pod may be, too, at the same time. */
static uint32_t throttled_us(struct quota_files *files, uint64_t inner_us,
			     const struct pod_sample *sample)
{
	uint64_t most_us = inner_us;

	if (sample->valid & SAMPLE_CPU) {
		take_most(sample->cpu_throttled_us, files->own_us, &most_us);
		files->own_us = sample->cpu_throttled_us;
	}
	files->throttled_us += (uint32_t)most_us;
	return files->throttled_us;
}

void quota_files_read(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		      const struct pod *pod, const struct pod_sample *last,
		      struct pod_sample *sample)
{
	struct quota_counts most = {0};
	bool unseen = false;

	if (waits(last, sample))
		files->until_us = sample->at_us + KEEP_US;
	if (sample->at_us < files->until_us) {
		unseen = count(files, reader, pod, sample->at_us, &most);
		unseen |= look(files, reader, cgroup_fd, pod, sample->at_us);
	} else if (files->n > 0) {
		quota_files_close(files);
	}
	files->periods += most.periods;
	files->throttled += most.throttled;
	sample->inner_periods = files->periods;
	sample->inner_throttled = files->throttled;
	sample->throttled_us = throttled_us(files, most.throttled_us, sample);
	sample->valid |= unseen ? SAMPLE_QUOTA_UNSEEN : 0;
}
