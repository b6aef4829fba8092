// SPDX-License-Identifier: LGPL-2.1-or-later
// One record as one line of text, and back. Touches no file.
//
//	CHECKSUM ID WALL_US BOOT_US KIND DONE LEVEL EFFECT UID PID COMM POD WHAT KNOB FROM TO WHY [NUMBERS]
//
// KIND is a name of messages.h; DONE is "did" or "would"; LEVEL is "P0" … or "-"; EFFECT is one of s, p,
// l, h (colod/knob.h) or "-". Texts have their blanks, backslashes and controls as \xNN; an empty one is
// "-", and a text "-" is \x2d. NUMBERS are as they are (history_numbers.h), where there are any.
#pragma once

#include <stddef.h>

#include "colod/history.h"

/* Every byte of every text may take four; numbers, names and blanks beside them. */
#define HISTORY_TEXT_SIZE                                                                          \
	(4 * (POD_NAME_SIZE + HISTORY_WHAT_SIZE + HISTORY_KNOB_SIZE + 2 * HISTORY_VALUE_SIZE +     \
	      HISTORY_WHY_SIZE + HISTORY_COMM_SIZE) +                                              \
	 HISTORY_NUMBERS_SIZE + 192)

/* Writes the line with its newline, and a NUL, into buf of at least HISTORY_TEXT_SIZE bytes; the
 * number of bytes without the NUL. What stands in no enum's range is written as the nearest that does. */
size_t history_text_format(const struct history_record *record, char *buf);

/* Reads a line of `len` bytes without its newline. 0, or -EBADMSG for one that history_text_format()
 * does not write; *ret_record is undefined then. */
int history_text_parse(const char *text, size_t len, struct history_record *ret_record);
