// SPDX-License-Identifier: LGPL-2.1-or-later
// What a sample costs beside a bare loop of the same reads: the same files, one pread each into a
// buffer of the same size, nothing parsed. Both run in turns, and CPU time of the thread is compared,
// so that other work on the machine weighs on neither. The number of reads is exact.
//
//   bench_observe tree [PODS...]   over a generated tree of plain files (reads are cheap there, so
//                                  the ratio is an upper bound)
//   bench_observe live [PODS...]   over cgroups that it makes below /sys/fs/cgroup and removes again
//                                  (root, in a VM): the ratio that counts
// Exit 1: a read too many or too few, or live and above the limit of 1.3.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/observe/kept_file.h"
#include "agent/observe/observe.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define ROUNDS 15
#define PASSES 20
#define POD_READS 5
#define NODE_READS 5
#define LIMIT_PERMILLE 1300
#define LIVE_PARENT "colod-bench"
#define PATH_SIZE 128

static const char *const pod_files[POD_READS] = {
	"cpu.stat", "memory.current", "cpu.pressure", "memory.pressure", "io.pressure",
};
static const char *const node_files[NODE_READS] = {
	"proc/stat",	    "proc/meminfo", "proc/pressure/cpu", "proc/pressure/memory",
	"proc/pressure/io",
};

struct bench {
	bool live;
	unsigned n_pods;
	char *dir; /* of the generated tree */
	int root_fd;
	int cgroup_fd;
	struct fake fake;
	struct observe *observe;
	int *fds; /* of the bare loop */
	size_t n_fds;
	int64_t now_us;
};

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_observe: %s: %s\n", what, strerror(errno));
	exit(2);
}

static const char *pod_path(const struct bench *b, unsigned i, char *buf)
{
	snprintf(buf, PATH_SIZE, "%s/pod%03u", b->live ? LIVE_PARENT : "kubepods.slice", i);
	return buf;
}

/* Controllers go down the tree one level at a time; without them half of the files are missing. */
static void make_live_parent(const struct bench *b)
{
	must(mkdirat(b->cgroup_fd, LIVE_PARENT, 0755) == 0, "mkdir " LIVE_PARENT);
	must(fs_write(b->cgroup_fd, "cgroup.subtree_control", "+cpu +memory +io") == 0,
	     "cgroup.subtree_control of the root");
	must(fs_write(b->cgroup_fd, LIVE_PARENT "/cgroup.subtree_control", "+cpu +memory +io") == 0,
	     "cgroup.subtree_control");
}

static void make_cgroups(struct bench *b)
{
	char path[PATH_SIZE];

	if (b->live) {
		must(fs_open_root("/", &b->root_fd) == 0, "/");
		must(fs_open_dir(b->root_fd, "sys/fs/cgroup", &b->cgroup_fd) == 0, "cgroup2");
		make_live_parent(b);
	} else {
		must(tree_make("@host 4\n", &b->dir) == 0, "tree");
		b->root_fd = tree_open(b->dir);
		must(fs_open_dir(b->root_fd, "sys/fs/cgroup", &b->cgroup_fd) == 0, "tree");
	}
	for (unsigned i = 0; i < b->n_pods; i++) {
		struct pod *pod;

		pod_path(b, i, path);
		if (b->live)
			must(mkdirat(b->cgroup_fd, path, 0755) == 0, path);
		else
			must(tree_cgroup(b->dir, path) == 0, path);
		pod = fake_pod(&b->fake, path, QOS_BURSTABLE);
		must(fs_inode(b->cgroup_fd, path, &pod->cgroup->inode) == 0, path);
	}
}

static void open_bare(struct bench *b)
{
	char path[PATH_SIZE], file[PATH_SIZE + 32];

	b->fds = calloc(NODE_READS + (size_t)b->n_pods * POD_READS, sizeof(*b->fds));
	must(b->fds != NULL, "memory");
	for (unsigned i = 0; i < NODE_READS; i++)
		must(fs_open(b->root_fd, node_files[i], O_RDONLY, &b->fds[b->n_fds++]) == 0,
		     node_files[i]);
	for (unsigned i = 0; i < b->n_pods * POD_READS; i++) {
		snprintf(file, sizeof(file), "%s/%s", pod_path(b, i / POD_READS, path),
			 pod_files[i % POD_READS]);
		must(fs_open(b->cgroup_fd, file, O_RDONLY, &b->fds[b->n_fds++]) == 0, file);
	}
}

static void start(struct bench *b)
{
	fake_init(&b->fake);
	make_cgroups(b);
	/* First: it raises the limit on descriptors, which the bare loop needs as well. */
	must(observe_new(b->root_fd, b->cgroup_fd, &b->observe) == 0, "observe_new");
	open_bare(b);
}

static void finish(struct bench *b)
{
	char path[PATH_SIZE];

	observe_free(b->observe);
	for (size_t i = 0; i < b->n_fds; i++)
		close(b->fds[i]);
	free(b->fds);
	if (b->live) {
		for (unsigned i = 0; i < b->n_pods; i++)
			(void)unlinkat(b->cgroup_fd, pod_path(b, i, path), AT_REMOVEDIR);
		(void)unlinkat(b->cgroup_fd, LIVE_PARENT, AT_REMOVEDIR);
	}
	close(b->cgroup_fd);
	close(b->root_fd);
	tree_remove(b->dir);
	fake_free(&b->fake);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t time_observe(struct bench *b)
{
	uint64_t before = cpu_ns();

	for (int i = 0; i < PASSES; i++) {
		b->now_us += 1000000;
		must(observe_sample(b->observe, &b->fake.model, b->now_us) == 0, "observe_sample");
	}
	return (cpu_ns() - before) / PASSES;
}

static uint64_t time_bare(const struct bench *b)
{
	static char text[KEPT_FILE_SIZE];
	uint64_t before = cpu_ns();

	for (int i = 0; i < PASSES; i++) {
		for (size_t j = 0; j < b->n_fds; j++)
			must(pread(b->fds[j], text, sizeof(text) - 1, 0) > 0, "pread");
	}
	return (cpu_ns() - before) / PASSES;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool run(bool live, unsigned n_pods)
{
	struct bench b = {.live = live, .n_pods = n_pods, .root_fd = -EBADF, .cgroup_fd = -EBADF};
	uint64_t observe[ROUNDS], bare[ROUNDS], ratio[ROUNDS], reads, want;
	bool ok;

	start(&b);
	(void)time_observe(&b);
	(void)time_bare(&b);
	reads = observe_n_reads(b.observe);
	for (int i = 0; i < ROUNDS; i++) {
		observe[i] = time_observe(&b);
		bare[i] = time_bare(&b);
		ratio[i] = observe[i] * 1000 / bare[i];
	}
	reads = observe_n_reads(b.observe) - reads;
	want = (uint64_t)ROUNDS * PASSES * (NODE_READS + (uint64_t)n_pods * POD_READS);
	qsort(observe, ROUNDS, sizeof(*observe), compare);
	qsort(bare, ROUNDS, sizeof(*bare), compare);
	qsort(ratio, ROUNDS, sizeof(*ratio), compare);
	ok = reads == want && (!live || ratio[ROUNDS / 2] <= LIMIT_PERMILLE);
	printf("%s  pods %4u  reads a pass %5llu (wanted %5llu)  sample %7.1f us  bare %7.1f us  "
	       "ratio %.2f (%.2f to %.2f)%s\n",
	       live ? "live" : "tree", n_pods,
	       (unsigned long long)(reads / ((uint64_t)ROUNDS * PASSES)),
	       (unsigned long long)(want / ((uint64_t)ROUNDS * PASSES)),
	       (double)observe[ROUNDS / 2] / 1e3, (double)bare[ROUNDS / 2] / 1e3,
	       (double)ratio[ROUNDS / 2] / 1e3, (double)ratio[0] / 1e3,
	       (double)ratio[ROUNDS - 1] / 1e3, ok ? "" : "  NOT OK");
	finish(&b);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = true, live = argc > 1 && strcmp(argv[1], "live") == 0;

	if (argc < 2 || (!live && strcmp(argv[1], "tree") != 0)) {
		fputs("usage: bench_observe tree|live [PODS...]\n", stderr);
		return 2;
	}
	if (argc == 2) {
		ok = run(live, 100);
		return !(run(live, 200) && ok);
	}
	for (int i = 2; i < argc; i++) {
		long n = strtol(argv[i], NULL, 10);

		if (n < 1 || n > 999) {
			fprintf(stderr, "bench_observe: %s: 1 to 999 pods\n", argv[i]);
			return 2;
		}
		ok &= run(live, (unsigned)n);
	}
	return !ok;
}
