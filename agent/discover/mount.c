// SPDX-License-Identifier: LGPL-2.1-or-later
// See mount.h. A hybrid host has a cgroup2 mount too, but without the controllers: v1 holds them.
// A v1 mount of something else (net_cls for a network plugin) does no harm.
#include "agent/discover/mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"

#define MOUNTINFO_MAX (4 * 1024 * 1024)
#define DEFAULT_PATH "/sys/fs/cgroup"

struct found {
	char path[512]; /* of the cgroup2 mount, "" for none */
	bool recursive;
	bool v1; /* cpu, memory or blkio is mounted as v1 */
};

/* "\040" and the like back to bytes, in place. */
static void unescape(char *text)
{
	char *out = text;

	for (const char *p = text; *p; out++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
		    p[3] >= '0' && p[3] <= '7') {
			*out = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*out = *p++;
		}
	}
	*out = '\0';
}

static bool has_option(const char *options, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = options; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, word, len) == 0 && (p[len] == ',' || p[len] == '\0'))
			return true;
	}
	return false;
}

/* "36 35 98:0 / /mnt rw,noatime shared:1 - ext4 /dev/root rw": mount point is the fifth word, the
 * type and, two words on, the options of the file system follow the lone dash. */
static void one_line(char *line, struct found *found)
{
	char *save = NULL, *word = strtok_r(line, " ", &save), *point = NULL, *type, *options;

	for (int i = 1; word && strcmp(word, "-") != 0; i++) {
		if (i == 5)
			point = word;
		word = strtok_r(NULL, " ", &save);
	}
	type = word ? strtok_r(NULL, " ", &save) : NULL;
	if (!point || !type || !strtok_r(NULL, " ", &save))
		return;
	options = strtok_r(NULL, " ", &save);
	if (!options)
		return;
	if (strcmp(type, "cgroup") == 0)
		found->v1 |= has_option(options, "cpu") || has_option(options, "memory") ||
			     has_option(options, "blkio");
	if (strcmp(type, "cgroup2") != 0)
		return;
	unescape(point);
	/* The usual place wins over others; of two mounts there, the later covers the earlier. */
	if (strlen(point) >= sizeof(found->path) ||
	    (strcmp(found->path, DEFAULT_PATH) == 0 && strcmp(point, DEFAULT_PATH) != 0))
		return;
	(void)snprintf(found->path, sizeof(found->path), "%s", point);
	found->recursive = has_option(options, "memory_recursiveprot");
}

static int look(int root_fd, struct found *found)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;
	int r = fs_read_alloc(root_fd, "proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL);

	if (r == -ENOENT) {
		if (fs_exists(root_fd, DEFAULT_PATH "/cgroup.controllers") == 1)
			(void)snprintf(found->path, sizeof(found->path), "%s", DEFAULT_PATH);
		return 0;
	}
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		one_line(line, found);
	return 0;
}

int mount_open(int root_fd, int *ret_fd, bool *ret_recursive, const char **ret_why)
{
	struct found found = {0};
	_cleanup_close_ int fd = -EBADF;
	int r = look(root_fd, &found);

	if (r < 0)
		return r;
	if (found.v1) {
		*ret_why = "this node uses cgroup v1 (or both versions side by side), and colod "
			   "needs the controllers in v2: boot with "
			   "systemd.unified_cgroup_hierarchy=1 on the kernel command line and "
			   "without systemd.legacy_systemd_cgroup_controller, then start colod "
			   "again";
		return -EPROTONOSUPPORT;
	}
	if (!found.path[0]) {
		*ret_why = "no cgroup2 file system is mounted here: mount it on /sys/fs/cgroup "
			   "(systemd does so by itself), or let colod see the host's";
		return -ENOENT;
	}
	r = fs_open_dir(root_fd, found.path, &fd);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	*ret_recursive = found.recursive;
	return 0;
}
