// SPDX-License-Identifier: LGPL-2.1-or-later
// See disks.h.
#include "agent/discover/disks.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "agent/discover/swap_disks.h"
#include "policy/kernel_text.h"

#define BLOCK "sys/block"
#define QOS_MAX (256 * 1024)
#define PATH_SIZE 512
/* Longer than any list of schedulers. */
#define TEXT_SIZE 256

static bool has(int root_fd, const char *name, const char *file)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), BLOCK "/%s/%s", name, file);
	return fs_exists(root_fd, path) == 1;
}

static bool read_text(int root_fd, const char *name, const char *file, char text[static TEXT_SIZE])
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), BLOCK "/%s/%s", name, file);
	return fs_read(root_fd, path, text, TEXT_SIZE, NULL) == 0;
}

static bool read_number(int root_fd, const char *name, const char *file, uint64_t *ret)
{
	char text[TEXT_SIZE];

	return read_text(root_fd, name, file, text) && kernel_text_u64(text, ret) == 0;
}

/* Whether something is below it: a directory that is empty for a disk. */
static bool has_slaves(int root_fd, const char *name)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), BLOCK "/%s/slaves", name);
	if (fs_open_dir(root_fd, path, &fd) < 0)
		return false;
	dir = sys_fdopendir(fd);
	if (!dir)
		return false;
	fd = -EBADF; /* closedir() closes it */
	for (struct dirent *entry = sys_readdir(dir); entry; entry = sys_readdir(dir))
		if (entry->d_name[0] != '.')
			return true;
	return false;
}

/* Nor is memory a disk, whatever it looks like. */
static bool is_mapped(int root_fd, const char *name)
{
	return has(root_fd, name, "dm") || has(root_fd, name, "md") || has(root_fd, name, "loop") ||
	       strncmp(name, "loop", 4) == 0 || strncmp(name, "zram", 4) == 0 ||
	       strncmp(name, "ram", 3) == 0 || has_slaves(root_fd, name);
}

bool disks_parse_number(const char *text, uint32_t *ret_major, uint32_t *ret_minor)
{
	char *end;
	unsigned long long major = strtoull(text, &end, 10), minor;

	if (text[0] < '0' || text[0] > '9' || *end != ':' || end[1] < '0' || end[1] > '9')
		return false;
	minor = strtoull(end + 1, &end, 10);
	if ((*end != '\n' && *end != '\0' && *end != ' ') || major > UINT32_MAX ||
	    minor > UINT32_MAX)
		return false;
	*ret_major = (uint32_t)major;
	*ret_minor = (uint32_t)minor;
	return true;
}

/* Whether io.cost.qos has a line of this disk, of any where NULL, that says it is on: "8:0 enable=1 ctrl=auto ...". */
static bool iocost_is_on(const char *qos, const struct disk *disk)
{
	for (const char *line = qos; line && *line;) {
		const char *next = strchr(line, '\n'), *enable = strstr(line, " enable=1");
		uint32_t major, minor;

		if (disks_parse_number(line, &major, &minor) &&
		    (!disk || (major == disk->major && minor == disk->minor)) && enable &&
		    (!next || enable < next))
			return true;
		line = next ? next + 1 : NULL;
	}
	return false;
}

/* NULL: there is none, or it could not be read. */
static char *read_qos(int cgroup_fd)
{
	char *qos;

	return fs_read_alloc(cgroup_fd, "io.cost.qos", QOS_MAX, &qos, NULL) < 0 ? NULL : qos;
}

bool disks_have_iocost(int cgroup_fd)
{
	_cleanup_free_ char *qos = read_qos(cgroup_fd);

	return iocost_is_on(qos, NULL);
}

/* "none [mq-deadline] kyber"; one with nothing to choose from says just "none". */
static void read_scheduler(int root_fd, const char *name, struct disk *disk)
{
	char text[TEXT_SIZE];
	const char *chosen;
	size_t len;

	if (!read_text(root_fd, name, "queue/scheduler", text))
		return;
	chosen = strchr(text, '[');
	chosen = chosen ? chosen + 1 : text;
	len = strcspn(chosen, "] \n");
	if (len >= sizeof(disk->scheduler))
		return;
	memcpy(disk->scheduler, chosen, len);
	disk->scheduler[len] = '\0';
}

/* False where it is none: nothing to read there, mapped, or without a medium. */
static bool read_disk(int root_fd, const char *name, const char *qos, struct disk *ret_disk)
{
	struct disk disk = {0};
	uint64_t size = 0, rotational = 0;
	char text[TEXT_SIZE];

	if (strlen(name) >= sizeof(disk.name) || is_mapped(root_fd, name) ||
	    !read_text(root_fd, name, "dev", text) ||
	    !disks_parse_number(text, &disk.major, &disk.minor) ||
	    !read_number(root_fd, name, "size", &size) || size == 0)
		return false;
	memcpy(disk.name, name, strlen(name) + 1);
	read_scheduler(root_fd, name, &disk);
	(void)read_number(root_fd, name, "queue/rotational", &rotational);
	disk.rotational = rotational == 1;
	disk.bfq = strcmp(disk.scheduler, "bfq") == 0;
	disk.iocost = iocost_is_on(qos, &disk);
	*ret_disk = disk;
	return true;
}

static bool is_before(const struct disk *a, const struct disk *b)
{
	return a->major != b->major ? a->major < b->major : a->minor < b->minor;
}

static void insert(struct disks *disks, const struct disk *disk)
{
	uint32_t at = disks->n;

	if (disks->n == DISKS_MAX) {
		disks->left_out++;
		return;
	}
	while (at > 0 && is_before(disk, &disks->list[at - 1])) {
		disks->list[at] = disks->list[at - 1];
		at--;
	}
	disks->list[at] = *disk;
	disks->n++;
}

void disks_read(int root_fd, int cgroup_fd, struct disks *ret_disks)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *qos = NULL;

	memset(ret_disks, 0, sizeof(*ret_disks));
	if (fs_open_dir(root_fd, BLOCK, &fd) < 0)
		return;
	dir = sys_fdopendir(fd);
	if (!dir)
		return;
	fd = -EBADF; /* closedir() closes it */
	qos = read_qos(cgroup_fd);
	for (struct dirent *entry = sys_readdir(dir); entry; entry = sys_readdir(dir)) {
		struct disk disk;

		if (entry->d_name[0] != '.' && read_disk(root_fd, entry->d_name, qos, &disk))
			insert(ret_disks, &disk);
	}
	swap_disks_mark(root_fd, ret_disks);
}

static bool is_same(const struct disk *a, const struct disk *b)
{
	return a->major == b->major && a->minor == b->minor && a->iocost == b->iocost &&
	       a->rotational == b->rotational && a->swap == b->swap &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->scheduler, b->scheduler) == 0;
}

bool disks_follow(int root_fd, int cgroup_fd, struct disks *disks)
{
	struct disks now;
	bool same;

	disks_read(root_fd, cgroup_fd, &now);
	same = now.n == disks->n && now.left_out == disks->left_out;
	for (uint32_t i = 0; same && i < now.n; i++)
		same = is_same(&now.list[i], &disks->list[i]);
	if (same)
		return false;
	if (now.left_out > 0 && disks->left_out == 0)
		log_warning("discover.disks",
			    "this node has %u disks; colod looks at the %u with the "
			    "lowest numbers that it met first",
			    now.n + now.left_out, now.n);
	*disks = now;
	return true;
}
