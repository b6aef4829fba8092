// SPDX-License-Identifier: LGPL-2.1-or-later
// See units_case.h.
#include "tests/lib/units_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

int units_case_setup(void **state)
{
	struct units_case *s = calloc(1, sizeof(*s));
	void *inner = NULL;

	if (!s || apply_case_setup(&inner) < 0)
		return -1;
	s->a = inner;
	fake_systemd_start(&s->systemd, s->a->k.dir);
	fake_systemd_unit(&s->systemd, "be.slice", APPLY_CLASS);
	fake_systemd_unit(&s->systemd, "hog.slice", APPLY_HOG);
	fake_systemd_unit(&s->systemd, "a.slice", "somewhere/else/a.slice");
	s->root_fd = tree_open(s->a->k.dir);
	apply_use_units(s->a->k.apply, s->root_fd, s->a->k.state_fd);
	if (private_bus_connect(&s->systemd.bus, &s->bus) < 0)
		return -1;
	units_set_bus(units_case_units(s), s->bus);
	*state = s;
	return 0;
}

int units_case_teardown(void **state)
{
	struct units_case *s = *state;

	units_set_bus(units_case_units(s), NULL);
	sd_bus_flush_close_unref(s->bus);
	fake_systemd_stop(&s->systemd);
	(void)close(s->root_fd);
	(void)apply_case_teardown((void **)&s->a);
	free(s);
	return 0;
}

struct units *units_case_units(struct units_case *s)
{
	return apply_units(s->a->k.apply);
}

/* Answers need the other process, so this waits for it and for no time. */
static void process(struct units_case *s)
{
	int r = sd_bus_process(s->bus, NULL);

	assert_true(r >= 0);
	if (r == 0)
		assert_true(sd_bus_wait(s->bus, UINT64_MAX) >= 0);
}

void units_case_settle(struct units_case *s)
{
	while (units_case_units(s)->in_flight > 0)
		process(s);
}

static int begin(struct units_case *s, int64_t now_us)
{
	int n;

	fake_kernel_read(&s->a->k);
	apply_set_now(s->a->k.apply, now_us);
	n = fake_kernel_pass(&s->a->k);
	units_pass(units_case_units(s), &s->a->k.f.model, now_us);
	return n;
}

int units_case_pass(struct units_case *s, int64_t now_us)
{
	int n = begin(s, now_us);

	units_case_settle(s);
	return n;
}

void units_case_pass_until_telling(struct units_case *s, int64_t now_us, const struct cgroup *cg)
{
	(void)begin(s, now_us);
	while (!cg->telling)
		process(s);
}

void units_case_again(struct units_case *s)
{
	fake_kernel_end(&s->a->k);
	fake_kernel_start(&s->a->k);
	apply_use_units(s->a->k.apply, s->root_fd, s->a->k.state_fd);
	units_set_bus(units_case_units(s), s->bus);
}

bool units_case_has_dropin(struct units_case *s, const char *name)
{
	char path[TREE_PATH_SIZE];

	(void)snprintf(path, sizeof(path), UNITS_CONTROL "%s", name);
	return fs_exists(s->root_fd, path) == 1;
}
