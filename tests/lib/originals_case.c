// SPDX-License-Identifier: LGPL-2.1-or-later
// See originals_case.h.
#include "tests/lib/originals_case.h"

#include <stdio.h>
#include <unistd.h>

#include "policy/knob.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define INODE 7

void originals_case_open(struct originals_case *s, const char *boot)
{
	assert_int_equal(originals_open(&s->o, s->fd, boot, &s->found), 0);
}

int originals_case_setup(void **state)
{
	struct originals_case *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(tree_make(NULL, &s->dir), 0);
	s->fd = tree_open(s->dir);
	originals_case_open(s, "boot-1");
	*state = s;
	return 0;
}

int originals_case_teardown(void **state)
{
	struct originals_case *s = *state;

	originals_close(&s->o);
	(void)close(s->fd);
	tree_remove(s->dir);
	free(s);
	return 0;
}

int originals_case_own(struct originals_case *s, const char *path, uint64_t original,
		       uint64_t written, bool held)
{
	memset(&s->line, 0, sizeof(s->line));
	s->line.kind = ORIGINALS_OWN;
	s->line.inode = INODE;
	s->line.knob = KNOB_CPU_WEIGHT;
	s->line.held = held;
	s->line.since_us = s->since_us;
	s->line.owner = (struct originals_owner){.pid = 4711, .start = 12};
	s->line.original = knob_value_of(original);
	s->line.written = knob_value_of(written);
	(void)snprintf(s->line.path, sizeof(s->line.path), "%s", path);
	return originals_own(&s->o, &s->line);
}

struct original *originals_case_find(struct originals_case *s, const char *path)
{
	return originals_find(&s->o, path, INODE, KNOB_CPU_WEIGHT);
}
