// SPDX-License-Identifier: LGPL-2.1-or-later
// An observer over a fake tree of a host with two CPUs and no pods, and a fake model to put pods into.
#pragma once

#include "agent/observe/observe.h"
#include "tests/lib/fake.h"

struct observe_case {
	char *dir;
	int root_fd, cgroup_fd;
	struct fake f;
	struct observe *observe;
};

/* 0, or negative with nothing to close but what observe_case_close() closes. */
int observe_case_open(struct observe_case *c);
void observe_case_close(struct observe_case *c);

/* A pod with a cgroup of its own in the tree and the model. Its role and level are the caller's. */
struct pod *observe_case_pod(struct observe_case *c, const char *path, enum qos qos);
