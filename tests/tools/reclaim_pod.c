// SPDX-License-Identifier: LGPL-2.1-or-later
// Reclaims from one cgroup by agent/apply/reclaim.c, as the agent would, until it says why no more is asked for:
//
//	reclaim_pod CGROUP BYTES
//
// A line for each slice that has ended, and one for the answer that ended it:
//
//	slice end=all asked=16777216 got=16777216 before=300 after=284 took_us=1234
//	answer is=enough give=0 slices=1
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/apply/reclaim.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"

#define PASS_MS 50

static const char *const ends[RECLAIM_END_COUNT] = {
	[RECLAIM_END_ALL] = "all",	   [RECLAIM_END_SHORT] = "short",
	[RECLAIM_END_TIME] = "time",	   [RECLAIM_END_STOPPED] = "stopped",
	[RECLAIM_END_REFUSED] = "refused",
};
static const char *const answers[RECLAIM_ANSWER_COUNT] = {
	[RECLAIM_ENOUGH] = "enough",   [RECLAIM_NOTHING] = "nothing", [RECLAIM_RESTS] = "rests",
	[RECLAIM_REFUSED] = "refused", [RECLAIM_GONE] = "gone",
};

static void on_result(void *context, const struct reclaim_result *result)
{
	uint64_t *wanted = context;

	printf("slice end=%s asked=%" PRIu64 " got=%" PRIu64 " before=%" PRIu64 " after=%" PRIu64
	       " took_us=%" PRIu64 "\n",
	       ends[result->end], result->asked_bytes, result->got_bytes, result->before_bytes,
	       result->after_bytes, result->took_us);
	*wanted -= result->got_bytes < *wanted ? result->got_bytes : *wanted;
}

static int run(struct reclaim *r, struct lanes *lanes, const struct model *model,
	       const struct cgroup *cgroup, uint64_t wanted)
{
	for (;;) {
		struct pollfd poll_fd = {.fd = lanes->event_fd, .events = POLLIN};
		struct reclaim_said said;
		int64_t now_us = clock_now_us();

		lanes_clear(lanes);
		reclaim_collect(r, model, now_us, on_result, &wanted);
		reclaim_pass_begin(r, now_us);
		said = reclaim_want(r, cgroup, wanted, 0);
		reclaim_pass_end(r);
		if (answers[said.answer]) {
			printf("answer is=%s give=%" PRIu64 " slices=%" PRIu64 "\n",
			       answers[said.answer], said.give_bytes, reclaim_counts(r).slices);
			return 0;
		}
		(void)poll(&poll_fd, 1, PASS_MS);
	}
}

int main(int argc, char **argv)
{
	struct cgroup root = {.path = "", .kind = CGROUP_ROOT};
	struct cgroup pod = {.parent = &root, .kind = CGROUP_POD};
	struct cgroup *all[] = {&root, &pod};
	struct model model = {.root = &root, .cgroups = all, .n_cgroups = 2};
	int root_fd = -EBADF, cgroup_fd = -EBADF;
	struct lanes *lanes;
	struct reclaim *r;

	if (argc != 3)
		return 2;
	log_open(LOG_INFO);
	pod.path = argv[1];
	if (fs_open_root("/", &root_fd) < 0 ||
	    fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd) < 0 ||
	    fs_inode(cgroup_fd, argv[1], &pod.inode) < 0)
		return 1;
	if (lanes_new(&lanes) < 0 ||
	    reclaim_new(lanes, root_fd, cgroup_fd, (uint64_t)sysconf(_SC_PAGESIZE), &r) < 0)
		return 1;
	return run(r, lanes, &model, &pod, strtoull(argv[2], NULL, 10));
}
