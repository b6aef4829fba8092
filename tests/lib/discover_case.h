// SPDX-License-Identifier: LGPL-2.1-or-later
// Discovery over a fake tree of its own, for the tests that run whole updates.
#pragma once

#include <stdint.h>

#include "agent/discover/discover.h"

#define S 1000000ll
#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"
#define UID_B "22222222-aaaa-4bbb-8ccc-000000000002"
#define UID_C "33333333-aaaa-4bbb-8ccc-000000000003"
#define UID_STATIC "0123456789abcdef0123456789abcdef"

/* A is Guaranteed, B Burstable, C BestEffort. */
#define DISCOVER_THREE_PODS                                                                        \
	"@host 4\n"                                                                                \
	"@pod systemd Guaranteed " UID_A " 39\n"                                                   \
	"@pod systemd Burstable " UID_B " 4\n"                                                     \
	"@pod systemd BestEffort " UID_C " 1\n"

#define DISCOVER_FACTS_IN_FILE "version: 1\nfacts: {from: 'file:///pods.json'}\n"

struct discover_case {
	char *dir;
	int root_fd;
	struct discover *d;
	struct model *m;
	struct policy *policy;
};

/* Any failure in these fails the test. `without` is a mask of switched-off capabilities. */
void discover_case_open(struct discover_case *c, const char *spec, uint32_t without);
void discover_case_close(struct discover_case *c);
void discover_case_policy(struct discover_case *c, const char *yaml);

/* Writes pods.json with one pod that requests 250m and 64Mi. */
void discover_case_pods_file(struct discover_case *c, const char *uid, const char *ns,
			     const char *name);

/* The pod with this UID, the cgroup with this path, or NULL. */
struct pod *discover_case_pod(const struct model *m, const char *uid);
struct cgroup *discover_case_cgroup(const struct model *m, const char *path);
