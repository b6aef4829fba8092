// SPDX-License-Identifier: LGPL-2.1-or-later
// The killing of one pod, as a whole and as fast as its memory can come back. Blocks: it is for a thread
// (kill.h). Allocates nothing, logs nothing; what came of each step is data.
//
// The order: what must not be killed is refused (kill_check.h); the largest processes are found; cgroup.kill;
// only now, when nothing can be left unbounded by a kill that failed, bounds are lifted and the pod thawed, so
// that it exits fast; process_mrelease() of the largest; the end is waited for; the bounds are put back, since
// the cgroup of a pod outlives its containers where these are started again.
//
// What it needs beside write access to the files: nothing. cgroup.kill, pidfd_open() and process_mrelease() ask
// for no capability, and CAP_KILL would not help. A system call filter may forbid the last one, though: the
// group @system-service of systemd 252 to 257 lacks it, and then it gives EPERM, the kernel frees the memory as
// the processes exit, and `errors` says so.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "colod/cgroup.h"

#define KILL_PATH_SIZE 1024
#define KILL_WAIT_US 2000000

struct lift_record;

enum kill_step {
	KILL_CHECK,
	KILL_WRITE, /* 1 to cgroup.kill */
	KILL_LIFT,
	KILL_THAW,
	KILL_RELEASE,
	KILL_WAIT,
	KILL_PUT_BACK,
	KILL_STEP_COUNT,
};

/* Where things are: borrowed. */
struct kill_place {
	int root_fd;   /* "/", for /proc */
	int cgroup_fd; /* the cgroup2 mount */
	/* Without one, nothing is lifted: it would stay so behind an agent that is killed meanwhile. */
	struct lift_record *lifted;
	unsigned slot; /* of that, of the calling thread alone */
};

struct kill_job {
	uint64_t token;
	int dir_fd; /* of the pod's cgroup */
	/* What the model says it is: the path below the mount, and that it is a pod's. */
	char path[KILL_PATH_SIZE];
	uint64_t inode;
	enum cgroup_kind kind;
	uint64_t wait_us; /* for the end, at most; usually KILL_WAIT_US */
};

struct kill_done {
	uint64_t token;
	/* 0: every process has its SIGKILL. -EPERM: refused, see `why`. -ENOENT: the pod is gone already.
	 * -EOPNOTSUPP: this kernel, or a threaded cgroup, has no cgroup.kill; nothing else is tried.
	 * Else another -errno. Unless 0 nothing was changed. */
	int result;
	const char *why; /* static text, to go behind the pod's name; NULL but for -EPERM */
	int errors[KILL_STEP_COUNT]; /* 0 or the first -errno; a step that is not reached has 0 */
	uint32_t n_cgroups;
	uint32_t n_processes;
	uint32_t n_large;    /* those among which process_mrelease() was tried */
	uint32_t n_released; /* it freed what they had */
	uint32_t n_exited;   /* or they had given it back themselves by then */
	uint32_t lifted;     /* 1 << enum knob: of some cgroup of the pod */
	uint32_t n_thawed;   /* cgroups */
	bool before_known, after_known;
	uint64_t before_bytes,
		after_bytes; /* memory.current of the pod: then, and when the wait was over */
	bool ended;	     /* no process is left, or the cgroup is gone */
	uint64_t check_us;   /* from the begin to the write */
	uint64_t release_us; /* spent in process_mrelease() */
	uint64_t took_us;    /* from the write to the end, or until nobody waited any longer */
};

/* Closes job->dir_fd. *stop (may be NULL): somebody wants the wait to end. */
void kill_act(const struct kill_place *place, const struct kill_job *job, const atomic_bool *stop,
	      struct kill_done *ret_done);
