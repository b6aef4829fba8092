// SPDX-License-Identifier: LGPL-2.1-or-later
// See replay.h. What is printed is stable: tests compare it, and people diff it.
#include "agent/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/sys.h"
#include "agent/replay_other.h"
#include "agent/replay_side.h"
#include "policy/steps.h"

enum { SAME = 0, DIFFERS = 1, UNREADABLE = 2 };

struct replay {
	const char *path;
	struct record_reader *reader;
	struct replay_side side;
	struct steps *steps;
	struct record_buf out;
	uint64_t passes;
	uint64_t differing;
	uint64_t n_steps;
};

static void replay_done(struct replay *r)
{
	record_reader_free(r->reader);
	replay_side_done(&r->side);
	steps_free(r->steps);
	record_buf_free(&r->out);
}

/* The next line of a text, without its newline; false at the end. */
static bool take_line(struct record_line *rest, struct record_line *ret_line)
{
	const char *end = rest->len > 0 ? memchr(rest->at, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*ret_line = (struct record_line){rest->at, (size_t)(end - rest->at)};
	rest->at += ret_line->len + 1;
	rest->len -= ret_line->len + 1;
	return true;
}

static void say_line(const char *who, const struct record_line *line)
{
	if (line->at)
		fprintf(stderr, "  %s%.*s\n", who, (int)line->len, line->at);
	else
		fprintf(stderr, "  %snothing more in this pass\n", who);
}

/* The first line in which the pass differs; the rest may follow from it. */
static void say_difference(const struct replay *r, const struct record_replayed *given)
{
	struct record_line was = {given->steps, given->steps_len}, is = {r->out.text, r->out.n};
	size_t n = 0;

	for (;; n++) {
		struct record_line a = {0}, b = {0};
		bool more_a = take_line(&was, &a), more_b = take_line(&is, &b);

		if (more_a && more_b && a.len == b.len && memcmp(a.at, b.at, a.len) == 0)
			continue;
		fprintf(stderr,
			"colod: %s: pass %" PRIu64 " differs from what was recorded, at line "
			"%" PRIu64 ":\n",
			r->path, r->passes,
			n < given->n_steps ? given->step_lines[n] : given->line);
		say_line("recorded: ", &a);
		say_line("now:      ", &b);
		return;
	}
}

static void print_pass(struct replay *r, int64_t now_us)
{
	struct record_line rest = {r->out.text, r->out.n}, line;

	if (r->out.n > 0)
		printf("pass %" PRIu64 " at %" PRId64 ".%06" PRId64 " s\n", r->passes,
		       now_us / 1000000, now_us % 1000000);
	for (; take_line(&rest, &line); r->n_steps++)
		printf("  %.*s\n", (int)line.len, line.at);
}

static int replay_pass(struct replay *r, const struct record_replayed *given)
{
	struct record_pass pass;
	int error = replay_side_pass(&r->side, given, &pass);

	r->passes++;
	r->out.n = 0;
	if (error == 0)
		error = steps_tell(r->steps, &pass, given->ids, NULL, "", &r->out);
	if (error < 0)
		return error;
	print_pass(r, given->now_us);
	if (!record_reader_has_steps(r->reader) ||
	    (r->out.n == given->steps_len &&
	     (r->out.n == 0 || memcmp(r->out.text, given->steps, r->out.n) == 0)))
		return 0;
	if (r->differing++ == 0)
		say_difference(r, given);
	return 0;
}

static int print_end(const struct replay *r)
{
	printf("%" PRIu64 " passes, %" PRIu64 " steps", r->passes, r->n_steps);
	if (!record_reader_has_steps(r->reader))
		puts(": the record has none to compare with");
	else if (r->differing == 0)
		puts(": the same as recorded");
	else
		printf(": %" PRIu64 " passes differ from what was recorded\n", r->differing);
	return fflush(stdout) != 0 ? UNREADABLE : r->differing > 0 ? DIFFERS : SAME;
}

static int open_record(const char *path, char **ret_text, size_t *ret_len)
{
	_cleanup_close_ int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);

	if (fd < 0)
		return -errno;
	return fs_read_alloc_fd(fd, RECORD_TEXT_MAX, ret_text, ret_len);
}

static int each_pass(struct replay *r, char error[RECORD_ERROR_SIZE], struct replay_other *other)
{
	struct record_replayed given;
	int rc;

	while ((rc = record_reader_pass(r->reader, error, &given)) == 1) {
		rc = other ? replay_other_pass(other, &given) : replay_pass(r, &given);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int say_unreadable(const char *path, int error, const char *why)
{
	fflush(stdout);
	fprintf(stderr, "colod: %s: %s\n", path,
		error == -EBADMSG ? why
		: error == -EFBIG ? "longer than any record may be (1 GiB)"
				  : strerror(-error));
	return UNREADABLE;
}

static void say_torn(const struct replay *r)
{
	if (record_reader_is_torn(r->reader))
		fprintf(stderr,
			"colod: %s: the last pass is cut short and left out: whoever wrote the "
			"record was stopped\n",
			r->path);
}

int replay_run(const struct options *options)
{
	_cleanup_(replay_done) struct replay r = {.path = options->replay_file};
	_cleanup_(replay_other_done) struct replay_other other = {0};
	_cleanup_free_ char *text = NULL;
	char error[RECORD_ERROR_SIZE] = "";
	bool what_if = options->n_policy_files > 0;
	size_t len = 0;
	int rc = open_record(r.path, &text, &len);

	replay_side_init(&r.side, NULL);
	r.steps = steps_new();
	if (rc == 0 && !r.steps)
		rc = -ENOMEM;
	if (rc == 0)
		rc = record_reader_new(text, len, error, &r.reader);
	if (rc < 0)
		return say_unreadable(r.path, rc, error);
	if (what_if && replay_other_init(&other, options, r.reader) < 0)
		return UNREADABLE;
	rc = each_pass(&r, error, what_if ? &other : NULL);
	if (rc < 0)
		return say_unreadable(r.path, rc, error);
	say_torn(&r);
	return what_if ? replay_other_end(&other) : print_end(&r);
}
