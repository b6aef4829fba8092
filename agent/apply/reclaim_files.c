// SPDX-License-Identifier: LGPL-2.1-or-later
// See reclaim_files.h. The kubelet writes memory.swap.max of containers, not of pods: a pod whose containers may not
// swap gives no anonymous page, whatever its own file says. A parent's limit holds for all below it.
#include "agent/apply/reclaim_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "agent/base/fs.h"
#include "policy/kernel_text.h"

struct reclaim_node reclaim_files_node(int root_fd, char *text)
{
	struct reclaim_node node = {0};
	uint64_t value;

	if (fs_read(root_fd, "proc/meminfo", text, RECLAIM_FILES_SIZE, NULL) < 0 ||
	    kernel_text_meminfo(text, "SwapFree", &node.swap_free_bytes) < 0)
		node.swap_free_bytes = 0;
	if (fs_read(root_fd, "sys/kernel/mm/lru_gen/enabled", text, RECLAIM_FILES_SIZE, NULL) ==
		    0 &&
	    kernel_text_hex(text, &value) == 0)
		node.mglru = value & 1;
	return node;
}

/* One file of a cgroup. */
static int read_limit(int cgroup_fd, const struct cgroup *cgroup, const char *file,
		      uint64_t *ret_value)
{
	char path[PATH_MAX], text[32];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", cgroup->path, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = fs_read(cgroup_fd, path, text, sizeof(text), NULL);
	return r < 0 ? r : kernel_text_limit(text, ret_value);
}

/* What a cgroup's own limit leaves it. Without the file there is no limit; one that cannot be read leaves
 * nothing. */
static uint64_t own_room(int cgroup_fd, const struct cgroup *cgroup)
{
	uint64_t max, current;
	int r = read_limit(cgroup_fd, cgroup, "memory.swap.max", &max);

	if (r < 0)
		return r == -ENOENT ? KNOB_VALUE_MAX : 0;
	if (max == 0 || max == KNOB_VALUE_MAX)
		return max;
	if (read_limit(cgroup_fd, cgroup, "memory.swap.current", &current) < 0)
		return 0;
	return max > current ? max - current : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A child cannot swap out more than it has: the sandbox of a pod has no limit, and nothing to give. */
static uint64_t room_of_child(int cgroup_fd, const struct cgroup *cgroup)
{
	uint64_t room = own_room(cgroup_fd, cgroup), current;

	if (room == 0 || read_limit(cgroup_fd, cgroup, "memory.current", &current) < 0)
		return 0;
	return least(room, current);
}

/* What the limits of all that is below it leave it, as far as `enough`. */
static uint64_t room_below(int cgroup_fd, const struct cgroup *cgroup, uint64_t enough)
{
	uint64_t sum = 0;

	/* Processes are in the leaves. What has no object here is taken to have no limit. */
	if (!cgroup->first_child || cgroup->hidden)
		return enough;
	for (const struct cgroup *c = cgroup->first_child; c && sum < enough; c = c->next_sibling) {
		uint64_t room = least(room_of_child(cgroup_fd, c), enough - sum);

		if (room > 0)
			sum += room_below(cgroup_fd, c, room);
	}
	return sum;
}

static uint64_t swap_room(int cgroup_fd, const struct cgroup *cgroup, uint64_t enough)
{
	for (const struct cgroup *c = cgroup; c && c->parent && enough > 0; c = c->parent)
		enough = least(enough, own_room(cgroup_fd, c));
	return enough > 0 ? room_below(cgroup_fd, cgroup, enough) : 0;
}

int reclaim_files_give(int cgroup_fd, int dir_fd, const struct cgroup *cgroup,
		       const struct reclaim_node *node, uint64_t nodes, char *text,
		       uint64_t *ret_bytes)
{
	uint64_t swap_bytes = node->swap_free_bytes;
	struct reclaim_stat stat;
	int r = fs_read(dir_fd, nodes != 0 ? "memory.numa_stat" : "memory.stat", text,
			RECLAIM_FILES_SIZE, NULL);

	if (r < 0)
		return r;
	if (reclaim_stat_parse(text, nodes, &stat) < 0)
		return -EBADMSG;
	/* No more than this counts, so that no more limits are read than it takes. */
	swap_bytes =
		least(swap_bytes, node->mglru ? stat.anon_bytes / 2 : stat.inactive_anon_bytes);
	swap_bytes = swap_room(cgroup_fd, cgroup, swap_bytes);
	*ret_bytes = reclaim_give(&stat, swap_bytes, node->mglru);
	return 0;
}
