// SPDX-License-Identifier: LGPL-2.1-or-later
// CPU load for `make bench-cpu`. Its loops are long and plain, because an emulator runs those fast.
//
//	cpu_load spin N           N processes that never stop
//	cpu_load pulse ON_MS OFF_MS    one process that never stops for the one time, and rests for the other
//	cpu_load hold FILE US     takes FILE's inode lock again and again, for about US of CPU each time
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between two holds the lock is free for this part of a hold. */
#define FREE_PART 10
#define CHUNK_BYTES (64u << 10)
#define BUFFER_BYTES (64u << 20)

static uint64_t cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void burn(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		__asm__ volatile(".rept 200\n\tadd $1, %%rax\n\t.endr" ::: "rax", "cc");
}

static int spin(int n)
{
	for (int i = 1; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		}
	}
	for (;;)
		burn(1u << 20);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* By the clock: what it does not get while it is on is lost to it. */
static _Noreturn void pulse(uint64_t on_ms, uint64_t off_ms)
{
	struct timespec rest = {.tv_sec = (time_t)(off_ms / 1000u),
				.tv_nsec = (long)(off_ms % 1000u * 1000000u)};

	for (;;) {
		uint64_t until = now_ms() + on_ms;

		while (now_ms() < until)
			burn(100);
		(void)nanosleep(&rest, NULL);
	}
}

static uint64_t write_ns(int fd, const char *buffer, size_t bytes)
{
	uint64_t before = cpu_ns();

	if (pwrite(fd, buffer, bytes, 0) != (ssize_t)bytes)
		return 0;
	return cpu_ns() - before;
}

/* How many bytes one write must have to take this long, pages being there already; 0 where it cannot. */
static size_t bytes_of_hold(int fd, const char *buffer, uint64_t hold_ns)
{
	size_t bytes = CHUNK_BYTES;

	while (bytes < BUFFER_BYTES) {
		uint64_t ns;

		if (write_ns(fd, buffer, bytes) == 0)
			return 0;
		ns = write_ns(fd, buffer, bytes);
		if (ns == 0)
			return 0;
		if (ns >= hold_ns / 2)
			return (size_t)((double)bytes * (double)hold_ns / (double)ns);
		bytes *= 2;
	}
	return 0;
}

static int hold(const char *path, uint64_t us)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	char *buffer = malloc(BUFFER_BYTES);
	size_t bytes;

	if (fd < 0 || !buffer)
		return 1;
	memset(buffer, 'x', BUFFER_BYTES);
	bytes = bytes_of_hold(fd, buffer, us * 1000);
	if (bytes == 0 || bytes > BUFFER_BYTES)
		return 1;
	(void)write_ns(fd, buffer, bytes);
	printf("holds %zu bytes %" PRIu64 " us\n", bytes, write_ns(fd, buffer, bytes) / 1000);
	(void)fflush(stdout);
	for (;;) {
		uint64_t held = write_ns(fd, buffer, bytes), until = cpu_ns() + held / FREE_PART;

		while (cpu_ns() < until)
			burn(100);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "spin") == 0)
		return spin(atoi(argv[2]));
	if (argc == 4 && strcmp(argv[1], "pulse") == 0)
		pulse((uint64_t)atoll(argv[2]), (uint64_t)atoll(argv[3]));
	if (argc == 4 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2], (uint64_t)atoll(argv[3]));
	(void)fputs(
		"usage: cpu_load spin N\n       cpu_load pulse ON_MS OFF_MS\n       cpu_load hold FILE US\n",
		stderr);
	return 2;
}
