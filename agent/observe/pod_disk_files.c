// SPDX-License-Identifier: LGPL-2.1-or-later
// See pod_disk_files.h.
#include "agent/observe/pod_disk_files.h"

#include <errno.h>

#include "agent/base/cleanup.h"
#include "agent/observe/per_s.h"
#include "agent/observe/pod_files.h"
#include "policy/disk_use.h"
#include "policy/kernel_text.h"
#include "policy/knob_io.h"

#define PERIOD_US 1000000
/* A loop that wakes a little early is in time. */
#define EARLY_US 100000
#define SPAN_MAX_US 5000000
/* A bound of which so much is used is one that is waited for. */
#define BOUND_PART 10u

void pod_disk_files_init(struct pod_disk_files *files)
{
	*files = (struct pod_disk_files){.stat_fd = -EBADF, .max_fd = -EBADF};
}

void pod_disk_files_close(struct pod_disk_files *files)
{
	cleanup_close(&files->stat_fd);
	cleanup_close(&files->max_fd);
	pod_disk_files_init(files);
}

void pod_disk_files_rest(struct pod_disk_files *files, struct pod_disks *disks)
{
	pod_disk_files_close(files);
	disks->at_us = 0;
}

static int open_files(struct pod_disk_files *files, int cgroup_fd, const struct cgroup *cgroup)
{
	_cleanup_close_ int dirfd = -EBADF;
	int r;

	if (files->stat_fd >= 0 && files->max_fd >= 0)
		return 0;
	r = pod_files_enter(cgroup_fd, cgroup, &dirfd);
	if (r == 0)
		r = kept_file_open(dirfd, "io.stat", &files->stat_fd);
	return r < 0 ? r : kept_file_open(dirfd, "io.max", &files->max_fd);
}

/* What was done since the last time. A disk that was not there then has done nothing that anybody knows of. */
static void compare(const struct pod_disk_files *before, const struct kernel_text_io *io,
		    int64_t now_us, struct pod_disk *disk)
{
	uint64_t span_us = (uint64_t)(now_us - before->read_us);

	*disk = (struct pod_disk){.major = io->major, .minor = io->minor};
	for (uint32_t i = 0; i < before->n; i++) {
		if (before->list[i].major != io->major || before->list[i].minor != io->minor)
			continue;
		disk->used_us = before->list[i].used_us;
		for (int d = 0; d < DISK_DIRECTIONS; d++) {
			disk->bytes_per_s[d] =
				per_s(io->bytes[d], before->list[i].bytes[d], span_us);
			disk->requests_per_s[d] =
				per_s(io->requests[d], before->list[i].requests[d], span_us);
			if (io->requests[d] > before->list[i].requests[d])
				disk->used_us = now_us;
		}
	}
}

static void remember(struct pod_disk_files *files, const struct kernel_text_io *io, int64_t used_us)
{
	uint32_t n = files->n++;

	files->list[n].major = io->major;
	files->list[n].minor = io->minor;
	files->list[n].used_us = used_us;
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		files->list[n].bytes[d] = io->bytes[d];
		files->list[n].requests[d] = io->requests[d];
	}
}

static bool is_at(uint64_t used, uint64_t bound)
{
	return bound != 0 && bound != KNOB_VALUE_MAX && used >= bound - bound / BOUND_PART;
}

/* What colod itself wrote there counts too: nobody asks that of an offline pod. */
static void see_bounds(const char *text, struct pod_disks *disks)
{
	for (uint32_t i = 0; i < disks->n; i++) {
		struct pod_disk *disk = &disks->list[i];
		const struct io_max of = {.major = disk->major, .minor = disk->minor};
		struct knob_value max;

		/* Nobody knows: it may well be. */
		if (knob_io_parse_line_of(text, &of, &max) < 0) {
			disk->bounded = true;
			continue;
		}
		for (int d = 0; d < DISK_DIRECTIONS; d++)
			disk->bounded |= is_at(disk->bytes_per_s[d], max.io.bytes[d]) ||
					 is_at(disk->requests_per_s[d], max.io.requests[d]);
	}
}

static void take(struct pod_disk_files *files, const char *text, const struct disks *of,
		 int64_t now_us, struct pod_disks *disks)
{
	const struct pod_disk_files before = *files;
	struct kernel_text_io io;

	files->n = disks->n = 0;
	while (files->n < POD_DISKS_MAX && kernel_text_io_stat(&text, &io)) {
		struct pod_disk *disk = &disks->list[disks->n];

		if (!disk_use_disk(of, io.major, io.minor))
			continue;
		compare(&before, &io, now_us, disk);
		remember(files, &io, disk->used_us);
		disks->n++;
	}
	files->read_us = now_us;
	disks->at_us = before.read_us > 0 && now_us - before.read_us <= SPAN_MAX_US ? now_us : 0;
}

void pod_disk_files_read(struct pod_disk_files *files, struct kept_reader *reader, int cgroup_fd,
			 const struct pod *pod, const struct disks *of, int64_t now_us,
			 struct pod_disks *disks)
{
	int r;

	if (files->read_us > 0 && now_us - files->read_us < PERIOD_US - EARLY_US)
		return;
	r = open_files(files, cgroup_fd, pod->cgroup);
	if (r == 0)
		r = kept_file_read_head(reader, files->stat_fd);
	if (r == 0) {
		take(files, reader->text, of, now_us, disks);
		r = kept_file_read_head(reader, files->max_fd);
	}
	if (r == 0) {
		see_bounds(reader->text, disks);
		return;
	}
	pod_disk_files_rest(files, disks);
	kept_file_say(reader, pod->cgroup->path, "io.stat", r);
}
