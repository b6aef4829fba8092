// SPDX-License-Identifier: LGPL-2.1-or-later
// Kept files of memory nodes over a fake sysfs. Reads are counted.
#include "agent/observe/memory_node_files.h"
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "tests/lib/tree.h"

#define S 1000000ll

static char *dir;
static int root_fd;
static struct memory_node_files files;
static struct kept_reader reader;
static struct memory_nodes nodes;
static struct node_sample sample;

static int setup(void **state)
{
	(void)state;
	files = (struct memory_node_files){0};
	reader = (struct kept_reader){0};
	nodes = (struct memory_nodes){.n = 2, .list = {{.id = 0}, {.id = 4}}};
	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	root_fd = tree_open(dir);
	return root_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_node_files_close(&files);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static void put(unsigned id, unsigned free_kib)
{
	char path[TREE_PATH_SIZE], text[256];

	(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/meminfo", id);
	(void)snprintf(
		text, sizeof(text),
		"Node %u MemTotal: 9 kB\nNode %u MemFree: %u kB\nNode %u Active(file): 2 kB\n"
		"Node %u Inactive(file): 3 kB\n",
		id, id, free_kib, id, id);
	assert_int_equal(tree_write(dir, path, text), 0);
}

static void pass(int64_t now_us)
{
	sample = (struct node_sample){.at_us = now_us};
	memory_node_files_read(&files, &reader, root_fd, &nodes, &sample);
}

TEST(each_node_costs_one_read_a_sample)
{
	put(0, 100);
	put(4, 400);
	pass(S);
	assert_true(sample.memory_nodes == (1u << 0 | 1u << 4));
	assert_true(sample.memory_node[0].free_bytes == 100 * 1024);
	assert_true(sample.memory_node[1].free_bytes == 400 * 1024);
	assert_true(sample.memory_node[1].active_file_bytes == 2 * 1024);
	assert_true(sample.memory_node[1].inactive_file_bytes == 3 * 1024);
	put(4, 300);
	pass(2 * S);
	assert_true(sample.memory_node[1].free_bytes == 300 * 1024);
	assert_true(reader.n_reads == 4);
}

TEST(a_machine_with_one_node_costs_none)
{
	nodes.n = 0;
	pass(S);
	assert_true(sample.memory_nodes == 0);
	assert_true(reader.n_reads == 0);
	assert_int_equal(files.n, 0);
}

/* Half of the numbers would look like a machine with less memory. */
TEST(all_of_them_or_none)
{
	put(0, 100);
	pass(S);
	assert_true(sample.memory_nodes == 0);
	put(4, 400);
	pass(2 * S);
	assert_true(sample.memory_nodes == 0); /* not tried again yet */
	pass(11 * S);
	assert_true(sample.memory_nodes != 0);
	assert_int_equal(tree_write(dir, "sys/devices/system/node/node4/meminfo", "Node 4 x\n"), 0);
	pass(12 * S);
	assert_true(sample.memory_nodes == 0);
}

TEST(other_nodes_have_other_files)
{
	put(0, 100);
	put(4, 400);
	put(5, 500);
	pass(S);
	nodes.list[1].id = 5;
	pass(2 * S);
	assert_true(sample.memory_nodes == (1u << 0 | 1u << 5));
	assert_true(sample.memory_node[1].free_bytes == 500 * 1024);
	nodes.n = 0;
	pass(3 * S);
	assert_true(sample.memory_nodes == 0);
	assert_int_equal(files.n, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_node_costs_one_read_a_sample),
		CASE(a_machine_with_one_node_costs_none),
		CASE(all_of_them_or_none),
		CASE(other_nodes_have_other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
