// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of text in a ring of bytes: the oldest whole lines make room for the newest. Knows neither
// records nor locks nor files. Positions grow for ever; one names the byte at position % size.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_ring {
	char *bytes; /* owned */
	size_t size;
	uint64_t tail; /* the oldest line begins here */
	uint64_t head; /* the next one goes here */
};

/* 0 or -ENOMEM. */
int history_ring_init(struct history_ring *ring, size_t size);
void history_ring_done(struct history_ring *ring);

/* Appends a line of `len` bytes, newline included; one that is larger than the ring is left out. Returns
 * how many lines from `mark` on fell out for it. */
size_t history_ring_put(struct history_ring *ring, const char *line, size_t len, uint64_t mark);

/* The line at *position, or the oldest where that fell out; without its newline, NUL-terminated, into
 * buf (one that does not fit is passed over). Sets *position to the next one. False at the end. */
bool history_ring_get(const struct history_ring *ring, uint64_t *position, char *buf, size_t size,
		      size_t *ret_len);

/* Copies whole lines from `position` on (or from the oldest), as many as fit into `size` bytes. Returns
 * their length; *ret_position is where they began. */
size_t history_ring_copy(const struct history_ring *ring, uint64_t position, char *buf, size_t size,
			 uint64_t *ret_position);
