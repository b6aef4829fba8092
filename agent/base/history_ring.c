// SPDX-License-Identifier: LGPL-2.1-or-later
// See history_ring.h. A line may go on at the begin of the ring, so that whatever copies does it in two
// parts.
#include "agent/base/history_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int history_ring_init(struct history_ring *r, size_t size)
{
	*r = (struct history_ring){.size = size};
	r->bytes = calloc(1, size);
	return r->bytes ? 0 : -ENOMEM;
}

void history_ring_done(struct history_ring *r)
{
	free(r->bytes);
	*r = (struct history_ring){0};
}

/* Where the line that begins at `position` ends, after its newline. */
static uint64_t line_end(const struct history_ring *r, uint64_t position)
{
	while (position < r->head) {
		size_t at = (size_t)(position % r->size), n = r->size - at;
		const char *newline;

		if (n > r->head - position)
			n = (size_t)(r->head - position);
		newline = memchr(r->bytes + at, '\n', n);
		if (newline)
			return position + (uint64_t)(newline - (r->bytes + at)) + 1;
		position += n;
	}
	return r->head;
}

static void copy_out(const struct history_ring *r, uint64_t position, char *buf, size_t len)
{
	size_t at = (size_t)(position % r->size), n = r->size - at;

	if (n > len)
		n = len;
	memcpy(buf, r->bytes + at, n);
	memcpy(buf + n, r->bytes, len - n);
}

size_t history_ring_put(struct history_ring *r, const char *line, size_t len, uint64_t mark)
{
	size_t n_out = 0;
	size_t at = (size_t)(r->head % r->size), n = r->size - at;

	if (len == 0 || len > r->size)
		return 0;
	while (r->head - r->tail + len > r->size) {
		n_out += r->tail >= mark;
		r->tail = line_end(r, r->tail);
	}
	if (n > len)
		n = len;
	memcpy(r->bytes + at, line, n);
	memcpy(r->bytes, line + n, len - n);
	r->head += len;
	return n_out;
}

bool history_ring_get(const struct history_ring *r, uint64_t *position, char *buf, size_t size,
		      size_t *ret_len)
{
	if (*position < r->tail)
		*position = r->tail;
	while (*position < r->head) {
		uint64_t begin = *position;
		size_t len = (size_t)(line_end(r, begin) - begin);

		*position = begin + len;
		if (len > size)
			continue;
		copy_out(r, begin, buf, len);
		buf[len - 1] = '\0';
		*ret_len = len - 1;
		return true;
	}
	return false;
}

size_t history_ring_copy(const struct history_ring *r, uint64_t position, char *buf, size_t size,
			 uint64_t *ret_position)
{
	uint64_t begin = position < r->tail ? r->tail : position, end = begin;

	while (end < r->head) {
		uint64_t next = line_end(r, end);

		if (next - begin > size)
			break;
		end = next;
	}
	if (end > begin)
		copy_out(r, begin, buf, (size_t)(end - begin));
	*ret_position = begin;
	return (size_t)(end - begin);
}
