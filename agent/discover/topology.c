// SPDX-License-Identifier: LGPL-2.1-or-later
// See topology.h. Offline CPUs are left out: they have no topology files.
#include "agent/discover/topology.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "policy/kernel_text.h"

#define WORDS (NODE_MAX_CPUS / 64)
#define LIST_SIZE 16384 /* a list of 4096 CPUs with no two in a row */
#define CACHES_MAX 8	/* index0, index1, ...: x86 has 4 */
#define NODES_MAX 1024

struct set {
	uint64_t words[WORDS];
	size_t count;
};

static bool in(const struct set *set, size_t i)
{
	return (set->words[i / 64] >> (i % 64)) & 1;
}

/* Whether to try again: cores that a pod is given stay its own while it lives, so that what is taken for no cache or no
 * sibling, because the kernel was short of memory at one moment of the start, would count for months. */
static bool is_of_the_moment(int r, unsigned *tries)
{
	return r < 0 && r != -ENOENT && r != -ENODEV && (*tries)++ == 0;
}

static int read_set(int root_fd, const char *path, struct set *ret)
{
	_cleanup_free_ char *text = NULL;
	unsigned tries = 0;
	int r;

	do
		r = fs_read_alloc(root_fd, path, LIST_SIZE, &text, NULL);
	while (is_of_the_moment(r, &tries));
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	return kernel_text_list(text, ret->words, NODE_MAX_CPUS, &ret->count);
}

/* The lowest online CPU of the list in a file of cpuN, or `id` itself. */
static uint16_t first_in(int root_fd, const char *path, const struct set *online, uint16_t id,
			 bool *found)
{
	struct set set;

	if (read_set(root_fd, path, &set) < 0 || !in(&set, id))
		return id;
	*found = true;
	for (size_t i = 0; i < id; i++) {
		if (in(&set, i) && in(online, i))
			return (uint16_t)i;
	}
	return id;
}

static int read_level(int root_fd, const char *path, uint64_t *ret_level)
{
	unsigned tries = 0;
	char text[32];
	int r;

	do
		r = fs_read(root_fd, path, text, sizeof(text), NULL);
	while (is_of_the_moment(r, &tries));
	return r < 0 ? r : kernel_text_u64(text, ret_level);
}

/* The last-level cache is the one with the highest level, whatever its index. */
static uint16_t first_of_cache(int root_fd, const struct set *online, uint16_t id)
{
	uint64_t best = 0;
	int best_index = -1;
	bool found = false;
	char path[128];

	for (int i = 0; i < CACHES_MAX; i++) {
		uint64_t level;

		(void)snprintf(path, sizeof(path),
			       "sys/devices/system/cpu/cpu%u/cache/index%d/level", id, i);
		if (read_level(root_fd, path, &level) < 0 || level <= best)
			continue;
		best = level;
		best_index = i;
	}
	if (best_index < 0)
		return id;
	(void)snprintf(path, sizeof(path),
		       "sys/devices/system/cpu/cpu%u/cache/index%d/shared_cpu_list", id,
		       best_index);
	return first_in(root_fd, path, online, id, &found);
}

/* Which CPUs are there: sysfs, else the "cpuN" lines of /proc/stat. */
static int online_cpus(int root_fd, struct set *ret)
{
	_cleanup_free_ char *text = NULL;

	if (read_set(root_fd, "sys/devices/system/cpu/online", ret) == 0 && ret->count > 0)
		return 0;
	memset(ret, 0, sizeof(*ret));
	if (fs_read_alloc(root_fd, "proc/stat", 1024 * 1024, &text, NULL) < 0)
		return -ENODATA;
	for (const char *p = text; p; p = strchr(p, '\n')) {
		unsigned id;

		p += *p == '\n';
		/* The sum over all CPUs is "cpu  ": %u alone would skip the blanks. */
		if (strncmp(p, "cpu", 3) != 0 || p[3] < '0' || p[3] > '9' ||
		    sscanf(p + 3, "%u", &id) != 1 || id >= NODE_MAX_CPUS || in(ret, id))
			continue;
		ret->words[id / 64] |= 1ull << (id % 64);
		ret->count++;
	}
	return ret->count > 0 ? 0 : -ENODATA;
}

static int read_cpus(int root_fd, bool use_smt, struct node *node, struct set *online,
		     bool *ret_smt)
{
	struct set isolated = {0};
	char path[128];
	size_t n = 0;
	int r = online_cpus(root_fd, online);

	if (r < 0)
		return r;
	(void)read_set(root_fd, "sys/devices/system/cpu/isolated", &isolated);
	node->cpus = calloc(online->count, sizeof(*node->cpus));
	if (!node->cpus)
		return -ENOMEM;
	for (uint16_t id = 0; id < NODE_MAX_CPUS; id++) {
		struct node_cpu *cpu = &node->cpus[n];

		if (!in(online, id))
			continue;
		(void)snprintf(path, sizeof(path),
			       "sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", id);
		cpu->id = id;
		cpu->core_first = first_in(root_fd, path, online, id, ret_smt);
		cpu->llc_first = first_of_cache(root_fd, online, id);
		cpu->isolated = in(&isolated, id);
		if (!use_smt)
			cpu->core_first = id;
		node->n_cores += cpu->core_first == id;
		node->smt |= cpu->core_first != id;
		n++;
	}
	node->n_cpus = n;
	return 0;
}

/* False when the nodes cannot be read: then there is one. */
static bool read_numa(int root_fd, struct node *node)
{
	struct set nodes;

	node->n_numa = 1;
	if (read_set(root_fd, "sys/devices/system/node/online", &nodes) < 0 || nodes.count == 0)
		return false;
	node->n_numa = nodes.count;
	for (uint16_t i = 0; i < NODES_MAX; i++) {
		struct set cpus;
		char path[64];

		(void)snprintf(path, sizeof(path), "sys/devices/system/node/node%u/cpulist", i);
		if (!in(&nodes, i) || read_set(root_fd, path, &cpus) < 0)
			continue;
		for (size_t k = 0; k < node->n_cpus; k++) {
			if (in(&cpus, node->cpus[k].id))
				node->cpus[k].numa = i;
		}
	}
	return true;
}

static int read_memory(int root_fd, struct node *node)
{
	char text[8192], *end;
	int r = fs_read(root_fd, "proc/meminfo", text, sizeof(text), NULL);

	if (r < 0 || kernel_text_meminfo(text, "MemTotal", &node->memory_bytes) < 0)
		return -ENODATA;
	(void)kernel_text_meminfo(text, "SwapTotal", &node->swap_bytes);
	node->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (fs_read(root_fd, "proc/sys/kernel/osrelease", text, sizeof(text), NULL) == 0) {
		end = strchr(text, '\n');
		if (end)
			*end = '\0';
		(void)snprintf(node->kernel, sizeof(node->kernel), "%.64s", text);
	}
	return 0;
}

/* Debugfs is for root, may be locked down and need not be mounted. */
static enum preempt read_preempt(int root_fd)
{
	static const char *const words[PREEMPT_COUNT] = {
		[PREEMPT_NONE] = "none",
		[PREEMPT_VOLUNTARY] = "voluntary",
		[PREEMPT_FULL] = "full",
		[PREEMPT_LAZY] = "lazy",
	};
	const char *chosen;
	char text[128];
	size_t len;

	if (fs_read(root_fd, "sys/kernel/debug/sched/preempt", text, sizeof(text), NULL) < 0)
		return PREEMPT_UNKNOWN;
	chosen = kernel_text_chosen(text, &len);
	for (int i = PREEMPT_NONE; chosen && i < PREEMPT_COUNT; i++)
		if (strlen(words[i]) == len && strncmp(words[i], chosen, len) == 0)
			return (enum preempt)i;
	return PREEMPT_UNKNOWN;
}

int topology_read(int root_fd, bool use_smt, bool use_numa, struct node *ret_node, bool *ret_smt,
		  bool *ret_numa)
{
	struct node node = {.n_numa = 1};
	struct set online;
	bool smt = false, numa = false;
	int r = read_memory(root_fd, &node);

	if (r == 0)
		r = read_cpus(root_fd, use_smt, &node, &online, &smt);
	if (r < 0) {
		free(node.cpus);
		return r;
	}
	if (use_numa)
		numa = read_numa(root_fd, &node);
	else
		numa = fs_exists(root_fd, "sys/devices/system/node/online") == 1;
	node.preempt = read_preempt(root_fd);
	*ret_node = node;
	*ret_smt = smt;
	*ret_numa = numa;
	return 0;
}
