// SPDX-License-Identifier: LGPL-2.1-or-later
// An incident_case whose incidents are kept in a directory of their own, by a store with its real threads.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/incident_store.h"
#include "tests/lib/incident_case.h"

/* One a process. */
struct incident_dir {
	struct incident_case c;
	struct incident_store *store;
	struct incident_policy policy; /* five incidents, 1 MiB */
	char *dir;
	int root_fd;
};
extern struct incident_dir incident_dir;

/* For cmocka: five seconds of a case, and a store that has read what is there. */
int incident_dir_setup(void **state);
int incident_dir_teardown(void **state);

/* A store over what is in the directory; and as by a kill: what was in memory is gone. */
void incident_dir_start(void);
void incident_dir_end(void);

/* Passes until nothing is under way. */
void incident_dir_settle(void);

/* One of web, for want of CPU, as of now; owned by the case. */
struct incident *incident_dir_open_one(void);
void incident_dir_close(struct incident *incident);

/* Whether this one has a file; how many the store knows. */
bool incident_dir_has(uint64_t id);
size_t incident_dir_n(void);

/* What is in it; fd is closed. To be deleted by the caller. */
cJSON *incident_dir_json(int fd);
cJSON *incident_dir_list(void);

/* Whether it is whole, as coloctl reads it. */
bool incident_dir_is_whole(uint64_t id);
