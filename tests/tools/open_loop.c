// SPDX-License-Identifier: LGPL-2.1-or-later
// Latency as a user sees it, for `make bench-cpu` and `make storm`: requests come at fixed times, whatever
// became of the ones before, and each is measured from the time it was meant for, so that a stall counts
// for all that would have come in it.
//
//	open_loop serve [ADDRESS:]PORT WORK_US      answers each datagram after WORK_US of CPU
//	open_loop serve PORT ROUNDSr                the same, of so many rounds of adding: as much in each boot, however disturbed its start
//	open_loop serve PORT WORK_US WHAT FILE      and after: cached (reads 64 KiB anywhere in FILE, through the page cache),
//						    disk (4 KiB, past it), memory (takes 256 KiB and gives it back)
//	open_loop send [ADDRESS:]PORT PERIOD_US SECONDS  asks it, from a real-time thread: only the answer is late
//	open_loop mean PORT PERIOD_US SECONDS       the same, and prints the mean as well
//	open_loop write FILE PERIOD_US SECONDS      small writes to a file instead
//	open_loop read FILE PERIOD_US SECONDS       reads 4 KiB anywhere in it, past the page cache
//	open_loop fsync FILE PERIOD_US SECONDS      writes 4 KiB, and fsync
//	open_loop touch FILE PERIOD_US SECONDS      takes 4 MiB of memory, and then reads a piece of FILE, which is
//						    not measured; from when FILE.go is there until FILE.stop is
//
// All but serve print: COUNT LOST P50_US P99_US WORST_US. What never came counts with the time until the end.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 100000u
#define WRITE_BYTES 64
#define TOUCH_BYTES (4u << 20)
#define READ_BYTES (1u << 20)
#define TAKE_BYTES (256u << 10)
#define PIECE_BYTES (64u << 10)
#define PAGE_BYTES 4096u
#define LOOK_US 20000
/* How long the last answers are waited for. */
#define DRAIN_US 1000000

static uint64_t now_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void sleep_until_us(uint64_t us)
{
	struct timespec t = {.tv_sec = (time_t)(us / 1000000u),
			     .tv_nsec = (long)(us % 1000000u * 1000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void burn(uint64_t rounds)
{
	for (uint64_t i = 0; i < rounds; i++)
		__asm__ volatile(".rept 20\n\tadd $1, %%rax\n\t.endr" ::: "rax", "cc");
}

/* Rounds of burn() in a millisecond of CPU: the best of some, the others were disturbed. */
static uint64_t rounds_per_ms(void)
{
	uint64_t rounds = 20000, best = 0;

	for (int i = 0; i < 10; i++) {
		uint64_t t = now_us(CLOCK_THREAD_CPUTIME_ID), rate;

		burn(rounds);
		t = now_us(CLOCK_THREAD_CPUTIME_ID) - t;
		rate = rounds * 1000u / (t + 1u);
		best = rate > best ? rate : best;
	}
	return best;
}

/* PORT of this machine, or ADDRESS:PORT. */
static int udp(const char *place, bool server)
{
	const char *colon = strchr(place, ':');
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)atoi(colon ? colon + 1 : place)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char address[INET_ADDRSTRLEN];

	(void)snprintf(address, sizeof(address), "%.*s", colon ? (int)(colon - place) : 0, place);
	if (colon && inet_pton(AF_INET, address, &to.sin_addr) != 1) {
		(void)close(fd);
		return -1;
	}

	if (fd < 0)
		return -1;
	if (server ? bind(fd, (struct sockaddr *)&to, sizeof(to))
		   : connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* What an answer needs beside CPU. */
struct need {
	int fd; /* < 0: of no file */
	bool cached;
	size_t take_bytes;
	uint64_t random;
	off_t file_bytes;
};

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static bool take_and_give_back(size_t bytes);

static bool meet(struct need *need)
{
	static char piece[PIECE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	size_t size = need->cached ? sizeof(piece) : PAGE_BYTES;

	if (need->take_bytes > 0)
		return take_and_give_back(need->take_bytes);
	return need->fd < 0 || pread(need->fd, piece, size,
				     (off_t)(next_random(&need->random) %
					     ((uint64_t)need->file_bytes / size) * size)) > 0;
}

static bool need_of(const char *what, const char *path, struct need *ret_need)
{
	struct need n = {.fd = -1, .random = 88172645463325252u};
	struct stat st;

	n.cached = strcmp(what, "cached") == 0;
	if (strcmp(what, "memory") == 0)
		n.take_bytes = TAKE_BYTES;
	else if (n.cached || strcmp(what, "disk") == 0)
		n.fd = open(path, O_RDONLY | O_CLOEXEC | (n.cached ? 0 : O_DIRECT));
	if (n.take_bytes == 0 &&
	    (n.fd < 0 || fstat(n.fd, &st) < 0 || st.st_size < (off_t)PIECE_BYTES))
		return false;
	/* What is beside it is not what was asked for. */
	if (n.cached)
		(void)posix_fadvise(n.fd, 0, 0, POSIX_FADV_RANDOM);
	n.file_bytes = n.take_bytes == 0 ? st.st_size : 0;
	*ret_need = n;
	return true;
}

static uint64_t rounds_of(const char *work)
{
	char *end;
	uint64_t n = strtoull(work, &end, 10);

	return *end == 'r' ? n : rounds_per_ms() * n / 1000u;
}

static int serve(const char *place, const char *work, struct need need)
{
	int fd = udp(place, true);
	uint64_t rounds = rounds_of(work);

	if (fd < 0)
		return 1;
	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		uint32_t number;

		if (recvfrom(fd, &number, sizeof(number), 0, (struct sockaddr *)&from, &size) !=
		    sizeof(number))
			continue;
		burn(rounds);
		if (!meet(&need))
			return 1;
		(void)sendto(fd, &number, sizeof(number), 0, (struct sockaddr *)&from, size);
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void report_numbers(uint64_t *late_us, uint32_t n, uint32_t lost)
{
	qsort(late_us, n, sizeof(*late_us), by_size);
	printf("%u %u %" PRIu64 " %" PRIu64 " %" PRIu64, n, lost, late_us[n / 2],
	       late_us[(uint64_t)n * 99 / 100], late_us[n - 1]);
}

static int report(uint64_t *late_us, uint32_t n, uint32_t lost)
{
	if (n == 0)
		return 1;
	report_numbers(late_us, n, lost);
	(void)puts("");
	return 0;
}

static int report_mean(uint64_t *late_us, uint32_t n, uint32_t lost)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += late_us[i];
	report_numbers(late_us, n, lost);
	printf(" %" PRIu64 "\n", sum / n);
	return 0;
}

/* Takes the answers that come until a time; returns how many. */
static uint32_t collect(int fd, uint64_t *late_us, uint32_t n, uint64_t start_us,
			uint64_t period_us, uint64_t until_us)
{
	uint32_t got = 0, number;

	for (;;) {
		uint64_t now = now_us(CLOCK_MONOTONIC);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct timespec left = {0};

		if (now < until_us) {
			left.tv_sec = (time_t)((until_us - now) / 1000000u);
			left.tv_nsec = (long)((until_us - now) % 1000000u * 1000u);
		}
		if (ppoll(&p, 1, &left, NULL) <= 0)
			return got;
		if (recv(fd, &number, sizeof(number), MSG_DONTWAIT) != sizeof(number) ||
		    number >= n || late_us[number] != 0)
			continue;
		late_us[number] = now_us(CLOCK_MONOTONIC) - (start_us + number * period_us) + 1u;
		got++;
	}
}

static int send_all(const char *place, bool mean, uint64_t period_us, uint64_t *late_us, uint32_t n)
{
	struct sched_param first = {.sched_priority = 50};
	int fd = udp(place, false);
	uint64_t start, end;
	uint32_t got = 0;

	if (fd < 0 || sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		return 1;
	start = now_us(CLOCK_MONOTONIC) + period_us;
	for (uint32_t i = 0; i < n; i++) {
		got += collect(fd, late_us, n, start, period_us, start + i * period_us);
		(void)send(fd, &i, sizeof(i), MSG_DONTWAIT);
	}
	end = start + n * period_us;
	for (; got < n && now_us(CLOCK_MONOTONIC) < end + DRAIN_US;)
		got += collect(fd, late_us, n, start, period_us,
			       now_us(CLOCK_MONOTONIC) + period_us);
	end = now_us(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < n; i++)
		if (late_us[i] == 0)
			late_us[i] = end - (start + i * period_us);
	return mean ? report_mean(late_us, n, n - got) : report(late_us, n, n - got);
}

static int write_all(const char *path, uint64_t period_us, uint64_t *late_us, uint32_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	char text[WRITE_BYTES] = "";
	uint64_t start = now_us(CLOCK_MONOTONIC) + period_us;

	if (fd < 0)
		return 1;
	for (uint32_t i = 0; i < n; i++) {
		sleep_until_us(start + i * period_us);
		if (pwrite(fd, text, sizeof(text), 0) != sizeof(text))
			return 1;
		late_us[i] = now_us(CLOCK_MONOTONIC) - (start + i * period_us);
	}
	return report(late_us, n, 0);
}

/* One after the other, as a service does that needs the answer: one that takes long makes the next ones late. */
static int disk_all(const char *path, bool reads, uint64_t period_us, uint64_t *late_us, uint32_t n)
{
	static char page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	int fd = open(path, O_CLOEXEC | (reads ? O_RDONLY | O_DIRECT : O_WRONLY | O_CREAT), 0666);
	uint64_t start = now_us(CLOCK_MONOTONIC) + period_us, end = start + n * period_us,
		 random = 88172645463325252u;
	struct stat st;
	uint32_t done = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || (reads && st.st_size < (off_t)PAGE_BYTES))
		return 1;
	for (; done < n && now_us(CLOCK_MONOTONIC) < end; done++) {
		sleep_until_us(start + done * period_us);
		if (reads ? pread(fd, page, PAGE_BYTES,
				  (off_t)(next_random(&random) %
					  ((uint64_t)st.st_size / PAGE_BYTES) * PAGE_BYTES)) < 0
			  : pwrite(fd, page, PAGE_BYTES, (off_t)(done % 256 * PAGE_BYTES)) < 0 ||
				    fsync(fd) < 0)
			return 1;
		late_us[done] = now_us(CLOCK_MONOTONIC) - (start + done * period_us);
	}
	for (uint32_t i = done; i < n; i++)
		late_us[i] = now_us(CLOCK_MONOTONIC) - (start + i * period_us);
	return report(late_us, n, n - done);
}

static bool is_there(const char *path, const char *suffix)
{
	char name[4096];

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

/* Small pages: each one is asked of the kernel. */
static bool take_and_give_back(size_t bytes)
{
	volatile char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	(void)madvise((char *)memory, bytes, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < bytes; at += PAGE_BYTES)
		memory[at] = 1;
	return munmap((char *)memory, bytes) == 0;
}

static int touch_all(const char *path, uint64_t period_us, uint64_t *late_us, uint32_t n)
{
	static char buffer[READ_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t start;
	uint32_t done = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(buffer))
		return 1;
	while (!is_there(path, ".go"))
		sleep_until_us(now_us(CLOCK_MONOTONIC) + LOOK_US);
	start = now_us(CLOCK_MONOTONIC) + period_us;
	for (; done < n && !is_there(path, ".stop"); done++) {
		sleep_until_us(start + done * period_us);
		if (!take_and_give_back(TOUCH_BYTES))
			return 1;
		late_us[done] = now_us(CLOCK_MONOTONIC) - (start + done * period_us);
		if (pread(fd, buffer, sizeof(buffer),
			  (off_t)(done % ((uint64_t)st.st_size / sizeof(buffer)) *
				  sizeof(buffer))) < 0)
			return 1;
	}
	return report(late_us, done, 0);
}

int main(int argc, char **argv)
{
	static uint64_t late_us[COUNT_MAX];
	struct need need = {.fd = -1};
	uint64_t period_us = argc == 5 ? (uint64_t)atoll(argv[3]) : 0;
	uint64_t n = period_us ? (uint64_t)atoll(argv[4]) * 1000000u / period_us : 0;

	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3], need);
	if (argc == 6 && strcmp(argv[1], "serve") == 0 && need_of(argv[4], argv[5], &need))
		return serve(argv[2], argv[3], need);
	if (n > 0 && n <= COUNT_MAX &&
	    (strcmp(argv[1], "send") == 0 || strcmp(argv[1], "mean") == 0))
		return send_all(argv[2], argv[1][0] == 'm', period_us, late_us, (uint32_t)n);
	if (n > 0 && n <= COUNT_MAX && strcmp(argv[1], "write") == 0)
		return write_all(argv[2], period_us, late_us, (uint32_t)n);
	if (n > 0 && n <= COUNT_MAX &&
	    (strcmp(argv[1], "read") == 0 || strcmp(argv[1], "fsync") == 0))
		return disk_all(argv[2], argv[1][0] == 'r', period_us, late_us, (uint32_t)n);
	if (n > 0 && n <= COUNT_MAX && strcmp(argv[1], "touch") == 0)
		return touch_all(argv[2], period_us, late_us, (uint32_t)n);
	(void)fputs("usage: open_loop serve [ADDRESS:]PORT WORK_US [cached|disk|memory FILE]\n"
		    "       open_loop send|mean [ADDRESS:]PORT PERIOD_US SECONDS\n"
		    "       open_loop write|touch|read|fsync FILE PERIOD_US SECONDS\n",
		    stderr);
	return 2;
}
