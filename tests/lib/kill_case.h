// SPDX-License-Identifier: LGPL-2.1-or-later
// A fake tree with a pod to kill, for the tests of agent/apply/kill*.c: it has two containers, and colod runs in
// system.slice/colod.service. A fake tree kills nobody: what is written there shows what would have been.
#pragma once

#include "agent/apply/kill_act.h"
#include "agent/apply/kill_largest.h"

#define KILL_CLASS "kubepods.slice/kubepods-besteffort.slice"
#define KILL_POD KILL_CLASS "/kubepods-besteffort-pod11111111_2222_3333_4444_555555555555.slice"
#define KILL_A KILL_POD "/cri-containerd-aa.scope"
#define KILL_B KILL_POD "/cri-containerd-bb.scope"

struct kill_case {
	char *dir;
	struct kill_place place;
};

/* For cmocka; *state is the case. */
int kill_case_setup(void **state);
int kill_case_teardown(void **state);

/* A cgroup more, with an empty cgroup.kill. */
void kill_case_cgroup(struct kill_case *c, const char *path);
void kill_case_set(struct kill_case *c, const char *path, const char *file, const char *text);
void kill_case_is(struct kill_case *c, const char *path, const char *file, const char *text);

/* A file below "/". */
void kill_case_file(struct kill_case *c, const char *path, const char *text);

/* A job as the caller makes it for a pod at this path. */
struct kill_job kill_case_job(struct kill_case *c, const char *path);

/* Nothing below the mount was killed. */
void kill_case_unhurt(struct kill_case *c);
