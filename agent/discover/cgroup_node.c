// SPDX-License-Identifier: LGPL-2.1-or-later
// See cgroup_node.h. Reads a cgroup's own description; knob values are knobs.c's work.
#include "agent/discover/cgroup_node.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/fs.h"
#include "agent/discover/cgroup_name.h"
#include "policy/kernel_text.h"

void cgroup_node_free(struct cgroup_node *node)
{
	if (!node)
		return;
	free(node->cgroup.path);
	free(node);
}

struct cgroup_node *cgroup_node_new(struct cgroup_node *parent, const char *name)
{
	struct cgroup_node *node = calloc(1, sizeof(*node));
	const char *above = parent ? parent->cgroup.path : "";
	size_t len = strlen(above), name_len = strlen(name);

	if (!node)
		return NULL;
	node->cgroup.path = malloc(len + name_len + 2);
	if (!node->cgroup.path) {
		free(node);
		return NULL;
	}
	memcpy(node->cgroup.path, above, len);
	if (len > 0)
		node->cgroup.path[len++] = '/';
	memcpy(node->cgroup.path + len, name, name_len + 1);
	node->cgroup.name = node->cgroup.path + len;
	node->cgroup.parent = parent ? &parent->cgroup : NULL;
	node->depth = parent ? (uint8_t)(parent->depth + 1) : 0;
	return node;
}

static uint32_t read_controllers(int dirfd, const char *file)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} controllers[] = {
		{"cpu", CONTROLLER_CPU},       {"memory", CONTROLLER_MEMORY}, {"io", CONTROLLER_IO},
		{"cpuset", CONTROLLER_CPUSET}, {"pids", CONTROLLER_PIDS},
	};
	char text[256];
	uint32_t bits = 0;

	if (fs_read(dirfd, file, text, sizeof(text), NULL) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		if (kernel_text_has_word(text, controllers[i].name))
			bits |= controllers[i].bit;
	}
	return bits;
}

static bool read_populated(int dirfd, const char *path)
{
	char text[256];
	uint64_t value = 0;

	if (fs_read(dirfd, path, text, sizeof(text), NULL) < 0)
		return false;
	return kernel_text_keyed(text, "populated", &value) == 0 && value != 0;
}

/* What the cgroup says of itself. Containers are never written by colod: one file is enough. */
int cgroup_node_read(struct cgroup_node *node, int dirfd)
{
	struct cgroup *cg = &node->cgroup;
	uint32_t controllers = 0, subtree = 0;
	/* The root has no cgroup.events, and always has processes: kernel threads. */
	bool populated = !cg->parent || read_populated(dirfd, "cgroup.events");

	if (node->by_name != CGROUP_CONTAINER) {
		controllers = read_controllers(dirfd, "cgroup.controllers");
		subtree = read_controllers(dirfd, "cgroup.subtree_control");
	}
	if (controllers == cg->controllers && subtree == cg->subtree && populated == cg->populated)
		return 0;
	cg->controllers = controllers;
	cg->subtree = subtree;
	cg->populated = populated;
	return 1;
}

int cgroup_node_refresh(struct cgroup_node *node, int cgroup_fd)
{
	char path[PATH_MAX];
	bool populated;

	if (!node->cgroup.parent)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/cgroup.events", node->cgroup.path);
	populated = read_populated(cgroup_fd, path);
	if (populated == node->cgroup.populated)
		return 0;
	node->cgroup.populated = populated;
	return 1;
}

/* Users own what is below user.slice: a "kubepods" there would let them choose a level and pull
 * every class above it along. */
void cgroup_node_classify(struct cgroup_node *node, const struct cgroup_node *parent)
{
	struct cgroup_name name;

	node->in_user = parent->in_user ||
			(!parent->cgroup.parent && strcmp(node->cgroup.name, "user.slice") == 0);
	node->by_name = CGROUP_OTHER;
	if (!node->in_user) {
		node->false_pod = cgroup_name_parse(parent->by_name, parent->cgroup.name,
						    node->cgroup.name, &name) < 0;
		node->by_name = name.kind;
	}
	node->cgroup.kind = node->by_name;
}

bool cgroup_node_descends(const struct cgroup_node *node)
{
	enum cgroup_kind parent = CGROUP_ROOT;

	if (node->cgroup.parent)
		parent = cgroup_node_of(node->cgroup.parent)->by_name;
	if (node->by_name == CGROUP_CONTAINER)
		return false;
	return node->by_name != CGROUP_OTHER || parent == CGROUP_ROOT || parent == CGROUP_OTHER;
}
