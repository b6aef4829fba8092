// SPDX-License-Identifier: LGPL-2.1-or-later
// Refusals: the cause behind an errno, a way out for each, and each said once.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/apply/refuse.h"
#include "policy/knob.h"
#include "tests/lib/tree.h"

struct scene {
	char *dir;
	int fd;
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	char path[TREE_PATH_SIZE];

	assert_int_equal(tree_make("@host 1\n@cgroup a.slice/b.slice\n", &s->dir), 0);
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/a.slice/b.slice", s->dir);
	s->fd = tree_open(path);
	assert_true(s->fd >= 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	(void)close(s->fd);
	tree_remove(s->dir);
	free(s);
	return 0;
}

TEST(an_errno_that_says_it_all_is_taken_at_its_word)
{
	struct scene *s = *state;

	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, 0), REFUSAL_NONE);
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, -EINVAL), REFUSAL_INVALID);
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, -ERANGE), REFUSAL_INVALID);
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, -EROFS), REFUSAL_DENIED);
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, -EBUSY), REFUSAL_BUSY);
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, -ENODEV), REFUSAL_GONE);
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_WEIGHT, -ENOMEM), REFUSAL_OTHER);
}

TEST(a_disk_that_went_is_told_from_a_cgroup_that_did)
{
	struct scene *s = *state;

	assert_int_equal(refuse_classify(s->fd, KNOB_IO_MAX + 1, -ENODEV), REFUSAL_NO_DISK);
	assert_int_equal(refuse_classify(s->fd, KNOB_IO_MAX, -EINVAL), REFUSAL_INVALID);
	assert_int_equal(refuse_classify(-EBADF, KNOB_IO_MAX, -ENODEV), REFUSAL_GONE);
	assert_int_equal(tree_delete(s->dir, "sys/fs/cgroup/a.slice/b.slice"), 0);
	assert_int_equal(refuse_classify(s->fd, KNOB_IO_MAX, -ENODEV), REFUSAL_GONE);
}

TEST(a_cgroup_that_cannot_be_opened_is_gone)
{
	assert_int_equal(refuse_classify(-EBADF, KNOB_CPU_WEIGHT, -ENOENT), REFUSAL_GONE);
	assert_int_equal(refuse_classify(-EBADF, KNOB_CPU_WEIGHT, -ESTALE), REFUSAL_GONE);
	assert_int_equal(refuse_classify(-EBADF, KNOB_CPU_WEIGHT, -EACCES), REFUSAL_DENIED);
}

TEST(a_missing_file_is_told_apart_by_the_parents_controllers)
{
	struct scene *s = *state;

	assert_int_equal(refuse_classify(s->fd, KNOB_IO_WEIGHT, -ENOENT), REFUSAL_NO_KNOB);
	assert_int_equal(tree_knob(s->dir, "a.slice", "cgroup.subtree_control", "cpuset memory"),
			 0);
	assert_int_equal(refuse_classify(s->fd, KNOB_IO_WEIGHT, -ENOENT), REFUSAL_NO_CONTROLLER);
	/* "cpuset" is not "cpu". */
	assert_int_equal(refuse_classify(s->fd, KNOB_CPU_IDLE, -ENOENT), REFUSAL_NO_CONTROLLER);
	assert_int_equal(refuse_classify(s->fd, KNOB_MEMORY_LOW, -ENOENT), REFUSAL_NO_KNOB);
}

TEST(a_directory_that_was_removed_while_it_was_open_is_gone)
{
	struct scene *s = *state;

	assert_int_equal(tree_delete(s->dir, "sys/fs/cgroup/a.slice/b.slice"), 0);
	assert_int_equal(refuse_classify(s->fd, KNOB_IO_WEIGHT, -ENOENT), REFUSAL_GONE);
}

TEST(each_refusal_says_what_can_be_done)
{
	for (int refusal = 0; refusal < REFUSAL_COUNT; refusal++) {
		const char *fix = refuse_fix((enum refusal)refusal, KNOB_CPU_WEIGHT);

		assert_true(strlen(fix) > 10);
	}
	assert_string_not_equal(refuse_fix(REFUSAL_NO_CONTROLLER, KNOB_CPU_WEIGHT),
				refuse_fix(REFUSAL_NO_CONTROLLER, KNOB_IO_WEIGHT));
	assert_string_not_equal(refuse_fix(REFUSAL_NO_CONTROLLER, KNOB_MEMORY_LOW),
				refuse_fix(REFUSAL_NO_CONTROLLER, KNOB_IO_WEIGHT));
}

TEST(a_refusal_is_new_once_per_cgroup_knob_and_cause)
{
	static struct refuse_seen seen;

	assert_true(refuse_is_new(&seen, 1, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
	assert_false(refuse_is_new(&seen, 1, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
	assert_true(refuse_is_new(&seen, 1, KNOB_CPU_WEIGHT, REFUSAL_DENIED));
	assert_true(refuse_is_new(&seen, 1, KNOB_CPU_IDLE, REFUSAL_INVALID));
	assert_true(refuse_is_new(&seen, 2, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
	/* It worked in between: the next one is news. */
	refuse_clear(&seen, 1, KNOB_CPU_WEIGHT);
	assert_true(refuse_is_new(&seen, 1, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
	assert_false(refuse_is_new(&seen, 1, KNOB_CPU_IDLE, REFUSAL_INVALID));
	assert_false(refuse_is_new(&seen, 2, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
}

TEST(the_memory_of_refusals_is_bounded_and_forgets_the_oldest)
{
	static struct refuse_seen seen;

	for (uint64_t i = 0; i <= REFUSE_SEEN_MAX; i++)
		assert_true(refuse_is_new(&seen, i, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
	assert_int_equal(seen.n, REFUSE_SEEN_MAX);
	assert_false(refuse_is_new(&seen, 1, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
	assert_true(refuse_is_new(&seen, 0, KNOB_CPU_WEIGHT, REFUSAL_INVALID));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_errno_that_says_it_all_is_taken_at_its_word),
		CASE(a_disk_that_went_is_told_from_a_cgroup_that_did),
		CASE(a_cgroup_that_cannot_be_opened_is_gone),
		CASE(a_missing_file_is_told_apart_by_the_parents_controllers),
		CASE(a_directory_that_was_removed_while_it_was_open_is_gone),
		CASE(each_refusal_says_what_can_be_done),
		CASE(a_refusal_is_new_once_per_cgroup_knob_and_cause),
		CASE(the_memory_of_refusals_is_bounded_and_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
