// SPDX-License-Identifier: LGPL-2.1-or-later
// How soon colod acts, beside a program that does nothing but wait for the same trigger and write one value.
//
//	react N SLICE ONLINE OFFLINE OTHER GO     directories of cgroups; GO is a file
//
// An onset: GO appears (offline work grows while it is there), and 1.5 s later SLICE, the cgroup of both, gets a memory.high of
// half of what it uses: from then on ONLINE waits for memory through no fault of its own. This program's trigger on
// ONLINE fires as colod's does, and it writes memory.high of OTHER. When that and OFFLINE's were written is told by
// inotify, for both alike. A line an onset: microseconds from the onset to OTHER and to OFFLINE, -1 where none came
// within PATIENCE_MS. Everything is given back, and the next onset waits until OFFLINE is as it was.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 8000
#define GROWS_MS 1500
/* colod is on rung squeeze for 10 s after the last wait, and holds whoever grows there without another one. */
#define RESTS_MS 16000
#define CALM_MS 120000
#define TRIGGER "some 100000 1000000"

struct react {
	const char *slice, *offline, *other, *go;
	int psi_fd;
	int watch_fd;
	int offline_watch, other_watch;
	char calm[64]; /* OFFLINE's memory.high */
};

static int64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void sleep_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

static const char *path(const char *dir, const char *file)
{
	static char text[2][1024];
	static unsigned turn;

	turn = !turn;
	(void)snprintf(text[turn], sizeof(text[turn]), "%s/%s", dir, file);
	return text[turn];
}

static void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		(void)fprintf(stderr, "react: %s: %s\n", file, strerror(errno));
		exit(1);
	}
	(void)close(fd);
}

static void get(const char *file, char *text, size_t size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n < 0) {
		(void)fprintf(stderr, "react: %s: %s\n", file, strerror(errno));
		exit(1);
	}
	text[n] = '\0';
	(void)close(fd);
}

static void drain(const struct react *r)
{
	struct pollfd p = {.fd = r->psi_fd, .events = POLLPRI};
	char text[4096];

	(void)poll(&p, 1, 0);
	while (read(r->watch_fd, text, sizeof(text)) > 0)
		;
}

static void wait_until_calm(const struct react *r)
{
	int64_t until_us = now_us() + (int64_t)CALM_MS * 1000;
	char text[64];

	do {
		sleep_ms(200);
		get(path(r->offline, "memory.high"), text, sizeof(text));
	} while (strcmp(text, r->calm) != 0 && now_us() < until_us);
	sleep_ms(RESTS_MS);
	drain(r);
}

/* The kernel lets whoever writes it wait for the reclaim: a process of its own. */
static pid_t squeeze(const struct react *r)
{
	char text[64], half[32];
	pid_t pid;

	get(path(r->slice, "memory.current"), text, sizeof(text));
	(void)snprintf(half, sizeof(half), "%" PRIu64, (uint64_t)(strtoull(text, NULL, 10) / 2));
	pid = fork();
	if (pid == 0) {
		put(path(r->slice, "memory.high"), half);
		_exit(0);
	}
	return pid;
}

static void take_events(const struct react *r, int64_t onset_us, int64_t *other_us,
			int64_t *offline_us)
{
	_Alignas(struct inotify_event) char text[4096];
	ssize_t n = read(r->watch_fd, text, sizeof(text));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(text + at);
		int64_t *when = e->wd == r->other_watch ? other_us : offline_us;

		if (*when < 0)
			*when = now_us() - onset_us;
		at += (ssize_t)sizeof(*e) + e->len;
	}
}

static void onset(const struct react *r)
{
	int64_t begun_us, left_ms, other_us = -1, offline_us = -1;
	bool wrote = false;
	pid_t pid;

	begun_us = now_us();
	pid = squeeze(r);
	while ((other_us < 0 || offline_us < 0) &&
	       (left_ms = PATIENCE_MS - (now_us() - begun_us) / 1000) > 0) {
		struct pollfd p[2] = {{.fd = wrote ? -1 : r->psi_fd, .events = POLLPRI},
				      {.fd = r->watch_fd, .events = POLLIN}};

		(void)poll(p, 2, (int)left_ms);
		if (p[0].revents & POLLPRI) {
			put(path(r->other, "memory.high"), "max");
			wrote = true;
		}
		if (p[1].revents & POLLIN)
			take_events(r, begun_us, &other_us, &offline_us);
	}
	put(path(r->slice, "memory.high"), "max");
	(void)waitpid(pid, NULL, 0);
	printf("%" PRId64 " %" PRId64 "\n", other_us, offline_us);
	(void)fflush(stdout);
}

static int watch(const struct react *r, const char *dir)
{
	return inotify_add_watch(r->watch_fd, path(dir, "memory.high"), IN_MODIFY);
}

int main(int argc, char **argv)
{
	struct react r;

	if (argc != 7) {
		(void)fprintf(stderr, "usage: react N SLICE ONLINE OFFLINE OTHER GO\n");
		return 2;
	}
	r = (struct react){.slice = argv[2], .offline = argv[4], .other = argv[5], .go = argv[6]};
	r.psi_fd = open(path(argv[3], "memory.pressure"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	r.watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (r.psi_fd < 0 || write(r.psi_fd, TRIGGER, sizeof(TRIGGER)) < 0 ||
	    (r.offline_watch = watch(&r, r.offline)) < 0 ||
	    (r.other_watch = watch(&r, r.other)) < 0) {
		(void)fprintf(stderr, "react: %s\n", strerror(errno));
		return 1;
	}
	get(path(r.offline, "memory.high"), r.calm, sizeof(r.calm));
	for (long n = strtol(argv[1], NULL, 10); n > 0; n--) {
		int fd;

		wait_until_calm(&r);
		fd = open(r.go, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (fd >= 0)
			(void)close(fd);
		sleep_ms(GROWS_MS);
		drain(&r);
		onset(&r);
		(void)unlink(r.go);
	}
	return 0;
}
