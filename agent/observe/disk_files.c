// SPDX-License-Identifier: LGPL-2.1-or-later
// See disk_files.h. One small file a disk: /proc/diskstats has a line for each partition and loop device, too.
#include "agent/observe/disk_files.h"

#include <errno.h>
#include <stdio.h>

#include "agent/base/cleanup.h"
#include "policy/kernel_text.h"

#define PERIOD_US 1000000
/* A loop that wakes a little early is in time. */
#define EARLY_US 50000
/* Another disk may have come by the name and number of one that went. */
#define RETRY_US 10000000

void disk_files_close(struct disk_files *files)
{
	for (uint32_t i = 0; i < files->n; i++)
		files->list[i].fd = cleanup_close_fd(files->list[i].fd);
	files->n = 0;
	files->read_us = 0;
}

static bool is_same(const struct disk_files *files, const struct disks *disks)
{
	if (files->n != disks->n)
		return false;
	for (uint32_t i = 0; i < files->n; i++)
		if (files->list[i].major != disks->list[i].major ||
		    files->list[i].minor != disks->list[i].minor)
			return false;
	return true;
}

static int open_of(int root_fd, const struct disk *disk)
{
	char path[sizeof("sys/block//stat") + DISK_NAME_SIZE];
	int fd = -EBADF;

	(void)snprintf(path, sizeof(path), "sys/block/%s/stat", disk->name);
	(void)kept_file_open(root_fd, path, &fd);
	return fd;
}

static void follow(struct disk_files *files, int root_fd, const struct disks *disks, int64_t now_us)
{
	bool same = is_same(files, disks);

	if (same && now_us < files->retry_us)
		return;
	if (!same)
		disk_files_close(files);
	for (uint32_t i = 0; i < disks->n; i++) {
		files->list[i].major = disks->list[i].major;
		files->list[i].minor = disks->list[i].minor;
		if (!same || files->list[i].fd < 0)
			files->list[i].fd = open_of(root_fd, &disks->list[i]);
	}
	files->n = disks->n;
	files->retry_us = now_us + RETRY_US;
}

void disk_files_read(struct disk_files *files, struct kept_reader *reader, int root_fd,
		     const struct disks *disks, int64_t now_us, struct disk_samples *ret_samples)
{
	if (files->read_us > 0 && now_us - files->read_us < PERIOD_US - EARLY_US)
		return;
	follow(files, root_fd, disks, now_us);
	files->read_us = now_us;
	ret_samples->n = 0;
	for (uint32_t i = 0; i < files->n; i++) {
		struct disk_sample sample = {.at_us = now_us};
		int r;

		if (files->list[i].fd < 0)
			continue;
		r = kept_file_read(reader, files->list[i].fd);
		if (r < 0)
			files->list[i].fd = cleanup_close_fd(files->list[i].fd);
		if (r < 0 || kernel_text_disk_stat(reader->text, &sample) < 0)
			continue;
		ret_samples->list[ret_samples->n].major = files->list[i].major;
		ret_samples->list[ret_samples->n].minor = files->list[i].minor;
		ret_samples->list[ret_samples->n].sample = sample;
		ret_samples->n++;
	}
}
