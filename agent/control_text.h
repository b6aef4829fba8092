// SPDX-License-Identifier: LGPL-2.1-or-later
// What people asked of the running agent (SetMode, Pause), and the text of /run/colod/control, which
// keeps it over a restart. Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/history.h"
#include "colod/level.h"

#define CONTROL_TEXT_SIZE 1024
#define CONTROL_BOOT_SIZE 40
/* Longer pauses are refused: 366 days. A pause without an end has `seconds` 0. */
#define CONTROL_PAUSE_MAX_S (366u * 24 * 3600)

/* One thing somebody asked for, and who. */
struct control_say {
	bool given;
	enum mode mode;
	int64_t wall_us; /* when, CLOCK_REALTIME */
	struct history_caller caller;
};

struct control_pause {
	bool given;
	int64_t until_us; /* CLOCK_BOOTTIME; 0: until it is resumed */
	uint64_t seconds; /* as it was asked for; 0: until it is resumed */
	int64_t wall_us;
	struct history_caller caller;
};

struct control {
	bool damaged; /* an earlier record could not be read: observe, until somebody resumes */
	struct control_say all;
	struct control_say by[RESOURCE_MODES];
	struct control_pause pause;
};

/* Whether nothing is asked for. */
bool control_is_empty(const struct control *control);

/* The text of the file, at most CONTROL_TEXT_SIZE bytes with the NUL. Characters of a caller's name
 * that the format does not know become '_'. Returns its length. */
size_t control_text_format(const struct control *control, const char *boot_id, char *buf);

/* Reads it back. 0; -ESTALE: certainly of another boot, *ret_control is empty; -EBADMSG: not exactly what
 * control_text_format() writes, *ret_control untouched. `boot_id` is of this boot. */
int control_text_parse(const char *text, const char *boot_id, struct control *ret_control);
