// SPDX-License-Identifier: LGPL-2.1-or-later
// See node_memory.h. A kubelet's configuration is a file of root's, but is read as one that may hold anything.
#include "agent/discover/node_memory.h"

#include <errno.h>
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
#define CONFIG "var/lib/kubelet/config.yaml"
#define CONFIG_MAX (256u << 10)
#define PERMILLE 1000u

static uint64_t zones_high(int root_fd, uint64_t page_bytes)
{
	_cleanup_free_ char *text = NULL;
	uint64_t pages;

	if (fs_read_alloc(root_fd, "proc/zoneinfo", ZONEINFO_MAX, &text, NULL) < 0 ||
	    kernel_text_zones_high(text, &pages) < 0)
		return 0;
	return pages * page_bytes;
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

	node->zones_high_bytes = zones_high(root_fd, node->page_bytes);
	node->evict_hard_known = r == 0;
	node->evict_hard_bytes = r == 0 ? bytes : 0;
	if (r < 0 && r != -ENOENT)
		log_warning("discover.kubelet_config",
			    "/" CONFIG " cannot be read or understood (%s): the kubelet's hard "
			    "eviction threshold is taken for its default, 100Mi",
			    strerror(-r));
}
