// SPDX-License-Identifier: LGPL-2.1-or-later
// What node_files.c and pod_files.c share; what the files say is in their tests.
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/observe/kept_set.h"
#include "tests/lib/tree.h"

#define PSI                                                                                        \
	"some avg10=0.00 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=3\n"

static char *dir;
static int dir_fd;
static struct kept_set set;
static struct kept_reader reader;
static int results[KEPT_SET_PSI];
static unsigned n_read;

static int read_one(struct kept_reader *of, int fd, enum kept_set_file file, void *sample)
{
	(void)of;
	assert_int_equal(fd, set.fds[file]);
	n_read++;
	((int *)sample)[file] = 1;
	return results[file];
}

static const struct kept_set_kind kind = {
	.names = {"a", "b", "c", "d", "e"},
	.read = read_one,
};

static int setup(void **state)
{
	(void)state;
	kept_set_init(&set);
	memset(results, 0, sizeof(results));
	n_read = 0;
	if (tree_make("", &dir) < 0)
		return -1;
	dir_fd = tree_open(dir);
	for (int i = 0; i < KEPT_SET_COUNT; i++)
		if (tree_write(dir, kind.names[i], PSI) < 0 ||
		    kept_file_open(dir_fd, kind.names[i], &set.fds[i]) < 0)
			return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kept_set_close(&set);
	assert_int_equal(kept_set_n_open(&set), 0);
	cleanup_close_fd(dir_fd);
	tree_remove(dir);
	return 0;
}

static int read_set(uint32_t *ret_valid)
{
	int sample[2] = {0};
	struct psi_total psi[RESOURCE_COUNT] = {0};
	int r;

	*ret_valid = 0;
	r = kept_set_read(&set, &kind, &reader, "here", sample, psi, ret_valid);
	if (r == 0 && set.fds[KEPT_SET_PSI + RESOURCE_IO] >= 0)
		assert_int_equal(psi[RESOURCE_IO].some_us, 7);
	return r;
}

TEST(each_open_file_is_read_and_sets_its_bit)
{
	uint32_t valid;

	(void)state;
	assert_int_equal(kept_set_n_open(&set), KEPT_SET_COUNT);
	assert_int_equal(read_set(&valid), 0);
	assert_int_equal(n_read, 2);
	assert_int_equal(valid, SAMPLE_CPU | SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY |
					SAMPLE_PSI_IO);
	set.fds[KEPT_SET_MEMORY] = cleanup_close_fd(set.fds[KEPT_SET_MEMORY]);
	assert_int_equal(read_set(&valid), 0);
	assert_int_equal(n_read, 3);
	assert_int_equal(valid & SAMPLE_MEMORY, 0);
}

TEST(a_file_that_fails_costs_only_its_own_value)
{
	uint32_t valid;

	(void)state;
	results[KEPT_SET_CPU] = -EBADMSG;
	assert_int_equal(read_set(&valid), 0);
	assert_int_equal(valid, SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO);
}

TEST(what_is_gone_ends_the_reading)
{
	uint32_t valid;

	(void)state;
	results[KEPT_SET_CPU] = -ENODEV;
	assert_int_equal(read_set(&valid), -ENODEV);
	assert_int_equal(n_read, 1);
	assert_int_equal(valid, 0);
}

TEST(without_pressure_there_are_two_files)
{
	(void)state;
	assert_int_equal(kept_set_n_wanted(false), 2);
	assert_int_equal(kept_set_n_wanted(true), KEPT_SET_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_open_file_is_read_and_sets_its_bit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_file_that_fails_costs_only_its_own_value, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_gone_ends_the_reading, setup, teardown),
		cmocka_unit_test(without_pressure_there_are_two_files),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
