// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_file.h. One line for each thing, in words; a cgroup's path comes last, it may hold blanks.
//
//   colod-evictions 1 BOOT-ID
//   taint UNTIL-US 1
//   time AT-US
//   pending dying ASKED UNTIL TRIES COUNTED ESTIMATE BEFORE INODE NAMESPACE KIND STEM kubepods.slice/...
//   ordered 1 1000 4711 coloctl    (the one before, by whom: whether that is known, uid, pid, name)
//   back                           (the one before was back from an eviction itself)
//   return UNTIL NAMESPACE KIND STEM
//   end
#include "agent/evict_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/boot_id.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"

#define FILE_NAME "evictions"
#define FILE_NEW "evictions.new"
#define MAGIC "colod-evictions 1 "

static const char *const stages[EVICT_STAGE_COUNT] = {
	[EVICT_STAGE_NONE] = "none",
	[EVICT_STAGE_ASKED] = "asked",
	[EVICT_STAGE_AGAIN] = "again",
	[EVICT_STAGE_DYING] = "dying",
};

/* A bounded cursor. */
struct out {
	char *buf;
	size_t len;
};

static void put(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct out *o, const char *format, ...)
{
	size_t room = EVICT_FILE_SIZE - o->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(o->buf + o->len, room, format, args);
	va_end(args);
	if (n > 0)
		o->len += (size_t)n < room ? (size_t)n : room - 1;
}

/* A word of the file: what a cluster's names cannot hold makes it "-", which is none. */
static const char *word(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c == 127)
			return "-";
	return *name ? name : "-";
}

static void put_return(struct out *o, const struct evict_return *r)
{
	put(o, " %s %s %s", word(r->namespace), word(r->owner_kind), word(r->stem));
}

size_t evict_file_format(const struct evict_file *file, const char *boot_id, char *buf)
{
	struct out o = {.buf = buf};

	put(&o, MAGIC "%s\ntaint %" PRId64 " %d\n", boot_id, file->taint_until_us, file->taint_up);
	for (uint32_t i = 0; i < file->n_times; i++)
		put(&o, "time %" PRId64 "\n", file->times_us[i]);
	for (size_t i = 0; i < file->n_pending; i++) {
		const struct evict_file_pending *f = &file->pending[i];
		const struct evict_pending *p = &f->pending;

		if (strchr(f->path, '\n'))
			continue;
		put(&o,
		    "pending %s %" PRId64 " %" PRId64 " %" PRIu32 " %d %" PRIu64 " %" PRIu64
		    " %" PRIu64,
		    stages[p->stage], p->asked_us, p->until_us, p->tries, p->counted,
		    p->estimate_bytes, p->before_bytes, f->inode);
		put_return(&o, &p->back);
		put(&o, " %s\n", f->path);
		if (p->ordered)
			put(&o, "ordered %d %" PRIu32 " %" PRId32 " %s\n", f->caller.known,
			    f->caller.uid, f->caller.pid, word(f->caller.comm));
		if (p->returned)
			put(&o, "back\n");
	}
	for (size_t i = 0; i < file->n_returns; i++) {
		put(&o, "return %" PRId64, file->returns[i].until_us);
		put_return(&o, &file->returns[i]);
		put(&o, "\n");
	}
	put(&o, "end\n");
	return o.len;
}

/* --- reading ----------------------------------------------------------------------------------- */

static char *next(char **line)
{
	char *at = *line;

	if (!at)
		return NULL;
	*line = strchr(at, ' ');
	if (*line)
		*(*line)++ = '\0';
	return *at ? at : NULL;
}

static bool get_u64(char **line, uint64_t max, uint64_t *ret)
{
	char *text = next(line), *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret <= max;
}

static bool get_time(char **line, int64_t *ret)
{
	uint64_t value;

	if (!get_u64(line, INT64_MAX, &value))
		return false;
	*ret = (int64_t)value;
	return true;
}

static bool get_flag(char **line, bool *ret)
{
	uint64_t value;

	if (!get_u64(line, 1, &value))
		return false;
	*ret = value == 1;
	return true;
}

static bool get_word(char **line, char *ret, size_t size)
{
	const char *text = next(line);

	if (!text || strlen(text) >= size)
		return false;
	memcpy(ret, text, strlen(text) + 1);
	if (strcmp(ret, "-") == 0)
		ret[0] = '\0';
	return true;
}

static bool get_return(char **line, struct evict_return *r)
{
	return get_word(line, r->namespace, sizeof(r->namespace)) &&
	       get_word(line, r->owner_kind, sizeof(r->owner_kind)) &&
	       get_word(line, r->stem, sizeof(r->stem));
}

static bool get_stage(char **line, enum evict_stage *ret)
{
	const char *text = next(line);

	for (int i = EVICT_STAGE_ASKED; text && i < EVICT_STAGE_COUNT; i++) {
		if (strcmp(text, stages[i]) != 0)
			continue;
		*ret = (enum evict_stage)i;
		return true;
	}
	return false;
}

static bool get_pending(char *line, struct evict_file *file)
{
	struct evict_file_pending *f;
	uint64_t tries;

	if (file->n_pending == EVICT_PENDING)
		return false;
	f = &file->pending[file->n_pending++];
	if (!get_stage(&line, &f->pending.stage) || !get_time(&line, &f->pending.asked_us) ||
	    !get_time(&line, &f->pending.until_us) || !get_u64(&line, EVICT_TRIES, &tries) ||
	    !get_flag(&line, &f->pending.counted) ||
	    !get_u64(&line, UINT64_MAX, &f->pending.estimate_bytes) ||
	    !get_u64(&line, UINT64_MAX, &f->pending.before_bytes) ||
	    !get_u64(&line, UINT64_MAX, &f->inode) || !get_return(&line, &f->pending.back) ||
	    !line || !*line || strlen(line) >= sizeof(f->path))
		return false;
	f->pending.tries = (uint32_t)tries;
	memcpy(f->path, line, strlen(line) + 1);
	return true;
}

/* Who ordered the one before. */
static bool get_ordered(char *line, struct evict_file *file)
{
	struct evict_file_pending *f;
	uint64_t uid, pid;

	if (file->n_pending == 0)
		return false;
	f = &file->pending[file->n_pending - 1];
	if (f->pending.ordered || !get_flag(&line, &f->caller.known) ||
	    !get_u64(&line, UINT32_MAX, &uid) || !get_u64(&line, INT32_MAX, &pid) ||
	    !get_word(&line, f->caller.comm, sizeof(f->caller.comm)) || line)
		return false;
	f->caller.uid = (uint32_t)uid;
	f->caller.pid = (int32_t)pid;
	f->pending.ordered = true;
	return true;
}

/* It keeps the floor that it came back to, until it goes. */
static bool get_back(const char *line, struct evict_file *file)
{
	struct evict_pending *p;

	if (line || file->n_pending == 0)
		return false;
	p = &file->pending[file->n_pending - 1].pending;
	if (p->returned)
		return false;
	p->returned = true;
	return true;
}

static bool get_line(char *line, struct evict_file *file)
{
	const char *what = next(&line);

	if (!what)
		return false;
	if (strcmp(what, "taint") == 0)
		return get_time(&line, &file->taint_until_us) && get_flag(&line, &file->taint_up) &&
		       !line;
	if (strcmp(what, "time") == 0)
		return file->n_times < EVICT_TIMES &&
		       get_time(&line, &file->times_us[file->n_times++]) && !line;
	if (strcmp(what, "pending") == 0)
		return get_pending(line, file);
	if (strcmp(what, "ordered") == 0)
		return get_ordered(line, file);
	if (strcmp(what, "back") == 0)
		return get_back(line, file);
	if (strcmp(what, "return") != 0 || file->n_returns == EVICT_RETURNS)
		return false;
	return get_time(&line, &file->returns[file->n_returns].until_us) &&
	       get_return(&line, &file->returns[file->n_returns++]) && !line;
}

int evict_file_parse(char *text, const char *boot_id, struct evict_file *ret_file)
{
	struct evict_file *file = ret_file;
	char *line = text, *end;
	bool same;

	*file = (struct evict_file){0};
	end = strchr(line, '\n');
	if (strncmp(line, MAGIC, strlen(MAGIC)) != 0 || !end)
		return -EBADMSG;
	*end = '\0';
	same = boot_id_is_same(line + strlen(MAGIC), boot_id);
	for (line = end + 1; strcmp(line, "end\n") != 0; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EBADMSG;
		*end = '\0';
		if (!get_line(line, file))
			return -EBADMSG;
	}
	if (same)
		return 0;
	*file = (struct evict_file){.taint_up = file->taint_up};
	return -ESTALE;
}

int evict_file_save(int state_fd, const struct evict_file *file)
{
	char text[EVICT_FILE_SIZE], boot_id[BOOT_ID_SIZE];
	_cleanup_close_ int fd = -EBADF;
	size_t len;
	ssize_t n;
	int r;

	boot_id_read(boot_id, sizeof(boot_id));
	len = evict_file_format(file, boot_id, text);
	r = fs_open(state_fd, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC, &fd);
	if (r < 0)
		return r;
	n = sys_write(fd, text, len);
	if (n != (ssize_t)len)
		r = n < 0 ? -errno : -ENOSPC;
	if (r == 0 && sys_renameat(state_fd, FILE_NEW, state_fd, FILE_NAME) < 0)
		r = -errno;
	if (r < 0)
		(void)sys_unlinkat(state_fd, FILE_NEW, 0);
	return r;
}

int evict_file_load(int state_fd, struct evict_file *ret_file)
{
	char text[EVICT_FILE_SIZE], boot_id[BOOT_ID_SIZE];
	int r = fs_read(state_fd, FILE_NAME, text, sizeof(text), NULL);

	*ret_file = (struct evict_file){0};
	if (r < 0)
		return r;
	boot_id_read(boot_id, sizeof(boot_id));
	return evict_file_parse(text, boot_id, ret_file);
}
