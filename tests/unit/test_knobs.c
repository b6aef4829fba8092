// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/discover/knobs.h"
#include "tests/lib/tree.h"

#define ALL ((1u << KNOB_COUNT) - 1)

struct place {
	char *dir;
	int fd;
	struct cgroup cg;
	char path[16];
};

static void open_place(struct place *p, const char *spec)
{
	int root;

	memset(p, 0, sizeof(*p));
	assert_int_equal(tree_make(spec, &p->dir), 0);
	root = tree_open(p->dir);
	assert_int_equal(fs_open_dir(root, "sys/fs/cgroup", &p->fd), 0);
	(void)close(root);
	memcpy(p->path, "a.slice", 8);
	p->cg.path = p->path;
}

static void close_place(struct place *p)
{
	(void)close(p->fd);
	tree_remove(p->dir);
}

TEST(all_knobs_are_read_and_a_second_read_changes_nothing)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/cpu.max = 50000 100000\n"
		       "sys/fs/cgroup/a.slice/io.weight = default 300\\n8:0 200\n"
		       "sys/fs/cgroup/a.slice/memory.low = 4096\n");
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	for (int k = 0; k < KNOB_COUNT; k++)
		assert_int_equal(p.cg.knobs[k].now.state, KNOB_KNOWN);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.value, 100);
	assert_int_equal(p.cg.knobs[KNOB_CPU_MAX].now.value, 50000);
	assert_int_equal(p.cg.knobs[KNOB_CPU_MAX].now.period_us, 100000);
	assert_int_equal(p.cg.knobs[KNOB_IO_WEIGHT].now.value, 300);
	assert_int_equal(p.cg.knobs[KNOB_MEMORY_LOW].now.value, 4096);
	assert_true(p.cg.knobs[KNOB_MEMORY_HIGH].now.value == KNOB_VALUE_MAX);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 0);
	close_place(&p);
}

TEST(a_missing_file_is_missing_and_nonsense_is_unread)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n"
		       "sys/fs/cgroup/a.slice/memory.min = 4 GiB\n"
		       "sys/fs/cgroup/a.slice/cpu.weight = \n");
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/a.slice/cpu.idle"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	assert_int_equal(p.cg.knobs[KNOB_CPU_IDLE].now.state, KNOB_MISSING);
	assert_int_equal(p.cg.knobs[KNOB_MEMORY_MIN].now.state, KNOB_UNREAD);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	assert_int_equal(p.cg.knobs[KNOB_MEMORY_LOW].now.state, KNOB_KNOWN);
	/* A controller that is switched on later brings its files. */
	assert_int_equal(tree_knob(p.dir, "a.slice", "cpu.idle", "1"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	assert_int_equal(p.cg.knobs[KNOB_CPU_IDLE].now.value, 1);
	close_place(&p);
}

TEST(a_cgroup_that_vanished_has_no_knobs_and_keeps_its_records)
{
	struct place p;

	open_place(&p, "@cgroup a.slice\n");
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	p.cg.knobs[KNOB_CPU_WEIGHT].owned = true;
	p.cg.knobs[KNOB_CPU_WEIGHT].original = p.cg.knobs[KNOB_CPU_WEIGHT].now;
	assert_int_equal(tree_delete(p.dir, "sys/fs/cgroup/a.slice"), 0);
	assert_int_equal(knobs_read(p.fd, &p.cg, ALL), 1);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].now.state, KNOB_MISSING);
	assert_true(p.cg.knobs[KNOB_CPU_WEIGHT].owned);
	assert_int_equal(p.cg.knobs[KNOB_CPU_WEIGHT].original.value, 100);
	close_place(&p);
}

TEST(the_foreign_value_is_the_original_only_while_colods_own_stands)
{
	struct cgroup cg = {.path = NULL};
	struct knob_state *s = &cg.knobs[KNOB_CPU_MAX];

	s->now = (struct knob_value){.state = KNOB_KNOWN, .value = 20000, .period_us = 20000};
	assert_ptr_equal(knobs_foreign(&cg, KNOB_CPU_MAX), &s->now);
	s->owned = true;
	s->written = s->now;
	s->original = (struct knob_value){
		.state = KNOB_KNOWN, .value = KNOB_VALUE_MAX, .period_us = 100000};
	assert_ptr_equal(knobs_foreign(&cg, KNOB_CPU_MAX), &s->original);
	s->now.period_us = 100000; /* somebody wrote over it */
	assert_ptr_equal(knobs_foreign(&cg, KNOB_CPU_MAX), &s->now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_knobs_are_read_and_a_second_read_changes_nothing),
		cmocka_unit_test(a_missing_file_is_missing_and_nonsense_is_unread),
		cmocka_unit_test(a_cgroup_that_vanished_has_no_knobs_and_keeps_its_records),
		cmocka_unit_test(the_foreign_value_is_the_original_only_while_colods_own_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
