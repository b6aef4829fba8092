// SPDX-License-Identifier: LGPL-2.1-or-later
// The watermarks of a recorded /proc/zoneinfo, and kubelet configurations as people write them.
#include "agent/discover/node_memory.h"

#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define MIB (1ull << 20)
#define CONFIG "var/lib/kubelet/config.yaml"

static char *dir;
static int root_fd;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	root_fd = tree_open(dir);
	return root_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static struct node read_with(const char *config)
{
	struct node node = {.memory_bytes = 1000 * MIB, .page_bytes = 4096, .evict_hard_bytes = 7};

	if (config)
		assert_int_equal(tree_write(dir, CONFIG, config), 0);
	node_memory_read(root_fd, &node);
	return node;
}

TEST(the_high_marks_of_all_zones_are_summed_and_no_other_high)
{
	struct node node;

	node = read_with(NULL);
	assert_true(node.zones_high_bytes == 0);
	/* Cut from a guest with kernel 6.12: two zones, of which one has a CPU's page list. */
	assert_int_equal(
		tree_write(dir, "proc/zoneinfo",
			   "Node 0, zone      DMA\n  per-node stats\n"
			   "      nr_inactive_anon 8\n  pages free     3840\n"
			   "        boost    0\n        min      129\n        low      161\n"
			   "        high     193\n        promo    225\n"
			   "        spanned  4095\n"
			   "Node 0, zone    DMA32\n  pages free     330000\n"
			   "        min      11137\n        low      13921\n"
			   "        high     16705\n  pagesets\n    cpu: 0\n"
			   "              count:    1054\n              high:     1054\n"
			   "              high_min: 1054\n"),
		0);
	node = read_with(NULL);
	assert_true(node.zones_high_bytes == (193 + 16705) * 4096ull);
}

TEST(a_kubelets_threshold_is_an_amount_or_a_share)
{
	struct node node = read_with("kind: KubeletConfiguration\nevictionHard:\n"
				     "  memory.available: 300Mi\n  nodefs.available: \"10%\"\n");

	assert_true(node.evict_hard_known);
	assert_true(node.evict_hard_bytes == 300 * MIB);
	node = read_with("evictionHard: {memory.available: \"5%\"}\n");
	assert_true(node.evict_hard_known);
	assert_true(node.evict_hard_bytes / MIB == 49 || node.evict_hard_bytes == 50 * MIB);
	/* JSON is what some installers write. */
	node = read_with("{\"evictionHard\": {\"memory.available\": \"1Gi\"}}\n");
	assert_true(node.evict_hard_bytes == 1024 * MIB);
}

TEST(thresholds_without_memory_are_none_and_no_thresholds_are_the_default)
{
	struct node node = read_with("evictionHard: {nodefs.available: 10%}\n");

	assert_true(node.evict_hard_known);
	assert_true(node.evict_hard_bytes == 0);
	node = read_with("evictionHard:\nmaxPods: 110\n");
	assert_false(node.evict_hard_known);
	node = read_with("maxPods: 110\n");
	assert_false(node.evict_hard_known);
	assert_true(node.evict_hard_bytes == 0);
}

TEST(without_a_configuration_nothing_is_known_and_a_broken_one_is_not_believed)
{
	static const char *const broken[] = {
		"evictionHard: [a]\n",
		"evictionHard: {memory.available: lots}\n",
		"evictionHard: {memory.available: \"150%\"}\n",
		"evictionHard: {memory.available: [1]}\n",
		"- a list\n",
		"evictionHard: {memory.available: 1Gi\n",
		"",
	};

	assert_false(read_with(NULL).evict_hard_known);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct node node = read_with(broken[i]);

		assert_false(node.evict_hard_known);
		assert_true(node.evict_hard_bytes == 0);
	}
}

/* Two with memory, and one of CPUs alone between them. */
static void three_nodes(void)
{
	assert_int_equal(tree_write(dir, "sys/devices/system/node/has_memory", "0,2\n"), 0);
	assert_int_equal(tree_write(dir, "sys/devices/system/node/node0/meminfo",
				    "Node 0 MemTotal:       1000 kB\nNode 0 MemFree:  1 kB\n"),
			 0);
	assert_int_equal(tree_write(dir, "sys/devices/system/node/node2/meminfo",
				    "Node 2 MemTotal:       2000 kB\n"),
			 0);
	assert_int_equal(
		tree_write(dir, "proc/zoneinfo",
			   "Node 0, zone DMA\n        high     3\nNode 0, zone DMA32\n"
			   "        high     4\nNode 2, zone Normal\n        high     50\n"),
		0);
}

static struct node read_of(size_t n_numa)
{
	struct node node = {.page_bytes = 4096, .n_numa = n_numa};

	node_memory_read(root_fd, &node);
	return node;
}

TEST(nodes_with_memory_are_told_apart)
{
	struct node node;

	three_nodes();
	node = read_of(3);
	assert_int_equal(node.memory_nodes.n, 2);
	assert_int_equal(node.memory_nodes.list[0].id, 0);
	assert_true(node.memory_nodes.list[0].bytes == 1000 * 1024);
	assert_true(node.memory_nodes.list[0].high_bytes == 7 * 4096);
	assert_int_equal(node.memory_nodes.list[1].id, 2);
	assert_true(node.memory_nodes.list[1].high_bytes == 50 * 4096);
	assert_true(node.zones_high_bytes == 57 * 4096);
	assert_true(memory_nodes_mask(&node.memory_nodes) == 5);
}

/* One node, --without numa, more than are told apart, an id that is too large, a node that cannot be read. */
TEST(where_there_is_nothing_to_tell_apart_there_is_none)
{
	static const char *const lists[] = {"0\n", "0-16\n", "0,64\n", "0,7\n", "x\n"};

	three_nodes();
	assert_int_equal(read_of(1).memory_nodes.n, 0);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(tree_write(dir, "sys/devices/system/node/has_memory", lists[i]),
				 0);
		assert_int_equal(read_of(3).memory_nodes.n, 0);
	}
	assert_int_equal(tree_delete(dir, "sys/devices/system/node/has_memory"), 0);
	assert_int_equal(read_of(3).memory_nodes.n, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_high_marks_of_all_zones_are_summed_and_no_other_high),
		CASE(nodes_with_memory_are_told_apart),
		CASE(where_there_is_nothing_to_tell_apart_there_is_none),
		CASE(a_kubelets_threshold_is_an_amount_or_a_share),
		CASE(thresholds_without_memory_are_none_and_no_thresholds_are_the_default),
		CASE(without_a_configuration_nothing_is_known_and_a_broken_one_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
