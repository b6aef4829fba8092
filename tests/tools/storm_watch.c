// SPDX-License-Identifier: LGPL-2.1-or-later
// The outside witness of a storm: looks at pods each PERIOD_MS from memory that cannot be taken from it, at a
// priority that nothing delays, and says what it saw once it is told to end (SIGTERM). It knows nothing of colod.
//
//	storm_watch LOG PERIOD_MS NAME=CGROUP...      the first one is the online pod
//	storm_watch dog SECONDS                       resets the machine then: a node can be lost to a storm for good
//
//	s MS STALL_US AVAILABLE_KIB      what the online pod waited for memory so far, and what the node has left
//	k MS NAME N                      the kernel's OOM killer has killed N processes of this pod so far
//	d MS NAME CPU_US BYTES           its last process is gone, after so much CPU; it had so much memory
//	l MS NAME BYTES                  and so much each other pod had then that lives on
//	f MS NAME                        of what it had then, a fifth is left
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PODS_MAX 64
#define LOG_BYTES (1u << 20)
#define TEXT_BYTES 8192
#define LEFT_PART 5

enum pod_file { POD_EVENTS, POD_CURRENT, POD_OOM, POD_CPU, POD_FILES };

static const char *const names[POD_FILES] = {"cgroup.events", "memory.current", "memory.events",
					     "cpu.stat"};

struct pod {
	const char *name;
	int fd[POD_FILES];
	uint64_t last_bytes; /* before its last process was gone */
	uint64_t kills;
	bool dead, freed;
};

static struct pod pods[PODS_MAX];
static size_t n_pods;
static char text[TEXT_BYTES];
static char log_text[LOG_BYTES];
static size_t log_bytes;
static volatile sig_atomic_t ended;

static void on_end(int signal)
{
	(void)signal;
	ended = 1;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(log_text + log_bytes, sizeof(log_text) - log_bytes, format, args);
	va_end(args);
	if (n > 0 && log_bytes + (size_t)n < sizeof(log_text))
		log_bytes += (size_t)n;
}

/* The number behind KEY, or the first one where KEY is empty. What is gone or says nothing of it: false. */
static bool number(int fd, const char *key, uint64_t *ret)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	if (n <= 0)
		return false;
	text[n] = '\0';
	at = strstr(text, key);
	if (!at)
		return false;
	*ret = strtoull(at + strlen(key), NULL, 10);
	return true;
}

static int open_in(const char *dir, const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool add(char *word)
{
	char *path = strchr(word, '=');
	struct pod *p = &pods[n_pods];

	if (!path || n_pods == PODS_MAX)
		return false;
	*path++ = '\0';
	p->name = word;
	for (size_t i = 0; i < POD_FILES; i++) {
		p->fd[i] = open_in(path, names[i]);
		if (p->fd[i] < 0)
			return false;
	}
	n_pods++;
	return true;
}

static void say_who_lives(uint64_t at_ms)
{
	for (size_t i = 0; i < n_pods; i++)
		if (!pods[i].dead)
			say("l %" PRIu64 " %s %" PRIu64 "\n", at_ms, pods[i].name,
			    pods[i].last_bytes);
}

static void look_at_life(struct pod *p)
{
	uint64_t populated = 0, bytes = 0, cpu_us = 0, at_ms;

	if (p->freed)
		return;
	(void)number(p->fd[POD_CURRENT], "", &bytes);
	if (!p->dead) {
		if (number(p->fd[POD_EVENTS], "populated ", &populated) && populated) {
			p->last_bytes = bytes;
			return;
		}
		(void)number(p->fd[POD_CPU], "usage_usec ", &cpu_us);
		at_ms = now_ms();
		say("d %" PRIu64 " %s %" PRIu64 " %" PRIu64 "\n", at_ms, p->name, cpu_us,
		    p->last_bytes);
		p->dead = true;
		say_who_lives(at_ms);
	}
	p->freed = bytes <= p->last_bytes / LEFT_PART;
	if (p->freed)
		say("f %" PRIu64 " %s\n", now_ms(), p->name);
}

/* Told before the death that they explain. */
static void look_at_kills(void)
{
	for (size_t i = 0; i < n_pods; i++) {
		uint64_t kills = 0;

		if (number(pods[i].fd[POD_OOM], "oom_kill ", &kills) && kills != pods[i].kills)
			say("k %" PRIu64 " %s %" PRIu64 "\n", now_ms(), pods[i].name, kills);
		pods[i].kills = kills;
	}
}

static void run(int stall_fd, int vmstat_fd, int meminfo_fd, uint64_t period_ms)
{
	uint64_t kills = UINT64_MAX, next_ms = now_ms();

	while (!ended) {
		uint64_t stall_us = 0, free_kib = 0, seen = 0, now;

		(void)number(stall_fd, "total=", &stall_us);
		(void)number(meminfo_fd, "MemAvailable:", &free_kib);
		say("s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", now_ms(), stall_us, free_kib);
		if (number(vmstat_fd, "\noom_kill ", &seen) && seen != kills)
			look_at_kills();
		kills = seen;
		for (size_t i = 0; i < n_pods; i++)
			look_at_life(&pods[i]);
		now = now_ms();
		next_ms += period_ms;
		if (next_ms > now)
			(void)usleep((useconds_t)((next_ms - now) * 1000u));
		else
			next_ms = now;
	}
	look_at_kills();
}

static bool is_first_and_stays(void)
{
	struct sched_param first = {.sched_priority = 40};

	return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 &&
	       sched_setscheduler(0, SCHED_FIFO, &first) == 0;
}

static int dog(const char *seconds)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || !is_first_and_stays())
		return 1;
	(void)sleep((unsigned)strtoul(seconds, NULL, 10));
	return write(fd, "b", 1) == 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct sigaction end = {.sa_handler = on_end};
	int out, vmstat = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	int meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC), stall = -1;

	if (argc == 3 && strcmp(argv[1], "dog") == 0)
		return dog(argv[2]);
	if (argc < 4 || strtoull(argv[2], NULL, 10) == 0)
		return 2;
	for (int i = 3; i < argc; i++) {
		if (i == 3 && strchr(argv[i], '='))
			stall = open_in(strchr(argv[i], '=') + 1, "memory.pressure");
		if (!add(argv[i])) {
			(void)fprintf(stderr, "storm_watch: %s: no such pod\n", argv[i]);
			return 1;
		}
	}
	out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0 || stall < 0 || vmstat < 0 || meminfo < 0 || sigaction(SIGTERM, &end, NULL) < 0)
		return 1;
	if (!is_first_and_stays())
		return 1;
	run(stall, vmstat, meminfo, strtoull(argv[2], NULL, 10));
	return write(out, log_text, log_bytes) == (ssize_t)log_bytes ? 0 : 1;
}
