// SPDX-License-Identifier: LGPL-2.1-or-later
// See files.h.
#include "tests/faults/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/knob.h"

#define TEXT_SIZE 1024

static void must(bool ok, const char *what, const char *path)
{
	if (ok)
		return;
	perror(path);
	(void)fprintf(stderr, "files: %s failed\n", what);
	abort();
}

static void add(struct files *f, const char *path, const char *text)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 512;
		f->list = realloc(f->list, f->cap * sizeof(*f->list));
		must(f->list != NULL, "realloc", path);
	}
	f->list[f->n++] = (struct file){.path = strdup(path), .text = strdup(text)};
}

static void take_file(struct files *f, int dirfd, const char *name, const char *path)
{
	char text[TEXT_SIZE];
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	must(fd >= 0, "open", path);
	n = read(fd, text, sizeof(text) - 1);
	must(n >= 0, "read", path);
	(void)close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	add(f, path, text);
}

static void take_dir(struct files *f, int fd, const char *path)
{
	DIR *d = fdopendir(fd);

	must(d != NULL, "fdopendir", path);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		char below[1024];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "", e->d_name);
		if (e->d_type == DT_DIR)
			take_dir(f, openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				 below);
		else
			take_file(f, fd, e->d_name, below);
	}
	(void)closedir(d);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

void files_take(struct files *files, const char *mount)
{
	int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0, "open", mount);
	memset(files, 0, sizeof(*files));
	take_dir(files, fd, "");
	qsort(files->list, files->n, sizeof(*files->list), by_path);
}

void files_free(struct files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free(files->list[i].path);
		free(files->list[i].text);
	}
	free(files->list);
	memset(files, 0, sizeof(*files));
}

static bool same(const struct file *a, const struct file *b)
{
	const char *slash = strrchr(a->path, '/'), *name = slash ? slash + 1 : a->path;
	struct knob_value x, y;

	if (strcmp(a->text, b->text) == 0)
		return true;
	for (int knob = 0; knob < KNOB_COUNT; knob++)
		if (strcmp(name, knob_name((enum knob)knob)) == 0)
			return knob_parse((enum knob)knob, a->text, &x) == 0 &&
			       knob_parse((enum knob)knob, b->text, &y) == 0 &&
			       knob_equal((enum knob)knob, &x, &y, 0);
	return false;
}

void files_diff(const struct files *then, const struct files *now,
		void (*differs)(void *context, const char *path, const char *was, const char *is),
		void *context)
{
	size_t i = 0, j = 0;

	while (i < then->n || j < now->n) {
		int order = i == then->n  ? 1
			    : j == now->n ? -1
					  : by_path(&then->list[i], &now->list[j]);

		if (order < 0) {
			differs(context, then->list[i].path, then->list[i].text, NULL);
			i++;
		} else if (order > 0) {
			differs(context, now->list[j].path, NULL, now->list[j].text);
			j++;
		} else {
			if (!same(&then->list[i], &now->list[j]))
				differs(context, then->list[i].path, then->list[i].text,
					now->list[j].text);
			i++;
			j++;
		}
	}
}
