// SPDX-License-Identifier: LGPL-2.1-or-later
// The rows of the writers, and reading and writing one knob.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/apply/writer.h"
#include "agent/base/fs.h"
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

	assert_int_equal(tree_make("@host 1\n@cgroup a.slice\n"
				   "sys/fs/cgroup/a.slice/io.bfq.weight = default 100\n",
				   &s->dir),
			 0);
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/a.slice", s->dir);
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

static struct knob_value sample(enum knob knob)
{
	if (knob == KNOB_CPU_MAX)
		return knob_value_quota(20000, 20000);
	if (knob_is_cpus(knob))
		return knob_value_cpus(&(struct cpu_set){{0x0f}});
	if (knob_is_io_max(knob))
		return (struct knob_value){
			.state = KNOB_KNOWN,
			.io = {.major = 8, .bytes = {7, KNOB_VALUE_MAX}, .requests = {0, 9}},
		};
	return knob_value_of(knob == KNOB_CPU_IDLE || knob == KNOB_CPUSET_PARTITION ? 1 : 4096);
}

TEST(every_knob_has_exactly_one_row)
{
	for (int knob = 0; knob < KNOB_COUNT; knob++) {
		const struct writer *w = writer_of((enum knob)knob);

		assert_non_null(w);
		assert_int_equal(w->knob, knob);
	}
	assert_null(writer_of(KNOB_COUNT));
	assert_int_equal(cgroup_cpu_n_writers + cgroup_cpuset_n_writers + cgroup_memory_n_writers +
				 cgroup_io_n_writers + cgroup_attr_n_writers +
				 cgroup_freeze_n_writers,
			 KNOB_COUNT);
}

TEST(what_is_written_is_read_back)
{
	struct scene *s = *state;

	for (int knob = 0; knob < KNOB_COUNT; knob++) {
		const struct writer *w = writer_of((enum knob)knob);
		struct knob_value value = sample((enum knob)knob), got;

		if (!w || knob_is_of_tasks((enum knob)knob))
			continue;
		assert_int_equal(writer_write(s->fd, w, &value), 0);
		assert_int_equal(writer_read(s->fd, (enum knob)knob, &got), 0);
		assert_true(knob_equal((enum knob)knob, &value, &got, 4096));
	}
}

/* A write of no byte would leave the old set in force. */
TEST(an_empty_set_is_written_as_an_empty_line)
{
	struct scene *s = *state;
	const struct writer *w = writer_of(KNOB_CPUSET_EXCLUSIVE);
	struct knob_value some = knob_value_cpus(&(struct cpu_set){{0x0c}});
	struct knob_value none = knob_value_cpus(&(struct cpu_set){{0}});
	char text[16];

	assert_int_equal(writer_write(s->fd, w, &some), 0);
	assert_int_equal(writer_write(s->fd, w, &none), 0);
	assert_int_equal(fs_read(s->fd, "cpuset.cpus.exclusive", text, sizeof(text), NULL), 0);
	assert_string_equal(text, "\n");
}

TEST(a_missing_file_and_a_text_that_is_no_value_are_errors)
{
	struct scene *s = *state;
	struct knob_value value = knob_value_of(5), got = {.value = 77};

	assert_int_equal(tree_knob(s->dir, "a.slice", "cpu.weight", "many"), 0);
	assert_int_equal(writer_read(s->fd, KNOB_CPU_WEIGHT, &got), -EBADMSG);
	assert_int_equal(tree_delete(s->dir, "sys/fs/cgroup/a.slice/cpu.weight"), 0);
	assert_int_equal(writer_read(s->fd, KNOB_CPU_WEIGHT, &got), -ENOENT);
	assert_int_equal(got.value, 77);
	/* A write makes no file: in cgroupfs it could not, in a recorded tree it must not. */
	assert_int_equal(writer_write(s->fd, writer_of(KNOB_CPU_WEIGHT), &value), -ENOENT);
}

TEST(device_lines_of_io_weight_do_not_hide_its_default)
{
	struct scene *s = *state;
	struct knob_value got;
	char text[6000] = "default 50\n";

	for (unsigned i = 0; i < 300; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "8:%u 200\n", i);
	assert_int_equal(tree_write(s->dir, "sys/fs/cgroup/a.slice/io.weight", text), 0);
	assert_int_equal(writer_read(s->fd, KNOB_IO_WEIGHT, &got), 0);
	assert_int_equal(got.value, 50);
}

TEST(only_cpu_idle_makes_the_kernel_forget_and_only_bounds_of_memory_are_approached)
{
	for (int knob = 0; knob < KNOB_COUNT; knob++) {
		const struct writer *w = writer_of((enum knob)knob);
		bool bounds = knob == KNOB_MEMORY_HIGH || knob == KNOB_MEMORY_MAX;

		assert_int_equal(w->forgets, knob == KNOB_CPU_IDLE ? KNOB_CPU_WEIGHT : KNOB_COUNT);
		assert_int_equal(w->step != NULL, bounds);
		assert_int_equal(w->flags, bounds ? O_NONBLOCK : 0);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_knob_has_exactly_one_row),
		CASE(what_is_written_is_read_back),
		CASE(an_empty_set_is_written_as_an_empty_line),
		CASE(a_missing_file_and_a_text_that_is_no_value_are_errors),
		CASE(device_lines_of_io_weight_do_not_hide_its_default),
		CASE(only_cpu_idle_makes_the_kernel_forget_and_only_bounds_of_memory_are_approached),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
