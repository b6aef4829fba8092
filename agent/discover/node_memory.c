// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_memory.h. A kubelet's configuration is a file of root's, but is read as one that may hold anything.
#include "agent/discover/node_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/kernel_text.h"
#include "policy/quantity.h"
#include "policy/read_yaml.h"

/* Each CPU has lines in it for each zone: some 200 KiB on 500 CPUs. */
#define ZONEINFO_MAX (4u << 20)
/* A node's meminfo has some 35 lines. */
#define NODE_TEXT_SIZE 4096
#define CONFIG "var/lib/kubelet/config.yaml"
#define CONFIG_MAX (256u << 10)
#define PERMILLE 1000u

/* The nodes that have memory; n is 0 where that is one, or more than can be told apart. */
static void find_nodes(int root_fd, const struct node *node, struct memory_nodes *ret_nodes)
{
	struct memory_nodes found = {0};
	char text[NODE_TEXT_SIZE], path[64];
	uint64_t with_memory[16];
	size_t count = 0;

	*ret_nodes = found;
	/* One node, or --without numa. */
	if (node->n_numa < 2 ||
	    fs_read(root_fd, "sys/devices/system/node/has_memory", text, sizeof(text), NULL) < 0 ||
	    kernel_text_list(text, with_memory, sizeof(with_memory) * 8, &count) < 0 || count < 2 ||
	    count > MEMORY_NODES_MAX || (size_t)__builtin_popcountll(with_memory[0]) != count)
		return;
	for (uint32_t id = 0; id < MEMORY_NODE_IDS; id++) {
		struct memory_node *n = &found.list[found.n];

		if (!(with_memory[0] >> id & 1))
			continue;
		(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/meminfo", id);
		if (fs_read(root_fd, path, text, sizeof(text), NULL) < 0 ||
		    kernel_text_node_meminfo(text, "MemTotal", &n->bytes) < 0)
			return;
		n->id = id;
		found.n++;
	}
	*ret_nodes = found;
}

/* The sums of the machine and of each of its nodes. */
static void read_zones(int root_fd, struct node *node)
{
	struct memory_nodes *nodes = &node->memory_nodes;
	_cleanup_free_ char *text = NULL;
	uint64_t pages;

	node->zones_high_bytes = 0;
	if (fs_read_alloc(root_fd, "proc/zoneinfo", ZONEINFO_MAX, &text, NULL) < 0)
		return;
	if (kernel_text_zones_high(text, &pages) == 0)
		node->zones_high_bytes = pages * node->page_bytes;
	for (uint32_t i = 0; i < nodes->n; i++)
		if (kernel_text_node_high(text, nodes->list[i].id, &pages) == 0)
			nodes->list[i].high_bytes = pages * node->page_bytes;
}

/* "100Mi" or "5%", of the node's memory. */
static int threshold(const char *text, uint64_t memory_bytes, uint64_t *ret_bytes)
{
	uint32_t permille;

	if (quantity_bytes(text, ret_bytes) == 0)
		return 0;
	if (quantity_permille(text, &permille) < 0 || permille > PERMILLE)
		return -EINVAL;
	*ret_bytes = memory_bytes / PERMILLE * permille;
	return 0;
}

/* A configuration without the key has the kubelet's default; one whose evictionHard leaves memory out asks
 * for none. */
static int find(const struct read_node *config, uint64_t memory_bytes, uint64_t *ret_bytes)
{
	const struct read_node *hard, *memory;

	if (config->kind != READ_MAPPING)
		return -EINVAL;
	hard = read_yaml_child(config, "evictionHard");
	if (!hard)
		return -ENOENT;
	if (hard->kind != READ_MAPPING)
		return hard->kind == READ_SCALAR && hard->text[0] == '\0' ? -ENOENT : -EINVAL;
	memory = read_yaml_child(hard, "memory.available");
	if (!memory) {
		*ret_bytes = 0;
		return 0;
	}
	return memory->kind == READ_SCALAR ? threshold(memory->text, memory_bytes, ret_bytes)
					   : -EINVAL;
}

static int evict_hard(int root_fd, uint64_t memory_bytes, uint64_t *ret_bytes)
{
	_cleanup_free_ struct diags *diags = NULL; /* large, and nobody's to read here */
	_cleanup_free_ char *text = NULL;
	struct policy_source source = {.name = "/" CONFIG};
	struct read_node *root = NULL;
	int r = fs_read_alloc(root_fd, CONFIG, CONFIG_MAX, &text, &source.len);

	if (r < 0)
		return r;
	diags = calloc(1, sizeof(*diags));
	if (!diags)
		return -ENOMEM;
	source.text = text;
	r = read_yaml(&source, 0, diags, &root);
	if (r < 0)
		return r;
	r = find(root, memory_bytes, ret_bytes);
	read_yaml_free(root);
	return r;
}

void node_memory_read(int root_fd, struct node *node)
{
	uint64_t bytes = 0;
	int r = evict_hard(root_fd, node->memory_bytes, &bytes);

	find_nodes(root_fd, node, &node->memory_nodes);
	read_zones(root_fd, node);
	node->evict_hard_known = r == 0;
	node->evict_hard_bytes = r == 0 ? bytes : 0;
	if (r < 0 && r != -ENOENT)
		log_warning("discover.kubelet_config",
			    "/" CONFIG " cannot be read or understood (%s): the kubelet's hard "
			    "eviction threshold is taken for its default, 100Mi",
			    strerror(-r));
}
