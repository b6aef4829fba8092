// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/observe/node_files.h"
#include "tests/lib/tree.h"

static char *dir;
static int root_fd = -EBADF;
static struct kept_reader reader;
static struct kept_set files;

static int make(void **state)
{
	(void)state;
	reader = (struct kept_reader){.ticks_per_s = 100};
	kept_set_init(&files);
	if (tree_make("@host 2\n"
		      "proc/stat = cpu  100 0 50 900 10 1 2 3 0 0\\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
		      "proc/meminfo = MemTotal: 1000 kB\\nMemFree: 300 kB\\n"
		      "MemAvailable: 400 kB\\nInactive(file): 50 kB\n"
		      "proc/pressure/cpu = some avg10=0.00 total=11\n"
		      "proc/pressure/memory = some total=22\\nfull total=21\n"
		      "proc/pressure/io = some total=33\\nfull total=32\n",
		      &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	return root_fd < 0;
}

static int drop(void **state)
{
	(void)state;
	kept_set_close(&files);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static struct node_sample sample(bool psi)
{
	struct node_sample s = {.at_us = 1};

	node_files_open(&files, &reader, root_fd, psi);
	node_files_read(&files, &reader, &s);
	return s;
}

TEST(the_whole_node_is_read_with_one_call_per_file)
{
	struct node_sample s = sample(true);

	assert_int_equal(s.valid, SAMPLE_CPU | SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY |
					  SAMPLE_PSI_IO);
	assert_true(s.cpu_busy_us == 1560000);
	assert_true(s.memory_available_bytes == 400 * 1024);
	assert_true(s.memory_free_bytes == 300 * 1024);
	assert_true(s.memory_inactive_file_bytes == 50 * 1024);
	assert_true(s.psi[RESOURCE_CPU].some_us == 11 && s.psi[RESOURCE_CPU].full_us == 0);
	assert_true(s.psi[RESOURCE_MEMORY].some_us == 22 && s.psi[RESOURCE_MEMORY].full_us == 21);
	assert_true(s.psi[RESOURCE_IO].some_us == 33 && s.psi[RESOURCE_IO].full_us == 32);
	assert_int_equal(reader.n_reads, KEPT_SET_COUNT);
	assert_true(node_files_all_open(&files, true));
}

TEST(without_psi_no_pressure_file_is_touched)
{
	struct node_sample s = sample(false);

	assert_int_equal(s.valid, SAMPLE_CPU | SAMPLE_MEMORY);
	assert_int_equal(reader.n_reads, 2);
	assert_true(node_files_all_open(&files, false));
	assert_false(node_files_all_open(&files, true));
}

TEST(a_missing_file_costs_its_own_bit_and_is_normal)
{
	assert_int_equal(tree_delete(dir, "proc/pressure"), 0);
	assert_int_equal(sample(true).valid, SAMPLE_CPU | SAMPLE_MEMORY);
	assert_false(reader.said);
}

TEST(a_broken_file_costs_its_own_bit_and_is_said)
{
	assert_int_equal(tree_write(dir, "proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: x kB\n"),
			 0);
	assert_int_equal(sample(true).valid,
			 SAMPLE_CPU | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO);
	assert_true(reader.said);
}

TEST(the_cpu_line_is_read_from_the_stat_of_a_large_machine)
{
	char *text = calloc(1, 40000);
	size_t len;

	strcpy(text, "cpu  0 0 0 5 5 0 0 200 0 0\n");
	len = strlen(text);
	memset(text + len, '1', 30000);
	strcpy(text + len + 30000, "\n");
	assert_int_equal(tree_write(dir, "proc/stat", text), 0);
	free(text);
	assert_true(sample(true).cpu_busy_us == 2000000);
	assert_int_equal(reader.n_reads, KEPT_SET_COUNT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_whole_node_is_read_with_one_call_per_file),
		T(without_psi_no_pressure_file_is_touched),
		T(a_missing_file_costs_its_own_bit_and_is_normal),
		T(a_broken_file_costs_its_own_bit_and_is_said),
		T(the_cpu_line_is_read_from_the_stat_of_a_large_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
