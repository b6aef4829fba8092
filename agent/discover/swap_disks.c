// SPDX-License-Identifier: LGPL-2.1-or-later
// See swap_disks.h.
#include "agent/discover/swap_disks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "agent/discover/disks.h"

#define SWAPS_MAX (64 * 1024)
#define PATH_SIZE 512
#define TEXT_SIZE 4096
/* LVM on md on partitions is three. */
#define DEPTH_MAX 8

struct marking {
	int root_fd;
	struct disks *disks;
};

/* A block device by its numbers: /sys/dev/block has all of them, parts too. */
struct device {
	unsigned major, minor;
};

static void path_of(const struct device *d, const char *rest, char path[static PATH_SIZE])
{
	(void)snprintf(path, PATH_SIZE, "sys/dev/block/%u:%u/%.400s", d->major, d->minor, rest);
}

static bool read_device(const struct marking *m, const char *path, struct device *ret)
{
	char text[64];

	return fs_read(m->root_fd, path, text, sizeof(text), NULL) == 0 &&
	       disks_parse_number(text, &ret->major, &ret->minor);
}

static bool mark_disk(const struct marking *m, const struct device *d)
{
	for (uint32_t i = 0; i < m->disks->n; i++)
		if (m->disks->list[i].major == d->major && m->disks->list[i].minor == d->minor) {
			m->disks->list[i].swap = true;
			return true;
		}
	return false;
}

static bool is_memory(const struct marking *m, const struct device *d)
{
	char path[PATH_SIZE], text[TEXT_SIZE];

	path_of(d, "uevent", path);
	return fs_read(m->root_fd, path, text, sizeof(text), NULL) == 0 &&
	       (strstr(text, "DEVNAME=zram") || strstr(text, "DEVNAME=ram"));
}

static bool mark(const struct marking *m, const struct device *device, int depth);

/* All that a mapped device lies on. False: it is not known where that is. */
static bool mark_below(const struct marking *m, const struct device *d, int depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_SIZE];
	bool known = true;
	int n = 0;

	path_of(d, "slaves", path);
	if (fs_open_dir(m->root_fd, path, &fd) < 0)
		return false;
	dir = sys_fdopendir(fd);
	if (!dir)
		return false;
	fd = -EBADF; /* closedir() closes it */
	for (struct dirent *entry = sys_readdir(dir); entry; entry = sys_readdir(dir)) {
		char below[PATH_SIZE];
		struct device one;

		if (entry->d_name[0] == '.')
			continue;
		n++;
		(void)snprintf(below, sizeof(below), "slaves/%.200s/dev", entry->d_name);
		path_of(d, below, path);
		known &= read_device(m, path, &one) && mark(m, &one, depth + 1);
	}
	return n > 0 && known;
}

/* False: it is not known where it is. */
static bool mark(const struct marking *m, const struct device *device, int depth)
{
	struct device d = *device;
	char path[PATH_SIZE];

	if (depth > DEPTH_MAX)
		return false;
	path_of(&d, "partition", path);
	if (fs_exists(m->root_fd, path) == 1) {
		/* The directory of a part is in that of its disk. */
		path_of(device, "../dev", path);
		if (!read_device(m, path, &d))
			return false;
	}
	return mark_disk(m, &d) || is_memory(m, &d) || mark_below(m, &d, depth);
}

/* "\040" is a blank, as in any such list of the kernel's. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p;) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to++ = *p++;
		}
	}
	*to = '\0';
}

static bool mark_area(const struct marking *m, char *path)
{
	struct device device;
	struct stat st;
	dev_t number;

	unescape(path);
	if (path[0] != '/' || sys_fstatat(m->root_fd, path + 1, &st, 0) < 0)
		return false;
	number = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	device = (struct device){major(number), minor(number)};
	return mark(m, &device, 0);
}

void swap_disks_mark(int root_fd, struct disks *disks)
{
	const struct marking m = {root_fd, disks};
	_cleanup_free_ char *text = NULL;
	int r = fs_read_alloc(root_fd, "proc/swaps", SWAPS_MAX, &text, NULL);
	/* A kernel without that file swaps nothing out. */
	bool known = r == 0 || r == -ENOENT;

	/* The first line is a heading. */
	for (char *line = text ? strchr(text, '\n') : NULL; line && line[1];) {
		char *next = strchr(++line, '\n');

		line[strcspn(line, " \t\n")] = '\0';
		known &= mark_area(&m, line);
		line = next;
	}
	for (uint32_t i = 0; !known && i < disks->n; i++)
		disks->list[i].swap = true;
}
