// SPDX-License-Identifier: LGPL-2.1-or-later
// One line of /run/colod/units, as text and as data: which properties of which units colod told
// systemd, and what they were. Touches no file.
//
//	CHECKSUM own PATH PROPERTY made|kept BEFORE TOLD PREVIOUS
//	CHECKSUM end PATH PROPERTY
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/unit_prop.h"

#define UNIT_TEXT_PATH_SIZE 1024
#define UNIT_TEXT_LINE_SIZE (UNIT_TEXT_PATH_SIZE + 192)

struct unit_line {
	bool end; /* the property is systemd's, or somebody else's, again */
	enum unit_prop prop;
	bool made;	   /* its drop-in file is colod's: there was none before */
	uint64_t before;   /* what somebody else last set; UNIT_PROP_UNSET for nothing */
	uint64_t told;	   /* what colod told, or was about to tell */
	uint64_t previous; /* what colod had told before that; == told without one */
	char path[UNIT_TEXT_PATH_SIZE]; /* of the cgroup, below the mount */
};

/* Whether a path can be recorded: parts of a unit's characters, none of them "." or "..". */
bool unit_text_path_is_sane(const char *path);

/* Writes one line with its newline into buf of UNIT_TEXT_LINE_SIZE bytes. 0 or -EINVAL. */
int unit_text_format(const struct unit_line *line, char *buf, size_t *ret_len);

/* Reads one line of `len` bytes without its newline. 0 or -EBADMSG. */
int unit_text_parse(const char *text, size_t len, struct unit_line *ret_line);
