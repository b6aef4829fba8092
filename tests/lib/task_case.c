// SPDX-License-Identifier: LGPL-2.1-or-later
// See task_case.h.
#include "tests/lib/task_case.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define PROCS_SIZE 65536

static void put(const char *dir, int pid, const char *file, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%d/%s", pid, file);
	assert_int_equal(tree_write(dir, path, text), 0);
}

void task_case_set(const char *dir, int pid, int score)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d\n", score);
	put(dir, pid, "oom_score_adj", text);
}

void task_case_move(const char *dir, int pid, const char *path)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "0::/%s\n", path);
	put(dir, pid, "cgroup", text);
}

void task_case_process(const char *dir, const char *path, int pid, int start, int score)
{
	static char procs[PROCS_SIZE];
	char stat[128], file[512];
	size_t len;

	if (tree_knob_read(dir, path, "cgroup.procs", procs, sizeof(procs)) < 0)
		procs[0] = '\0';
	len = strlen(procs);
	(void)snprintf(procs + len, sizeof(procs) - len, "%s%d\n",
		       len > 0 && procs[len - 1] != '\n' ? "\n" : "", pid);
	(void)snprintf(file, sizeof(file), "sys/fs/cgroup/%s/cgroup.procs", path);
	assert_int_equal(tree_write(dir, file, procs), 0);
	(void)snprintf(stat, sizeof(stat),
		       "%d (a b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0\n", pid, start);
	put(dir, pid, "stat", stat);
	task_case_move(dir, pid, path);
	task_case_set(dir, pid, score);
}

void task_case_is(const char *dir, int pid, int score)
{
	char path[512], text[32] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/proc/%d/oom_score_adj", dir, pid);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	(void)fclose(f);
	(void)snprintf(path, sizeof(path), "%d", score);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, path);
}
