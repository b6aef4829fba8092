// SPDX-License-Identifier: LGPL-2.1-or-later
// See dir_names.h.
#include "agent/discover/dir_names.h"
#include "agent/base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int push_one(struct dir_names *d, const char *name)
{
	size_t len = strlen(name) + 1;

	if (d->len + len > d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 16384;
		char *grown = realloc(d->text, cap);

		if (!grown)
			return -ENOMEM;
		d->text = grown;
		d->cap = cap;
	}
	if (d->n == d->places_cap) {
		size_t cap = d->places_cap ? d->places_cap * 2 : 512;
		uint32_t *grown = realloc(d->places, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->places = grown;
		d->places_cap = cap;
	}
	memcpy(d->text + d->len, name, len);
	d->places[d->n++] = (uint32_t)d->len;
	d->len += len;
	return 0;
}

/* Files are most of what a cgroup directory shows, and the type comes with the name. */
static bool is_dir(int dirfd, const struct dirent64 *entry)
{
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return sys_fstatat(dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int list(struct dir_names *d, int dirfd)
{
	for (;;) {
		ssize_t n = sys_getdents64(dirfd, d->entries, sizeof(d->entries));

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry =
				(const struct dirent64 *)(const void *)(d->entries + at);
			int r = is_dir(dirfd, entry) ? push_one(d, entry->d_name) : 0;

			if (r < 0)
				return r;
			at += entry->d_reclen;
		}
	}
}

/* Shell sort of places[from..n): in place, and fast enough for a full directory. */
static void sort(struct dir_names *d, size_t from)
{
	uint32_t *p = d->places + from;
	size_t n = d->n - from, gap = 1;

	while (gap < n / 3)
		gap = gap * 3 + 1;
	for (; gap > 0; gap /= 3) {
		for (size_t i = gap; i < n; i++) {
			uint32_t place = p[i];
			size_t j = i;

			for (; j >= gap && strcmp(d->text + p[j - gap], d->text + place) > 0;
			     j -= gap)
				p[j] = p[j - gap];
			p[j] = place;
		}
	}
}

int dir_names_push(struct dir_names *names, int dirfd)
{
	size_t before = names->n;
	int r = list(names, dirfd);

	if (r < 0) {
		dir_names_pop(names, before);
		return r;
	}
	if (names->n > before)
		sort(names, before);
	return 0;
}

const char *dir_names_get(const struct dir_names *names, size_t i)
{
	return names->text + names->places[i];
}

void dir_names_pop(struct dir_names *names, size_t n)
{
	if (n >= names->n)
		return;
	/* Sorting moved the places: the lowest of those that go is where the text ends now. */
	for (size_t i = n; i < names->n; i++)
		if (names->places[i] < names->len)
			names->len = names->places[i];
	names->n = n;
}

void dir_names_free(struct dir_names *names)
{
	free(names->text);
	free(names->places);
	names->text = NULL;
	names->places = NULL;
	names->len = names->cap = names->n = names->places_cap = 0;
}
