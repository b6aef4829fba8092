// SPDX-License-Identifier: LGPL-2.1-or-later
// One line of the originals file, as text and as data. Touches no file.
//
//	CHECKSUM header 1 BOOT-ID
//	CHECKSUM own INODE KNOB share|HOLD ORIGINAL WRITTEN PREVIOUS PATH
//	CHECKSUM end INODE KNOB PATH
//
// HOLD is hold:SINCE_US:PID:START, or only "hold", as the first version wrote it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/knob.h"
#include "policy/knob.h"

#define ORIGINALS_PATH_SIZE 4096
/* Every byte of a path may take four, beside three values and the other fields. */
#define ORIGINALS_LINE_SIZE (4 * ORIGINALS_PATH_SIZE + 3 * KNOB_TEXT_SIZE + 320)
#define ORIGINALS_BOOT_SIZE 64

enum originals_kind {
	ORIGINALS_HEADER,
	ORIGINALS_OWN, /* colod is about to write, or wrote, `written` over `original` */
	ORIGINALS_END, /* the knob is nobody's, or somebody else's, again */
};

/* The agent that took a hold, told from every other process since boot. */
struct originals_owner {
	uint32_t pid;	/* 0: not known */
	uint64_t start; /* clock ticks since boot, as in /proc/PID/stat */
};

struct originals_line {
	enum originals_kind kind;
	enum knob knob;
	uint64_t inode;
	bool held;
	int64_t since_us; /* of a hold: CLOCK_BOOTTIME */
	struct originals_owner owner;
	struct knob_value original;
	struct knob_value written;
	/* The value of colod's that `written` was to replace; KNOB_UNREAD without one. A crash
	 * between the record and the write leaves it there. */
	struct knob_value previous;
	char boot_id[ORIGINALS_BOOT_SIZE];
	char path[ORIGINALS_PATH_SIZE]; /* below the cgroup2 mount */
};

/* Writes one line with its newline into buf of at least ORIGINALS_LINE_SIZE bytes. *ret_len is
 * without the NUL. 0; -EINVAL for a line that could not be read back (a path that is absolute,
 * empty or has "." or ".." parts, a knob that colod never writes). */
int originals_text_format(const struct originals_line *line, char *buf, size_t *ret_len);

/* Reads one line of `len` bytes without its newline. 0, or -EBADMSG; *ret_line is undefined then
 * (it is large: the caller keeps one and reuses it). */
int originals_text_parse(const char *text, size_t len, struct originals_line *ret_line);

/* The checksum (CRC-32) that stands before the body of a line; for the fuzz target. */
uint32_t originals_text_checksum(const char *body, size_t len);
