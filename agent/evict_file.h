// SPDX-License-Identifier: LGPL-2.1-or-later
// /run/colod/evictions: what an agent that starts anew has to know of the one that died. Written before anybody is
// asked to go, so that nobody is asked twice, no limit is forgotten and no taint stays.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/history.h"
#include "policy/evict.h"

#define EVICT_FILE_SIZE 32768
#define EVICT_FILE_PATH_SIZE 1024

/* A pending one, by what outlives an agent. */
struct evict_file_pending {
	struct evict_pending pending; /* its serial means nothing any more */
	uint64_t inode;		      /* of the pod's cgroup */
	char path[EVICT_FILE_PATH_SIZE];
	struct history_caller caller; /* where somebody ordered it */
};

struct evict_file {
	struct evict_file_pending pending[EVICT_PENDING];
	size_t n_pending;
	int64_t times_us[EVICT_TIMES];
	uint32_t n_times;
	struct evict_return returns[EVICT_RETURNS];
	size_t n_returns;
	int64_t taint_until_us;
	bool taint_up; /* colod asked for it, and nobody has said yet that it is off */
};

/* Returns the length; buf of EVICT_FILE_SIZE bytes. */
size_t evict_file_format(const struct evict_file *file, const char *boot_id, char *buf);

/* 0; -ESTALE: of another boot: only taint_up is taken over, since nodes in a cluster outlive a boot; -EBADMSG: not what
 * is written here. */
int evict_file_parse(char *text, const char *boot_id, struct evict_file *ret_file);

/* Written anew and renamed. 0 or -errno. */
int evict_file_save(int state_fd, const struct evict_file *file);

/* 0, -ENOENT, what parsing gave, or another -errno. */
int evict_file_load(int state_fd, struct evict_file *ret_file);
