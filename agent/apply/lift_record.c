// SPDX-License-Identifier: LGPL-2.1-or-later
// See lift_record.h. The file is mapped: a store is in it whatever becomes of this process, costs no call and needs no
// page. A slot is text, for people too, and counts only with the sign that is stored last:
//
//	+ 4711 kubepods.slice/kubepods-besteffort.slice/...      inode and path of the pod
//	4712 cpu.max 5000 20000                                  inode of it or one below, knob, what it had
//	4712 io.max 8:0 rbps=1048576 wbps=max riops=max wiops=max
#include "agent/apply/lift_record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/apply/kill_walk.h"
#include "agent/apply/writer.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

/* A path of KILL_PATH_SIZE, and of KILL_LIFT_CGROUPS cgroups the four knobs that are lifted and four disks. */
#define SLOT_BYTES 28672u
#define FILE_BYTES (LIFT_RECORD_SLOTS * SLOT_BYTES)
#define VALID '+'
/* "259:1048575 rbps=18446744073709551614 ..." */
#define LINE_SIZE 192

struct lift_record {
	char *map;
	int state_fd;
};

/* Written, not only made long: a hole would ask for its page when there is none. */
static int fill(int fd)
{
	static const char zeros[SLOT_BYTES];

	for (unsigned i = 0; i < LIFT_RECORD_SLOTS; i++) {
		ssize_t n = sys_write(fd, zeros, sizeof(zeros));

		if (n != (ssize_t)sizeof(zeros))
			return n < 0 ? -errno : -ENOSPC;
	}
	return 0;
}

int lift_record_new(int state_fd, struct lift_record **ret_record)
{
	_cleanup_free_ struct lift_record *record = calloc(1, sizeof(*record));
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!record)
		return -ENOMEM;
	/* Not made shorter: somebody may have it mapped. */
	(void)sys_unlinkat(state_fd, LIFT_RECORD_FILE, 0);
	r = fs_open(state_fd, LIFT_RECORD_FILE, O_RDWR | O_CREAT | O_EXCL, &fd);
	if (r == 0)
		r = fill(fd);
	if (r < 0)
		return r;
	record->map =
		mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (record->map == MAP_FAILED)
		return -errno;
	record->state_fd = state_fd;
	*ret_record = TAKE_PTR(record);
	return 0;
}

void lift_record_free(struct lift_record *record)
{
	bool used = false;

	if (!record)
		return;
	for (size_t i = 0; i < LIFT_RECORD_SLOTS; i++)
		used |= record->map[i * SLOT_BYTES] == VALID;
	if (!used)
		(void)sys_unlinkat(record->state_fd, LIFT_RECORD_FILE, 0);
	(void)munmap(record->map, FILE_BYTES);
	free(record);
}

static void put_sign(char *slot, char sign)
{
	/* Not before what it stands for. */
	atomic_signal_fence(memory_order_seq_cst);
	*(volatile char *)slot = sign;
	atomic_signal_fence(memory_order_seq_cst);
}

static bool put_lines(char *text, size_t size, const struct kill_lifted *l)
{
	char value[KNOB_TEXT_SIZE];

	for (int i = 0; i < KNOB_COUNT; i++) {
		size_t len = strlen(text);
		struct knob_value had;
		int n;

		if (!(l->lifted & (1u << i)))
			continue;
		had = kill_lift_had(l, (enum knob)i);
		n = snprintf(text + len, size - len, "%" PRIu64 " %s %s\n", l->inode,
			     knob_name((enum knob)i),
			     knob_format((enum knob)i, &had, value, sizeof(value)));
		if (n < 0 || (size_t)n >= size - len)
			return false;
	}
	return true;
}

bool lift_record_set(struct lift_record *record, unsigned slot, const char *path, uint64_t inode,
		     const struct kill_lift *lift)
{
	char *text;
	int n;

	if (!record || slot >= LIFT_RECORD_SLOTS)
		return false;
	text = record->map + slot * SLOT_BYTES;
	put_sign(text, '\0');
	n = snprintf(text + 1, SLOT_BYTES - 1, " %" PRIu64 " %s\n", inode, path);
	if (n < 0 || (size_t)n >= SLOT_BYTES - 1)
		return false;
	for (uint32_t i = 0; i < lift->n; i++)
		if (!put_lines(text + 1, SLOT_BYTES - 1, &lift->list[i]))
			return false;
	put_sign(text, VALID);
	return true;
}

void lift_record_clear(struct lift_record *record, unsigned slot)
{
	if (record && slot < LIFT_RECORD_SLOTS)
		put_sign(record->map + slot * SLOT_BYTES, '\0');
}

struct pod_back {
	const char *lines;
	struct lift_back *sum;
	uint32_t seen; /* values whose cgroup is there */
};

/* "INODE KNOB VALUE\n". False: no such line. */
static bool read_line(const char *line, uint64_t *ret_inode, const struct writer **ret_writer,
		      struct knob_value *ret_had)
{
	char name[32], value[LINE_SIZE];
	int knob;

	if (sscanf(line, "%" SCNu64 " %31s %191[^\n]", ret_inode, name, value) != 3)
		return false;
	knob = knob_from_name(name);
	*ret_writer = knob < 0 ? NULL : writer_of((enum knob)knob);
	return *ret_writer && (*ret_writer)->lifts &&
	       knob_parse((enum knob)knob, value, ret_had) == 0 && ret_had->state == KNOB_KNOWN;
}

static void put_value(struct lift_back *sum, int dir_fd, const struct writer *w,
		      const struct knob_value *had)
{
	int r = kill_lift_value_back(dir_fd, w, had);

	if (r > 0)
		sum->restored++;
	else if (r == 0)
		sum->foreign++;
	else if (r == -ENOENT || r == -ENODEV)
		sum->gone++;
	else
		sum->failed++;
}

/* What was recorded of this one. */
static int visit(void *context, int dir_fd, const char *name)
{
	struct pod_back *pod = context;
	uint64_t own, inode;

	(void)name;
	if (fs_inode(dir_fd, "", &own) < 0)
		return 0;
	for (const char *p = pod->lines; p; p = strchr(p, '\n')) {
		const struct writer *w;
		struct knob_value had;

		p += *p == '\n';
		if (read_line(p, &inode, &w, &had) && inode == own) {
			pod->seen++;
			put_value(pod->sum, dir_fd, w, &had);
		}
	}
	return 0;
}

static void count_lines(const char *lines, struct lift_back *back, uint32_t *ret_n)
{
	const struct writer *w;
	struct knob_value had;
	uint64_t inode;

	for (const char *p = lines; p && *p; p = strchr(p, '\n'), p += p != NULL) {
		bool good = read_line(p, &inode, &w, &had);

		*ret_n += good;
		back->bad += !good;
	}
}

static void slot_back(int cgroup_fd, const char *text, struct lift_back *back)
{
	_cleanup_close_ int dir_fd = -EBADF;
	struct pod_back pod = {.sum = back};
	const char *lines = strchr(text, '\n');
	uint32_t n = 0;
	uint64_t inode;
	char path[1024];

	if (text[0] != VALID)
		return;
	if (!lines || sscanf(text + 1, " %" SCNu64 " %1023[^\n]", &inode, path) != 2) {
		back->bad++;
		return;
	}
	pod.lines = lines + 1;
	count_lines(pod.lines, back, &n);
	back->written += n;
	if (fs_open_dir_of(cgroup_fd, path, inode, &dir_fd) == 0)
		(void)kill_walk(dir_fd, visit, &pod, NULL);
	back->gone += n > pod.seen ? n - pod.seen : 0;
}

void lift_record_put_back(int cgroup_fd, int state_fd, struct lift_back *ret_back)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	*ret_back = (struct lift_back){0};
	if (state_fd < 0 || fs_read_alloc(state_fd, LIFT_RECORD_FILE, FILE_BYTES, &text, &len) < 0)
		return;
	for (size_t at = 0; at + SLOT_BYTES <= len; at += SLOT_BYTES) {
		text[at + SLOT_BYTES - 1] = '\0';
		slot_back(cgroup_fd, text + at, ret_back);
	}
	/* What the kernel refused stays recorded, for colod restore. */
	if (ret_back->failed == 0)
		(void)sys_unlinkat(state_fd, LIFT_RECORD_FILE, 0);
}
