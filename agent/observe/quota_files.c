// SPDX-License-Identifier: LGPL-2.1-or-later
// See quota_files.h.
#include "agent/observe/quota_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "policy/kernel_text.h"

#define LOOK_US 10000000

void quota_files_init(struct quota_files *files)
{
	*files = (struct quota_files){.look_us = INT64_MIN};
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
	files->look_us = INT64_MIN;
}

/* -ENOENT: without the cpu controller, as without a quota, there is none. */
static int read_counts(struct kept_reader *reader, int fd, uint64_t *ret_periods,
		       uint64_t *ret_throttled)
{
	int r = kept_file_read(reader, fd);

	if (r < 0)
		return r;
	r = kernel_text_keyed(reader->text, "nr_periods", ret_periods);
	if (r == -ENOENT)
		return r;
	if (r == 0)
		r = kernel_text_keyed(reader->text, "nr_throttled", ret_throttled);
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

/* Whether nothing is left to see of it. Periods are counted only under a quota. */
static int keep(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		const struct cgroup *cgroup)
{
	_cleanup_close_ int fd = -EBADF;
	struct quota_file one = {.inode = cgroup->inode};
	char path[PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), "%s/cpu.stat", cgroup->path);
	r = kept_file_open(cgroup_fd, path, &fd);
	if (r == 0)
		r = read_counts(reader, fd, &one.periods, &one.throttled);
	if (r < 0 || one.periods == 0)
		return r;
	if (files->n == QUOTA_FILES_MAX)
		return -E2BIG;
	one.fd = TAKE_FD(fd);
	files->list[files->n++] = one;
	return 0;
}

void quota_files_look(struct quota_files *files, struct kept_reader *reader, int cgroup_fd,
		      const struct pod *pod, uint64_t generation, int64_t now_us)
{
	if (now_us < files->look_us && generation == files->generation)
		return;
	files->look_us = now_us + LOOK_US;
	files->generation = generation;
	files->unseen = false;
	for (unsigned i = files->n; i-- > 0;)
		if (!is_container(pod, files->list[i].inode))
			drop(files, i);
	for (size_t i = 0; i < pod->n_containers; i++) {
		const struct cgroup *cgroup = pod->containers[i].cgroup;
		int r = cgroup && !is_kept(files, cgroup->inode)
				? keep(files, reader, cgroup_fd, cgroup)
				: 0;

		files->unseen |= r < 0 && !kept_file_is_absent(r);
		if (r < 0 && r != -E2BIG)
			kept_file_say(reader, cgroup->path, "cpu.stat", r);
	}
}

void quota_files_read(struct quota_files *files, struct kept_reader *reader, const struct pod *pod,
		      struct pod_sample *sample)
{
	uint64_t most_periods = 0, most_throttled = 0;
	bool unseen = files->unseen;

	for (unsigned i = files->n; i-- > 0;) {
		struct quota_file *one = &files->list[i];
		uint64_t periods, throttled;
		int r = read_counts(reader, one->fd, &periods, &throttled);

		if (r < 0) {
			unseen |= !kept_file_is_absent(r);
			kept_file_say(reader, pod->cgroup->path, "*/cpu.stat", r);
			drop(files, i);
			continue;
		}
		if (periods > one->periods && periods - one->periods > most_periods)
			most_periods = periods - one->periods;
		if (throttled > one->throttled && throttled - one->throttled > most_throttled)
			most_throttled = throttled - one->throttled;
		one->periods = periods;
		one->throttled = throttled;
	}
	files->periods += most_periods;
	files->throttled += most_throttled;
	sample->inner_periods = files->periods;
	sample->inner_throttled = files->throttled;
	sample->valid |= unseen ? SAMPLE_QUOTA_UNSEEN : 0;
}
