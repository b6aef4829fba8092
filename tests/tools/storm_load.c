// SPDX-License-Identifier: LGPL-2.1-or-later
// Offline work that fills a node's memory, for `make storm`. It begins once GO exists.
//
//	storm_load GO grow MIB_S      memory of its own, so much a second; 0: as fast as it can
//	storm_load GO fork MIB        touches so much and forks, and so does each child, for ever
//	storm_load GO fill FILE       appends until there is no room for more
//	storm_load GO flood FILE MIB  writes a file of this size, again and again
//	storm_load GO map FILE MIB    reads a file of this size through a mapping, again and again
//	storm_load GO spin 0          memory of none, CPU time as much as there is
//	storm_load GO rest MIB        touches what it has once a second; it does not wait
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1u << 20)
#define PAGE 4096u
#define LOOK_US 20000
/* The step of a rate: so often a second. */
#define STEPS_PER_S 10

static void sleep_us(uint64_t us)
{
	struct timespec t = {.tv_sec = (time_t)(us / 1000000u),
			     .tv_nsec = (long)(us % 1000000u * 1000u)};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static void touch(char *memory, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PAGE)
		memory[at]++;
}

/* Small pages: how much is touched is how much is taken. */
static char *take(size_t bytes)
{
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
	touch(memory, bytes);
	return memory;
}

static int grow(uint64_t mib_s)
{
	size_t bytes = mib_s ? (size_t)(mib_s * MIB / STEPS_PER_S) : MIB;
	struct timespec next;

	(void)clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		if (!take(bytes))
			return 1;
		if (mib_s == 0)
			continue;
		next.tv_nsec += 1000000000 / STEPS_PER_S;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

/* Whatever bounds the number of processes, it goes on as soon as one has died. */
_Noreturn static void bomb(uint64_t mib)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			(void)take((size_t)mib * MIB);
		else if (pid < 0)
			sleep_us(LOOK_US);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static int write_file(const char *path, uint64_t bytes)
{
	static char chunk[MIB];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	memset(chunk, 'x', sizeof(chunk));
	for (uint64_t at = 0; at < bytes; at += sizeof(chunk))
		if (write(fd, chunk, sizeof(chunk)) != (ssize_t)sizeof(chunk))
			break;
	return close(fd);
}

static int fill(const char *path)
{
	if (write_file(path, UINT64_MAX / 2) < 0)
		return 1;
	for (;;)
		sleep_us(1000000);
}

static int flood(const char *path, uint64_t mib)
{
	while (write_file(path, mib * MIB) == 0)
		;
	return 1;
}

/* The file is one hole: its pages fill memory like any other's and no disk sets the pace. */
_Noreturn static void spin(void)
{
	for (;;)
		__asm__ volatile(".rept 200\n\tadd $1, %%rax\n\t.endr" ::: "rax", "cc");
}

static int map(const char *path, uint64_t mib)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	size_t bytes = (size_t)mib * MIB;
	volatile const char *memory;

	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		return 1;
	memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return 1;
	for (;;)
		for (size_t at = 0; at < bytes; at += PAGE)
			(void)memory[at];
}

static int rest(uint64_t mib)
{
	char *memory = take((size_t)mib * MIB);

	if (!memory)
		return 1;
	for (;; sleep_us(1000000))
		touch(memory, (size_t)mib * MIB);
}

int main(int argc, char **argv)
{
	const char *how = argc >= 4 ? argv[2] : "";
	uint64_t amount = argc >= 4 ? strtoull(argv[argc - 1], NULL, 10) : 0;

	if (strcmp(how, "rest") == 0)
		return rest(amount);
	while (argc >= 4 && access(argv[1], F_OK) < 0)
		sleep_us(LOOK_US);
	if (argc == 4 && strcmp(how, "grow") == 0)
		return grow(amount);
	if (argc == 4 && strcmp(how, "spin") == 0)
		spin();
	if (argc == 4 && strcmp(how, "fork") == 0)
		bomb(amount);
	if (argc == 4 && strcmp(how, "fill") == 0)
		return fill(argv[3]);
	if (argc == 5 && strcmp(how, "flood") == 0)
		return flood(argv[3], amount);
	if (argc == 5 && strcmp(how, "map") == 0)
		return map(argv[3], amount);
	(void)fputs("usage: storm_load GO grow|fork|spin|rest NUMBER\n"
		    "       storm_load GO fill FILE\n"
		    "       storm_load GO flood|map FILE MIB\n",
		    stderr);
	return 2;
}
