// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_kernel.h. The quirks are those that were seen on 6.1, 6.12 and 7.3.
#include "tests/lib/fake_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "policy/decide.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/tree.h"

#define PAGE 4096
#define CGROUPS "sys/fs/cgroup"

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "fake_kernel: %s failed\n", what);
	abort();
}

struct knob_value fake_kernel_io(enum knob knob)
{
	return knob_value_io(8, 16 * (uint32_t)(knob - KNOB_IO_MAX));
}

/* The kernel takes what is said of one disk and keeps the rest, of that line and of the others. */
static void merge_io(struct fake_kernel *k, const char *path, const char *was,
		     const struct knob_value *said)
{
	char all[FAKE_KERNEL_IO_SIZE * 2] = "", line[KNOB_TEXT_SIZE];
	struct knob_value now = {0}, none = knob_value_io(said->io.major, said->io.minor);
	char number[32];
	size_t len;

	for (int d = 0; d < DISK_DIRECTIONS; d++)
		none.io.bytes[d] = none.io.requests[d] = KNOB_VALUE_MAX;
	must(knob_parse_of(KNOB_IO_MAX, was, said, &now) == 0, "io.max");
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		now.io.bytes[d] = said->io.bytes[d] ? said->io.bytes[d] : now.io.bytes[d];
		now.io.requests[d] = said->io.requests[d] ? said->io.requests[d]
							  : now.io.requests[d];
	}
	len = (size_t)snprintf(number, sizeof(number), "%u:%u ", said->io.major, said->io.minor);
	for (const char *p = was; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, number, len) != 0)
			(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%.*s\n",
				       (int)strcspn(p, "\n"), p);
	if (!knob_same(KNOB_IO_MAX, &now, &none))
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s\n",
			       knob_format(KNOB_IO_MAX, &now, line, sizeof(line)));
	must(tree_knob(k->dir, path, "io.max", all) == 0, "io.max");
}

static void read_io(struct fake_kernel *k, const char *path)
{
	if (tree_knob_read(k->dir, path, "io.max", k->io_was, sizeof(k->io_was)) < 0)
		k->io_was[0] = '\0';
}

static void put(struct fake_kernel *k, const char *path, enum knob knob,
		const struct knob_value *value)
{
	char text[KNOB_TEXT_SIZE];

	if (knob_is_io_max(knob)) {
		read_io(k, path);
		merge_io(k, path, k->io_was, value);
		return;
	}
	(void)knob_format(knob, value, text, sizeof(text));
	must(tree_knob(k->dir, path, knob_name(knob), text) == 0, "tree_knob");
}

struct knob_value fake_kernel_value(struct fake_kernel *k, const char *path, enum knob knob)
{
	struct knob_value value = {.state = KNOB_MISSING}, of = fake_kernel_io(knob);
	char text[KNOB_TEXT_SIZE];

	/* Nobody lives here. */
	if (knob_is_of_tasks(knob))
		return knob_value_of(KNOB_SCORE_ZERO);
	if (tree_knob_read(k->dir, path, knob_file(knob), text, sizeof(text)) == 0)
		must(knob_parse_of(knob, text, &of, &value) == 0, "knob_parse");
	return value;
}

static bool is_idle(struct fake_kernel *k, const char *path)
{
	return fake_kernel_value(k, path, KNOB_CPU_IDLE).value == 1;
}

/* What the kernel makes of a value that was just written. */
static void settle(struct fake_kernel *k, const char *path, enum knob knob, bool was_idle)
{
	struct knob_value value, weight = knob_value_of(100);
	char text[KNOB_TEXT_SIZE];

	if (knob_is_io_max(knob)) {
		if (tree_knob_read(k->dir, path, "io.max", text, sizeof(text)) == 0 &&
		    knob_parse(knob, text, &value) == 0)
			merge_io(k, path, k->io_was, &value);
		return;
	}
	value = fake_kernel_value(k, path, knob);
	if (knob != KNOB_MEMORY_OOM_GROUP && knob_controller(knob) == CONTROLLER_MEMORY &&
	    value.value != KNOB_VALUE_MAX) {
		value.value -= value.value % PAGE;
		put(k, path, knob, &value);
	}
	if (knob == KNOB_CPU_IDLE && value.value != was_idle) {
		weight.value = value.value ? k->weight_while_idle : 100;
		put(k, path, KNOB_CPU_WEIGHT, &weight);
	}
}

bool fake_kernel_write(struct fake_kernel *k, const char *path, enum knob knob,
		       const struct knob_value *value)
{
	bool idle = is_idle(k, path);

	if ((knob == KNOB_CPU_WEIGHT && idle) || knob_is_of_tasks(knob))
		return false;
	put(k, path, knob, value);
	if (!knob_is_io_max(knob))
		settle(k, path, knob, idle);
	return true;
}

/* A record must be in the file before the write, not only in memory. */
static void check_record(struct fake_kernel *k, const char *path, enum knob knob)
{
	_cleanup_free_ char *text = NULL;
	char needle[TREE_PATH_SIZE];
	size_t len;

	if (!k->record_checked || strcmp(k->record_checked->path, path) != 0)
		return;
	must(fs_read_alloc(k->state_fd, ORIGINALS_FILE, ORIGINALS_MAX_BYTES, &text, &len) == 0,
	     "reading the originals before a write");
	(void)snprintf(needle, sizeof(needle), " own %llu %s ",
		       (unsigned long long)k->record_checked->inode, knob_name(knob));
	must(strstr(text, needle) != NULL, "a record before its write");
}

static int hook(void *context, enum apply_step step, const char *path, enum knob knob)
{
	struct fake_kernel *k = context;

	/* The kernel is done with a write before anybody can be killed after it. */
	if (step == APPLY_STEP_READ)
		settle(k, path, knob, k->was_idle);
	if (++k->steps == k->stop_step)
		_exit(0);
	if (step == k->fail_step && knob == k->fail_knob)
		return k->fail_error;
	if (step == APPLY_STEP_WRITE) {
		check_record(k, path, knob);
		k->was_idle = is_idle(k, path);
		read_io(k, path);
		if (knob == KNOB_CPU_WEIGHT && k->was_idle)
			return -EINVAL;
	}
	if (step == APPLY_STEP_READ) {
		k->n_writes++;
		if (k->race_text && knob == k->race_knob) {
			must(tree_knob(k->dir, path, knob_file(knob), k->race_text) == 0, "race");
			k->race_text = NULL;
		}
	}
	return 0;
}

void fake_kernel_open(struct fake_kernel *k, const char *spec)
{
	char path[TREE_PATH_SIZE];

	memset(k, 0, sizeof(*k));
	k->fail_knob = KNOB_COUNT;
	k->weight_while_idle = 1;
	must(tree_make(spec, &k->dir) == 0, "tree_make");
	must(tree_mkdir(k->dir, "run/colod") == 0, "tree_mkdir");
	(void)snprintf(path, sizeof(path), "%s/" CGROUPS, k->dir);
	k->cgroup_fd = tree_open(path);
	(void)snprintf(path, sizeof(path), "%s/run/colod", k->dir);
	k->state_fd = tree_open(path);
	must(k->cgroup_fd >= 0 && k->state_fd >= 0, "tree_open");
	fake_init(&k->f);
}

void fake_kernel_close(struct fake_kernel *k)
{
	fake_kernel_end(k);
	changes_free(&k->changes);
	fake_free(&k->f);
	(void)close(k->cgroup_fd);
	(void)close(k->state_fd);
	tree_remove(k->dir);
}

struct cgroup *fake_kernel_cgroup(struct fake_kernel *k, const char *path)
{
	struct cgroup *cg = fake_cgroup(&k->f, path);

	must(tree_cgroup(k->dir, path) == 0, "tree_cgroup");
	for (struct cgroup *up = cg; up->parent; up = up->parent)
		must(fs_inode(k->cgroup_fd, up->path, &up->inode) == 0, "fs_inode");
	return cg;
}

void fake_kernel_remove(struct fake_kernel *k, const char *path)
{
	char full[TREE_PATH_SIZE * 2];

	(void)snprintf(full, sizeof(full), CGROUPS "/%s", path);
	must(tree_delete(k->dir, full) == 0, "tree_delete");
}

void fake_kernel_bfq(struct fake_kernel *k, const char *path, bool loaded)
{
	char file[TREE_PATH_SIZE * 2];

	(void)snprintf(file, sizeof(file), CGROUPS "/%s/%s", path, knob_file(KNOB_IO_BFQ_WEIGHT));
	must((loaded ? tree_write(k->dir, file, "default 100\n") : tree_delete(k->dir, file)) == 0,
	     "bfq");
}

void fake_kernel_read(struct fake_kernel *k)
{
	for (size_t i = 1; i < k->f.model.n_cgroups; i++) {
		struct cgroup *cg = k->f.model.cgroups[i];

		for (int knob = 0; knob < KNOB_COUNT; knob++)
			cg->knobs[knob].now = fake_kernel_value(k, cg->path, (enum knob)knob);
	}
}

void fake_kernel_start(struct fake_kernel *k)
{
	for (size_t i = 1; i < k->f.model.n_cgroups; i++)
		memset(k->f.model.cgroups[i]->knobs, 0, sizeof(k->f.model.cgroups[i]->knobs));
	fake_kernel_read(k);
	must(apply_new(k->cgroup_fd, k->state_fd, &k->apply) == 0, "apply_new");
	apply_set_hook(k->apply, hook, k);
	k->steps = 0;
	k->n_writes = 0;
	apply_adopt(k->apply, &k->f.model);
	k->steps = 0;
}

void fake_kernel_end(struct fake_kernel *k)
{
	apply_free(k->apply);
	k->apply = NULL;
}

void fake_kernel_plan(struct fake_kernel *k, struct cgroup *cg, enum knob knob, enum effect effect,
		      uint64_t value)
{
	fake_plan(&k->f, cg, knob, effect, value);
}

int fake_kernel_pass(struct fake_kernel *k)
{
	const struct modes modes = mode_of_all(MODE_FULL);

	must(diff(&k->f.model, &k->f.plan, &modes, false, &k->changes) == 0, "diff");
	return apply_changes(k->apply, &k->f.model, &k->changes, false);
}
