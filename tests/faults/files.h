// SPDX-License-Identifier: LGPL-2.1-or-later
// Every file of the cgroup tree with its content, to see what changed. Values of knobs are compared
// as the kernel means them, other files by their text.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct file {
	char *path; /* below the cgroup2 mount */
	char *text;
};

struct files {
	struct file *list; /* by path */
	size_t n, cap;
};

/* All files below `mount`, an absolute path. Aborts where they cannot be read. */
void files_take(struct files *files, const char *mount);
void files_free(struct files *files);

/* Calls `differs` for each file of `now` that is not in `then` with the same value, and for each of
 * `then` that is gone: there `is` is NULL; `was` is NULL for a new one. */
void files_diff(const struct files *then, const struct files *now,
		void (*differs)(void *context, const char *path, const char *was, const char *is),
		void *context);
