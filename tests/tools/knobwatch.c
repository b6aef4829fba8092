// SPDX-License-Identifier: LGPL-2.1-or-later
// The outside witness of the VM tests: reads every knob below some cgroups each 10 ms, and at once when
// inotify tells of a write, so that none is missed where the machine is slow. It writes no cgroup and
// knows nothing of colod. A line of the log:
//
//	MS PATH KNOB OLD NEW      a change (blanks in values are '/'; '-' is "not there")
//	MS PATH KNOB = VALUE      written, and the same afterwards
//
//	knobwatch LOG DIR...      until SIGTERM; the last line: # N samples, MEAN us apart, at most MOST us
//
// New cgroups below the directories are found ten times a second; a cgroup that goes is one change for
// each of its knobs. A cgroup made again at the same path is told by its inode.
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 10000000
#define LOOK_EVERY 10
/* Containers' own cgroups, which are many: inotify tells of each write there, too. */
#define SCOPES_EVERY 10
#define MAX_FILES 8192
#define VALUE_SIZE 128

static const char *const knobs[] = {
	"cpu.weight",  "cpu.idle",   "cpu.max",	  "memory.min", "memory.low",
	"memory.high", "memory.max", "io.weight", "io.max",	"cgroup.freeze",
};

struct file {
	char *path; /* of the cgroup */
	const char *knob;
	ino_t inode; /* of the cgroup */
	int fd;
	int watch;
	bool in_scope;
	bool seen;
	char value[VALUE_SIZE];
};

static struct file files[MAX_FILES];
static size_t n_files;
static FILE *out;
static int inotify_fd;
static volatile sig_atomic_t ended;

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void log_change(const struct file *f, const char *old, const char *new)
{
	(void)fprintf(out, "%" PRId64 " %s %s %s %s\n", now_ns() / 1000000, f->path, f->knob, old,
		      new);
}

/* Another value, or the cgroup is gone (ENODEV): "-". */
static bool sample(struct file *f)
{
	char value[VALUE_SIZE] = "-";
	ssize_t n = f->fd < 0 ? -1 : pread(f->fd, value, sizeof(value) - 1, 0);

	if (n > 0) {
		value[n] = '\0';
		value[strcspn(value, "\n")] = '\0';
		for (char *p = value; *p; p++)
			if (*p == ' ')
				*p = '/';
	} else if (n == 0) {
		memcpy(value, "none", sizeof("none"));
	} else {
		memcpy(value, "-", sizeof("-"));
	}
	if (strcmp(value, f->value) == 0)
		return false;
	log_change(f, f->value, value);
	memcpy(f->value, value, sizeof(value));
	return true;
}

static void written(int watch)
{
	for (size_t i = 0; i < n_files; i++)
		if (files[i].watch == watch && files[i].fd >= 0 && !sample(&files[i]))
			log_change(&files[i], "=", files[i].value);
}

static void read_events(void)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(inotify_fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const struct inotify_event *)(buf + at);

		if (event->mask & IN_MODIFY)
			written(event->wd);
		if (event->mask & IN_Q_OVERFLOW)
			(void)fprintf(out, "# writes were missed\n");
		at += (ssize_t)(sizeof(*event) + event->len);
	}
}

static struct file *find(const char *path, const char *knob, ino_t inode)
{
	for (size_t i = 0; i < n_files; i++)
		if (files[i].inode == inode && files[i].knob == knob &&
		    strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

static void add(const char *path, const char *knob, ino_t inode)
{
	char name[4096];
	struct file *f;

	if (n_files == MAX_FILES) {
		(void)fprintf(out, "# too many files\n");
		return;
	}
	(void)snprintf(name, sizeof(name), "%s/%s", path, knob);
	f = &files[n_files];
	f->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return;
	f->watch = inotify_add_watch(inotify_fd, name, IN_MODIFY);
	f->in_scope = strstr(path, ".scope") != NULL;
	f->path = strdup(path);
	f->knob = knob;
	f->inode = inode;
	memcpy(f->value, "-", sizeof("-"));
	f->seen = true;
	n_files++;
}

static void look_at(const FTSENT *entry)
{
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		struct file *f = find(entry->fts_path, knobs[i], entry->fts_statp->st_ino);

		if (f && f->fd >= 0)
			f->seen = true;
		else
			add(entry->fts_path, knobs[i], entry->fts_statp->st_ino);
	}
}

/* A controller that was switched off leaves an fd that reads ENODEV, and a new file. */
static void drop_dead(void)
{
	for (size_t i = 0; i < n_files; i++) {
		struct file *f = &files[i];

		if (f->fd < 0 || strcmp(f->value, "-") != 0 || f->seen)
			continue;
		(void)close(f->fd);
		f->fd = -1;
		f->watch = -1;
		f->inode = 0;
	}
}

static void look(char **dirs)
{
	FTS *tree = fts_open(dirs, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	for (size_t i = 0; i < n_files; i++)
		files[i].seen = false;
	for (FTSENT *entry = tree ? fts_read(tree) : NULL; entry; entry = fts_read(tree))
		if (entry->fts_info == FTS_D)
			look_at(entry);
	if (tree)
		(void)fts_close(tree);
	drop_dead();
}

/* At least a moment, so that a slow machine has time for others, too. */
static void wait_until(int64_t at_ns)
{
	do {
		struct pollfd p = {.fd = inotify_fd, .events = POLLIN};
		int64_t left_ms = (at_ns - now_ns()) / 1000000;

		if (poll(&p, 1, left_ms < 2 ? 2 : (int)left_ms) > 0)
			read_events();
	} while (!ended && now_ns() < at_ns);
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_end};
	int64_t start = now_ns(), last = start, most = 0;
	uint64_t n = 0;

	if (argc < 3 || !(out = fopen(argv[1], "we"))) {
		(void)fprintf(stderr, "usage: knobwatch LOG DIR...\n");
		return 2;
	}
	(void)setvbuf(out, NULL, _IOLBF, 0);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (; !ended; n++) {
		int64_t at = now_ns();

		most = n > 0 && at - last > most ? at - last : most;
		last = at;
		if (n % LOOK_EVERY == 0)
			look(argv + 2);
		for (size_t i = 0; i < n_files; i++)
			if (n % SCOPES_EVERY == 0 || !files[i].in_scope)
				(void)sample(&files[i]);
		if (n == 0)
			(void)fprintf(out, "# ready: %zu files\n", n_files);
		wait_until(at + PERIOD_NS);
	}
	(void)fprintf(out, "# %" PRIu64 " samples, %" PRId64 " us apart, at most %" PRId64 " us\n",
		      n, n ? (now_ns() - start) / 1000 / (int64_t)n : 0, most / 1000);
	return fclose(out) == 0 ? 0 : 1;
}
