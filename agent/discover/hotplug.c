// SPDX-License-Identifier: LGPL-2.1-or-later
// See hotplug.h.
#include "agent/discover/hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/discover/node_memory.h"
#include "agent/discover/topology.h"

#define ONLINE "sys/devices/system/cpu/online"
/* Passes after a change: the cache files of a CPU come last. */
#define AGAIN 2

/* False where nobody says which CPUs are online; the next look tries again. */
static bool read_text(struct hotplug *h, char text[static HOTPLUG_TEXT_SIZE], size_t *ret_len)
{
	if (h->fd < 0 && fs_open(h->root_fd, ONLINE, O_RDONLY, &h->fd) < 0)
		return false;
	if (fs_pread(h->fd, text, HOTPLUG_TEXT_SIZE, ret_len) == 0)
		return true;
	h->fd = cleanup_close_fd(h->fd);
	return false;
}

void hotplug_start(struct hotplug *hotplug, int root_fd)
{
	hotplug->root_fd = root_fd;
	hotplug->fd = -EBADF;
	hotplug->again = 0;
	hotplug->len = 0;
	(void)read_text(hotplug, hotplug->text, &hotplug->len);
}

void hotplug_stop(struct hotplug *hotplug)
{
	hotplug->fd = cleanup_close_fd(hotplug->fd);
}

static bool look(struct hotplug *hotplug)
{
	char text[HOTPLUG_TEXT_SIZE];
	size_t len = 0;

	if (read_text(hotplug, text, &len) &&
	    (len != hotplug->len || memcmp(text, hotplug->text, len) != 0)) {
		memcpy(hotplug->text, text, len);
		hotplug->len = len;
		hotplug->again = AGAIN;
		return true;
	}
	if (hotplug->again == 0)
		return false;
	hotplug->again--;
	return true;
}

static bool same_cpus(const struct node *a, const struct node *b)
{
	return a->n_cpus == b->n_cpus && a->n_numa == b->n_numa &&
	       memcmp(a->cpus, b->cpus, a->n_cpus * sizeof(*a->cpus)) == 0;
}

bool hotplug_follow(struct hotplug *hotplug, bool use_smt, bool use_numa, struct node *node,
		    bool *ret_smt, bool *ret_numa)
{
	struct node now;
	bool smt, numa;

	if (!look(hotplug))
		return false;
	if (topology_read(hotplug->root_fd, use_smt, use_numa, &now, &smt, &numa) < 0) {
		hotplug->again++; /* the next pass tries */
		return false;
	}
	if (same_cpus(&now, node)) {
		free(now.cpus);
		return false;
	}
	log_notice("discover.cpus", "%zu CPUs (%zu cores) are online now, %zu (%zu) were before",
		   now.n_cpus, now.n_cores, node->n_cpus, node->n_cores);
	free(node->cpus);
	*node = now;
	node_memory_read(hotplug->root_fd, node);
	*ret_smt = smt;
	*ret_numa = numa;
	return true;
}
