// SPDX-License-Identifier: LGPL-2.1-or-later
// Offline work on a disk, for `make bench-io` and VM tests: as much as it gets, until it is killed.
//
//	io_load read PATH KIB SPAN_MIB JOBS        reads blocks of that size anywhere in it, past the page cache
//	io_load direct PATH KIB SPAN_MIB JOBS      writes them one after the other, past it too
//	io_load buffered PATH KIB SPAN_MIB JOBS    the same through the page cache, of a file that grows
//	io_load files PATH KIB SPAN_MIB JOBS       makes files of that size in a directory, and removes them once there are so many
//
//	io_load read PATH KIB SPAN_MIB JOBS ON_MS OFF_MS    the same for the one time, and rests for the other, all at once
//
// Each job has a part of its own: PATH.N; read is of PATH itself. SPAN_MIB is what a job goes over before it begins anew.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 512
#define JOBS_MAX 64

struct job {
	const char *path;
	size_t block, blocks; /* bytes, and how many of them */
	uint32_t number;
	uint64_t on_ms, off_ms;
	char *data;
};

/* Until all may read again. */
static void rest(const struct job *job)
{
	uint64_t period_ms = job->on_ms + job->off_ms, at_ms;
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	at_ms = ((uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u) % period_ms;
	if (at_ms < job->on_ms)
		return;
	t = (struct timespec){.tv_sec = (time_t)((period_ms - at_ms) / 1000u),
			      .tv_nsec = (long)((period_ms - at_ms) % 1000u * 1000000u)};
	(void)nanosleep(&t, NULL);
}

static int reads(const struct job *job)
{
	uint64_t random = 88172645463325252u + job->number * 7919u;
	int fd = open(job->path, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return 1;
	for (;;) {
		if (job->off_ms > 0)
			rest(job);
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		if (pread(fd, job->data, job->block, (off_t)(random % job->blocks * job->block)) <=
		    0)
			return 1;
	}
}

/* Through the page cache each turn needs room anew, as a file that grows does: what waits for a journal. What is not written yet
 * would be dropped with its room. */
static int writes(const struct job *job, int flags)
{
	char path[PATH_SIZE];
	int fd;

	(void)snprintf(path, sizeof(path), "%s.%" PRIu32, job->path, job->number);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
	if (fd < 0)
		return 1;
	for (size_t i = 0;; i = (i + 1) % job->blocks)
		if ((i == 0 && flags == 0 && (fdatasync(fd) < 0 || ftruncate(fd, 0) < 0)) ||
		    pwrite(fd, job->data, job->block, (off_t)(i * job->block)) < 0)
			return 1;
}

static int files(const struct job *job)
{
	char path[PATH_SIZE];

	for (size_t i = 0;; i = (i + 1) % job->blocks) {
		int fd;

		(void)snprintf(path, sizeof(path), "%s.%" PRIu32 ".%zu", job->path, job->number, i);
		(void)unlink(path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0 || write(fd, job->data, job->block) < 0 || close(fd) < 0)
			return 1;
	}
}

static int run(const char *what, const struct job *job)
{
	if (strcmp(what, "read") == 0)
		return reads(job);
	if (strcmp(what, "direct") == 0)
		return writes(job, O_DIRECT);
	if (strcmp(what, "buffered") == 0)
		return writes(job, 0);
	return strcmp(what, "files") == 0 ? files(job) : 2;
}

int main(int argc, char **argv)
{
	struct job job = {0};
	bool pulses = argc == 8 && strcmp(argv[1], "read") == 0;
	long n = argc == 6 || pulses ? atol(argv[5]) : 0;
	int status, failed = 0;

	if (n < 1 || n > JOBS_MAX || atol(argv[3]) < 1 || atol(argv[4]) < 1) {
		(void)fputs("usage: io_load read|direct|buffered|files PATH KIB SPAN_MIB JOBS\n"
			    "       io_load read PATH KIB SPAN_MIB JOBS ON_MS OFF_MS\n",
			    stderr);
		return 2;
	}
	if (pulses) {
		job.on_ms = (uint64_t)atoll(argv[6]);
		job.off_ms = (uint64_t)atoll(argv[7]);
	}
	job.path = argv[2];
	job.block = (size_t)atol(argv[3]) << 10;
	job.blocks = ((size_t)atol(argv[4]) << 20) / job.block;
	job.data = aligned_alloc(4096, job.block);
	if (!job.data || job.blocks == 0)
		return 1;
	memset(job.data, 'x', job.block);
	for (long i = 0; i < n; i++, job.number++)
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(run(argv[1], &job));
		}
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}
