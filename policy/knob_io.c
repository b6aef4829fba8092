// SPDX-License-Identifier: LGPL-2.1-or-later
// See knob_io.h. The kernel takes "8:0 rbps=1048576 wbps=max", leaves what is not said as it is, and shows all four; a disk
// without any bound has no line.
#include "policy/knob_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PARTS 4

static const char *const names[PARTS] = {"rbps", "wbps", "riops", "wiops"};

static uint64_t *part(struct io_max *io, unsigned i)
{
	return i < DISK_DIRECTIONS ? &io->bytes[i] : &io->requests[i - DISK_DIRECTIONS];
}

static uint64_t get(const struct io_max *io, unsigned i)
{
	return i < DISK_DIRECTIONS ? io->bytes[i] : io->requests[i - DISK_DIRECTIONS];
}

static bool same_disk(const struct io_max *a, const struct io_max *b)
{
	return a->major == b->major && a->minor == b->minor;
}

const char *knob_io_format(const struct io_max *io, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%" PRIu32 ":%" PRIu32, io->major, io->minor);

	for (unsigned i = 0; i < PARTS && n > 0 && (size_t)n < size; i++) {
		uint64_t value = get(io, i);

		if (value == KNOB_VALUE_MAX)
			n += snprintf(buf + n, size - (size_t)n, " %s=max", names[i]);
		else if (value > 0)
			n += snprintf(buf + n, size - (size_t)n, " %s=%" PRIu64, names[i], value);
	}
	return buf;
}

static int take_number(const char **text, uint64_t max, uint64_t *ret_value)
{
	const char *p = *text;
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value) || value > max)
			return -ERANGE;
	}
	*text = p;
	*ret_value = value;
	return 0;
}

/* "8:0"; *text moves behind it. */
static int take_disk(const char **text, struct io_max *io)
{
	uint64_t major = 0, minor = 0;
	int r = take_number(text, UINT32_MAX, &major);

	if (r == 0 && **text != ':')
		r = -EINVAL;
	if (r == 0) {
		(*text)++;
		r = take_number(text, UINT32_MAX, &minor);
	}
	io->major = (uint32_t)major;
	io->minor = (uint32_t)minor;
	return r;
}

/* "max", or a bound, which is never 0. */
static int take_bound(const char **text, uint64_t *ret_value)
{
	int r;

	if (strncmp(*text, "max", 3) == 0) {
		*text += 3;
		*ret_value = KNOB_VALUE_MAX;
		return 0;
	}
	r = take_number(text, KNOB_VALUE_MAX - 1, ret_value);
	return r == 0 && *ret_value == 0 ? -EINVAL : r;
}

/* "rbps=max". 1: taken, 0: a word that is not known, which is passed over; or -errno. */
static int take_part(const char **text, struct io_max *io)
{
	for (unsigned i = 0; i < PARTS; i++) {
		size_t len = strlen(names[i]);
		int r;

		if (strncmp(*text, names[i], len) != 0 || (*text)[len] != '=')
			continue;
		*text += len + 1;
		if (get(io, i) != 0)
			return -EINVAL; /* twice */
		r = take_bound(text, part(io, i));
		return r < 0 ? r : 1;
	}
	*text += strcspn(*text, " \n");
	return 0;
}

/* A whole line; *text moves to its end. */
static int take_line(const char **text, bool strict, struct io_max *ret_io)
{
	struct io_max io = {0};
	int r = take_disk(text, &io);

	while (r >= 0 && **text == ' ') {
		(*text)++;
		r = take_part(text, &io);
		if (r == 0 && strict)
			return -EINVAL;
	}
	if (r >= 0 && **text != '\0' && **text != '\n')
		return -EINVAL;
	if (r >= 0)
		*ret_io = io;
	return r < 0 ? r : 0;
}

int knob_io_parse(const char *text, struct knob_value *ret_value)
{
	struct io_max io;
	int r = take_line(&text, true, &io);

	if (r < 0)
		return r;
	if (*text == '\n' && text[1] != '\0')
		return -EINVAL;
	*ret_value = (struct knob_value){.state = KNOB_KNOWN, .io = io};
	return 0;
}

int knob_io_parse_line_of(const char *text, const struct io_max *of, struct knob_value *ret_value)
{
	struct io_max found = {.major = of->major, .minor = of->minor};

	while (*text && (of->major || of->minor)) {
		const char *start = text;
		struct io_max io = {0};

		if (take_disk(&text, &io) == 0 && same_disk(&io, of)) {
			int r = take_line(&start, false, &found);

			if (r < 0)
				return r;
			break;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	for (unsigned i = 0; i < PARTS && (of->major || of->minor); i++)
		if (get(&found, i) == 0)
			*part(&found, i) = KNOB_VALUE_MAX;
	*ret_value = (struct knob_value){.state = KNOB_KNOWN, .io = found};
	return 0;
}

static bool bounds_anything(const struct io_max *io)
{
	for (unsigned i = 0; i < PARTS; i++)
		if (get(io, i) != 0 && get(io, i) != KNOB_VALUE_MAX)
			return true;
	return false;
}

struct io_max knob_io_unbounded(const struct io_max *of)
{
	struct io_max io = {.major = of->major, .minor = of->minor};

	for (unsigned i = 0; i < PARTS; i++)
		*part(&io, i) = KNOB_VALUE_MAX;
	return io;
}

size_t knob_io_bounds(const char *text, struct io_max *ret_list, size_t max)
{
	size_t n = 0;

	while (*text && n < max) {
		const char *line = text;
		struct io_max io = {0}, all;

		if (take_line(&line, false, &io) == 0 && bounds_anything(&io)) {
			all = knob_io_unbounded(&io);
			knob_io_add(&io, &all);
			ret_list[n++] = io;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return n;
}

bool knob_io_stands(const struct io_max *want, const struct io_max *have)
{
	if (!same_disk(want, have))
		return false;
	for (unsigned i = 0; i < PARTS; i++)
		if (get(want, i) != 0 && get(want, i) != get(have, i))
			return false;
	return true;
}

/* Part i of `have` is what colod wrote, and not what was there anyway. */
static bool is_colods(const struct io_max *original, const struct io_max *written,
		      const struct io_max *have, unsigned i)
{
	return get(written, i) != 0 && get(written, i) == get(have, i) && get(original, i) != 0 &&
	       get(original, i) != get(written, i);
}

bool knob_io_give_back(const struct io_max *original, const struct io_max *written,
		       const struct io_max *have, struct io_max *ret_back)
{
	struct io_max back = {.major = have->major, .minor = have->minor};
	bool any = false;

	if (!same_disk(original, have) || !same_disk(written, have))
		return false;
	for (unsigned i = 0; i < PARTS; i++) {
		if (!is_colods(original, written, have, i))
			continue;
		*part(&back, i) = get(original, i);
		any = true;
	}
	if (any)
		*ret_back = back;
	return any;
}

void knob_io_add(struct io_max *to, const struct io_max *from)
{
	for (unsigned i = 0; i < PARTS; i++)
		if (get(to, i) == 0)
			*part(to, i) = get(from, i);
}

void knob_io_others(const struct io_max *original, const struct io_max *written,
		    struct io_max *have)
{
	struct io_max seen = *have;

	if (!same_disk(original, have) || !same_disk(written, have))
		return;
	for (unsigned i = 0; i < PARTS; i++)
		if (is_colods(original, written, &seen, i))
			*part(have, i) = get(original, i);
}
