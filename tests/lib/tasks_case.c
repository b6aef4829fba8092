// SPDX-License-Identifier: LGPL-2.1-or-later
// See tasks_case.h.
#include "tests/lib/tasks_case.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/lanes.h"
#include "agent/tasks.h"
#include "agent/tick.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

/* A thread that takes longer than so many milliseconds hangs. */
#define PASSES 20000

int tasks_case_open(struct tasks_case *c)
{
	char path[512];

	*c = (struct tasks_case){.now_us = 100 * TASKS_CASE_S_US};
	if (tick_case_open(&c->t) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/run", c->t.dir);
	(void)mkdir(path, 0755);
	(void)snprintf(path, sizeof(path), "%s/run/colod", c->t.dir);
	return mkdir(path, 0755) < 0 ? -1 : 0;
}

void tasks_case_close(struct tasks_case *c)
{
	if (c->t.state)
		tasks_case_end(c);
	tick_case_close(&c->t);
}

void tasks_case_start(struct tasks_case *c, const char *mode)
{
	tick_case_start(&c->t, mode, MODE_FULL);
	assert_int_equal(lanes_new(&c->t.state->lanes), 0);
	assert_int_equal(tasks_new(c->t.state), 0);
	discover_set_capability(c->t.state->discover, CAPABILITY_SCHED_POLICY, true);
}

void tasks_case_end(struct tasks_case *c)
{
	struct state *s = c->t.state;

	tasks_free(s->tasks);
	s->tasks = NULL;
	lanes_free(s->lanes);
	s->lanes = NULL;
	state_free(s);
	c->t.state = NULL;
}

struct pod *tasks_case_pod(struct tasks_case *c, const char *path)
{
	const struct model *m = discover_model(c->t.state->discover);

	for (size_t i = 0; i < m->n_pods; i++)
		if (strcmp(m->pods[i]->cgroup->path, path) == 0)
			return m->pods[i];
	fail_msg("no pod at %s", path);
	return NULL;
}

const char *tasks_case_container(struct tasks_case *c, const char *path)
{
	const struct pod *pod = tasks_case_pod(c, path);

	assert_true(pod->n_containers > 0);
	return pod->containers[0].cgroup->path;
}

void tasks_case_populate(struct tasks_case *c, const char *path)
{
	char file[1024];

	(void)snprintf(file, sizeof(file), "sys/fs/cgroup/%s/cgroup.events",
		       tasks_case_container(c, path));
	assert_int_equal(tree_write(c->t.dir, file, "populated 1\nfrozen 0\n"), 0);
	tasks_case_pod(c, path)->containers[0].cgroup->populated = true;
}

void tasks_case_passes(struct tasks_case *c, int64_t us)
{
	c->now_us += us;
	for (int i = 0; i < PASSES; i++) {
		tick(c->t.state, c->now_us);
		c->now_us += TASKS_CASE_S_US / 10000;
		if (i > 2 && !tasks_is_busy(c->t.state))
			return;
		(void)usleep(1000);
	}
	fail_msg("the thread hangs");
}

bool tasks_case_is_recorded(const struct tasks_case *c, const char *knob)
{
	char path[512], line[8192];
	bool found = false;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/run/colod/originals", c->t.dir);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, knob))
			found = strstr(line, " own ") != NULL;
	if (f)
		(void)fclose(f);
	return found;
}
