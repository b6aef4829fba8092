// SPDX-License-Identifier: LGPL-2.1-or-later
// For tests/vm/tests/45-kill-act.sh: something to kill, and colod's own code for killing it.
//
//	kill_pod hog N MIB          N processes with so much anonymous memory each, until they are killed
//	kill_pod act DIR KIND       agent/apply/kill.h on a cgroup below /sys/fs/cgroup; KIND: pod, class, other
//	kill_pod plain DIR          kill -9 of each process there, and the wait for their end
//
// The last two print one line of KEY=VALUE. Their waits are the same, so that took_us can be compared.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/apply/kill.h"
#include "agent/apply/kill_walk.h"
#include "agent/apply/lift_record.h"
#include "agent/base/clock.h"
#include "agent/base/fs.h"
#include "policy/kernel_text.h"

#define MOUNT "/sys/fs/cgroup"
/* Processes that the plain way kills. */
#define PLAIN_MAX 64
#define WAIT_US 30000000

static int hog(int n, size_t mib)
{
	size_t bytes = mib << 20;
	char *p;

	while (--n > 0 && fork() != 0)
		continue;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return 1;
	memset(p, 1, bytes);
	for (;;)
		(void)pause();
}

/* First all of them are found: a list that is read while they die is short. Those that were found count, not those whom
 * kill() still met: the first of a container is the init of its PID namespace, and takes the others along. */
struct found {
	pid_t pids[PLAIN_MAX];
	size_t n;
};

static int note_pid(void *context, pid_t pid)
{
	struct found *found = context;

	if (found->n == PLAIN_MAX)
		return -E2BIG;
	found->pids[found->n++] = pid;
	return 0;
}

static int note_all(void *context, int dir_fd, const char *name)
{
	(void)name;
	return kill_walk_pids(dir_fd, note_pid, context);
}

static int plain(int dir_fd)
{
	int64_t from_us = clock_now_us();
	struct found found = {.n = 0};
	uint64_t populated = 1;
	char text[256];
	int fd, r = fs_open(dir_fd, "cgroup.events", O_RDONLY, &fd);

	if (r == 0)
		r = kill_walk(dir_fd, note_all, &found, NULL);
	for (size_t i = 0; r == 0 && i < found.n; i++)
		(void)kill(found.pids[i], SIGKILL);
	while (r == 0 && populated && clock_now_us() - from_us < WAIT_US) {
		struct pollfd p = {.fd = fd, .events = POLLPRI};

		(void)poll(&p, 1, 20);
		if (fs_pread(fd, text, sizeof(text), NULL) < 0)
			break;
		(void)kernel_text_keyed(text, "populated", &populated);
	}
	printf("result=%d processes=%zu ended=%d took_us=%" PRId64 "\n", r, found.n, !populated,
	       clock_now_us() - from_us);
	return 0;
}

static enum cgroup_kind kind_of(const char *word)
{
	if (strcmp(word, "pod") == 0)
		return CGROUP_POD;
	return strcmp(word, "class") == 0 ? CGROUP_QOS : CGROUP_OTHER;
}

static void tell(const struct kill_done *d)
{
	static const char *const steps[KILL_STEP_COUNT] = {
		"check", "write", "lift", "thaw", "release", "wait", "put_back",
	};

	printf("result=%d", d->result);
	for (int i = 0; i < KILL_STEP_COUNT; i++)
		printf(" %s=%d", steps[i], d->errors[i]);
	printf(" cgroups=%" PRIu32 " processes=%" PRIu32 " large=%" PRIu32 " released=%" PRIu32
	       " exited=%" PRIu32 " lifted=%" PRIx32 " thawed=%" PRIu32,
	       d->n_cgroups, d->n_processes, d->n_large, d->n_released, d->n_exited, d->lifted,
	       d->n_thawed);
	printf(" before_kib=%" PRId64 " after_kib=%" PRId64 " ended=%d check_us=%" PRIu64
	       " release_us=%" PRIu64 " took_us=%" PRIu64 " why=%s\n",
	       d->before_known ? (int64_t)(d->before_bytes >> 10) : -1,
	       d->after_known ? (int64_t)(d->after_bytes >> 10) : -1, d->ended, d->check_us,
	       d->release_us, d->took_us, d->why ? d->why : "-");
}

static int act(const char *path, int dir_fd, enum cgroup_kind kind)
{
	struct kill_job job = {.dir_fd = dir_fd, .kind = kind, .wait_us = WAIT_US};
	struct pollfd p = {.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = POLLIN};
	struct kill_place place = {0};
	struct kill_done done;
	struct kill *threads;
	int r, shm_fd;

	(void)snprintf(job.path, sizeof(job.path), "%s", path);
	r = fs_open_root("/", &place.root_fd);
	if (r == 0)
		r = fs_open_root(MOUNT, &place.cgroup_fd);
	if (r == 0)
		r = fs_inode(dir_fd, "", &job.inode);
	if (r == 0)
		r = fs_open_root("/dev/shm", &shm_fd); /* writable for whoever is sandboxed, too */
	if (r == 0)
		r = lift_record_new(shm_fd, &place.lifted);
	if (r == 0)
		r = kill_new(&place, p.fd, &threads);
	if (r == 0)
		r = kill_start(threads, &job);
	if (r < 0 || poll(&p, 1, 60000) != 1 || !kill_next(threads, &done)) {
		(void)fprintf(stderr, "kill_pod: nothing was done: %s\n", strerror(-r));
		return 1;
	}
	tell(&done);
	kill_free(threads);
	lift_record_free(place.lifted);
	return 0;
}

int main(int argc, char **argv)
{
	const char *path;
	int fd, r;

	if (argc == 4 && strcmp(argv[1], "hog") == 0)
		return hog(atoi(argv[2]), strtoul(argv[3], NULL, 10));
	if (argc < 3 || strncmp(argv[2], MOUNT, strlen(MOUNT)) != 0) {
		(void)fprintf(stderr, "usage: kill_pod hog N MIB | act DIR KIND | plain DIR\n");
		return 2;
	}
	path = argv[2] + strlen(MOUNT);
	path += strspn(path, "/");
	r = fs_open_root(argv[2], &fd);
	if (r < 0) {
		(void)fprintf(stderr, "kill_pod: %s: %s\n", argv[2], strerror(-r));
		return 1;
	}
	if (strcmp(argv[1], "plain") == 0)
		return plain(fd);
	return act(path, fd, argc > 3 ? kind_of(argv[3]) : CGROUP_OTHER);
}
