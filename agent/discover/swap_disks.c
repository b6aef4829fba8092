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

#define SWAPS_MAX (64 * 1024)
#define PATH_SIZE 4096
#define NAME_SIZE 256
/* LVM on md on partitions is three. */
#define DEPTH_MAX 8

struct marking {
	int root_fd;
	struct disks *disks;
};

/* Calls fn for each name in a directory below the root until one returns true. */
static bool any_name(const struct marking *m, const char *path,
		     bool (*fn)(const struct marking *m, const char *name, void *context),
		     void *context)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (fs_open_dir(m->root_fd, path, &fd) < 0)
		return false;
	dir = sys_fdopendir(fd);
	if (!dir)
		return false;
	fd = -EBADF; /* closedir() closes it */
	for (struct dirent *entry = sys_readdir(dir); entry; entry = sys_readdir(dir))
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < NAME_SIZE &&
		    fn(m, entry->d_name, context))
			return true;
	return false;
}

/* What is looked for: a number or a name; and the block device that is it, or of which it is a part. */
struct search {
	dev_t number;
	const char *name; /* NULL: by number */
	const char *of;	  /* whose parts are looked at */
	char found[NAME_SIZE];
};

static bool is_number(const struct marking *m, const char *path, dev_t number)
{
	char text[64], want[64];

	(void)snprintf(want, sizeof(want), "%u:%u", major(number), minor(number));
	if (fs_read(m->root_fd, path, text, sizeof(text), NULL) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, want) == 0;
}

static bool is_part(const struct marking *m, const char *name, void *context)
{
	const struct search *s = context;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "sys/block/%s/%s/partition", s->of, name);
	if (fs_exists(m->root_fd, path) != 1)
		return false;
	(void)snprintf(path, sizeof(path), "sys/block/%s/%s/dev", s->of, name);
	return s->name ? strcmp(s->name, name) == 0 : is_number(m, path, s->number);
}

static bool is_or_has(const struct marking *m, const char *name, void *context)
{
	struct search *s = context;
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "sys/block/%s/dev", name);
	s->of = name;
	if (s->name ? strcmp(s->name, name) != 0 : !is_number(m, path, s->number)) {
		(void)snprintf(path, sizeof(path), "sys/block/%s", name);
		if (!any_name(m, path, is_part, s))
			return false;
	}
	(void)snprintf(s->found, sizeof(s->found), "%s", name);
	return true;
}

static bool mark_disk(const struct marking *m, const char *name)
{
	for (uint32_t i = 0; i < m->disks->n; i++)
		if (strcmp(m->disks->list[i].name, name) == 0) {
			m->disks->list[i].swap = true;
			return true;
		}
	return false;
}

struct below {
	int depth;
	bool known; /* of all that were met */
	int n;
};

static bool mark(const struct marking *m, struct search *s, int depth);

static bool mark_below(const struct marking *m, const char *name, void *context)
{
	struct below *b = context;
	struct search s = {.name = name};

	b->n++;
	b->known &= mark(m, &s, b->depth + 1);
	return false;
}

/* False: it is not known where it is. */
static bool mark(const struct marking *m, struct search *s, int depth)
{
	struct below b = {.depth = depth, .known = true};
	char path[PATH_SIZE];

	if (depth > DEPTH_MAX || !any_name(m, "sys/block", is_or_has, s))
		return false;
	if (mark_disk(m, s->found))
		return true;
	/* In memory. */
	if (strncmp(s->found, "zram", 4) == 0 || strncmp(s->found, "ram", 3) == 0)
		return true;
	(void)snprintf(path, sizeof(path), "sys/block/%s/slaves", s->found);
	(void)any_name(m, path, mark_below, &b);
	return b.n > 0 && b.known;
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
	struct search s = {.name = NULL};
	struct stat st;

	unescape(path);
	if (path[0] != '/' || sys_fstatat(m->root_fd, path + 1, &st, 0) < 0)
		return false;
	s.number = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	return mark(m, &s, 0);
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
